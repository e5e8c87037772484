import type { Secret } from './secret.ts';

/** Who is told of what happens in the registry. */
export interface NotificationsSettings {
  /** Events of manifests list what the manifest refers to. */
  readonly includeReferences: boolean;
  /** Those that are not switched off, in the order written; names differ. */
  readonly endpoints: readonly EndpointSettings[];
}

/** An endpoint that is sent events. */
export interface EndpointSettings {
  readonly name: string;
  /** `http:` or `https:`; may hold credentials. */
  readonly url: Secret;
  /** Added to every request. */
  readonly headers: ReadonlyMap<string, readonly Secret[]>;
  readonly timeoutMs: number;
  /** So many attempts follow one another at once. */
  readonly threshold: number;
  /** The first wait after them. */
  readonly backoffMs: number;
  /** `ignoredmediatypes` and `ignore.mediatypes` together. */
  readonly ignoredMediaTypes: readonly string[];
  readonly ignoredActions: readonly ('pull' | 'push' | 'mount' | 'delete')[];
}
