import type { ListenAddress } from './listen-address.ts';

/** A second server, for whoever operates the registry. */
export interface DebugSettings {
  /** As written, for messages. */
  readonly addr: string;
  readonly listen: ListenAddress;
  /** Path at which Prometheus finds the metrics; undefined: none are kept. */
  readonly metricsPath: string | undefined;
}
