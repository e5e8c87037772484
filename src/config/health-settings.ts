import type { Secret } from './secret.ts';

interface CheckSettings {
  readonly intervalMs: number;
  /** So many failures in a row count; at least 1. */
  readonly threshold: number;
}

/** What is looked at again and again; while one of them fails, the registry refuses requests. */
export type HealthCheckSettings =
  /** What the registry stores on. */
  | ({ readonly kind: 'storage' } & CheckSettings)
  /** Fails while the file exists. */
  | ({ readonly kind: 'file'; readonly file: string } & CheckSettings)
  /** Fails where HEAD gets another status. */
  | ({
      readonly kind: 'http';
      /** Without credentials: those are in the headers. */
      readonly uri: string;
      readonly headers: readonly (readonly [string, Secret])[];
      readonly status: number;
      readonly timeoutMs: number;
    } & CheckSettings)
  /** Fails where no connection can be made. */
  | ({
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly timeoutMs: number;
    } & CheckSettings);
