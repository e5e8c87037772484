import type { RepositoryRule } from '../policy/repository-rules.ts';
import type { DebugSettings } from './debug-settings.ts';
import type { AuditSettings, ThrottleConfig } from './guard-schema.ts';
import type { HealthCheckSettings } from './health-settings.ts';
import type { ListenAddress } from './listen-address.ts';
import type { NotificationsSettings } from './notifications-settings.ts';
import type { RegistryAuthSettings } from './registry-auth-settings.ts';
import type { TlsSettings } from './tls-settings.ts';
import type { Scalar } from './types-scalar.ts';
import type { ValidationSettings } from './validation-settings.ts';

/** What `berth serve` is told. Times are milliseconds; paths are as written, relative to the working directory. */
export interface RegistryConfig {
  readonly log: LogSettings;
  readonly storage: StorageSettings;
  readonly http: HttpSettings;
  readonly health: readonly HealthCheckSettings[];
  readonly auth: RegistryAuthSettings;
  readonly notifications: NotificationsSettings;
  readonly catalog: { readonly maxEntries: number };
  readonly tags: { readonly maxTags: number };
  /** Undefined where the section is not there. */
  readonly validation?: ValidationSettings | undefined;
  /** In the order in which they are asked. */
  readonly repositories: readonly RepositoryRule[];
  /** What wrong passwords lead to; undefined: nobody is held up. */
  readonly throttle: ThrottleConfig | undefined;
  readonly audit: AuditSettings;
}

export interface LogSettings {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly formatter: 'text' | 'json' | 'logstash';
  /** Added to every line. */
  readonly fields: Readonly<Record<string, Scalar>>;
  readonly accessLog: boolean;
}

export interface StorageSettings {
  readonly rootDirectory: string;
  /** The folder is made at the start and removed at the stop; `rootDirectory` does not count. */
  readonly isTemporary: boolean;
  readonly deleteEnabled: boolean;
  /** Pulls only. */
  readonly readOnly: boolean;
  readonly uploadPurging: {
    readonly enabled: boolean;
    /** Uploads untouched for so long are removed. */
    readonly ageMs: number;
    readonly intervalMs: number;
    /** Only say what would be removed. */
    readonly dryRun: boolean;
  };
  readonly garbageCollect: GarbageCollectSettings;
  /** Removal of tags by rules. */
  readonly retention: { readonly enabled: boolean; readonly intervalMs: number };
  /** How long deleted manifests are kept, and what tags pointed to; 0: not at all. */
  readonly keepDeletedMs: number;
  readonly keepJournalMs: number;
  readonly verify: {
    readonly enabled: boolean;
    readonly intervalMs: number;
    /** Bytes per second; 0 for no bound. */
    readonly bandwidth: number;
    readonly quarantine: boolean;
  };
}

/** Garbage collection at intervals. */
export interface GarbageCollectSettings {
  readonly enabled: boolean;
  readonly intervalMs: number;
  readonly graceMs: number;
  /** Manifests too that nothing keeps. */
  readonly untagged: boolean;
  /** Files of registry:2 too. */
  readonly originals: boolean;
}

export interface HttpSettings {
  /** As written, for messages. */
  readonly addr: string;
  readonly net: 'tcp' | 'unix';
  readonly listen: ListenAddress;
  /** Base URL in `Location` headers, without a slash at the end; undefined: what the client used. */
  readonly host: string | undefined;
  /** `Location` headers without host; undefined: nobody has decided. */
  readonly relativeUrls: boolean | undefined;
  /** `` or `/prefix`, without a slash at the end; `/v2/` comes behind it. */
  readonly prefix: string;
  /** Added to every response. Names differ in more than case. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** How long open requests may go on after a signal to stop; 0: they are cut off. */
  readonly drainTimeoutMs: number;
  /** Addresses and networks whose `X-Forwarded-*` are believed; undefined: nobody has decided. */
  readonly trustedProxies: readonly string[] | undefined;
  /** undefined: no debug server. */
  readonly debug: DebugSettings | undefined;
  /** Undefined: plain HTTP. */
  readonly tls: TlsSettings | undefined;
  /** Whether HTTP/2 is offered to clients that speak TLS. */
  readonly http2: boolean;
  /** Whether HTTP/2 is spoken without TLS. */
  readonly h2c: boolean;
}
