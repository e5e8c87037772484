import type { BuiltinAuthSettings } from './auth-settings.ts';
import type { ListenAddress } from './listen-address.ts';
import type { Scalar } from './types-scalar.ts';
import type { ValidationSettings } from './validation-settings.ts';

/** What `berth serve` is told. Times are milliseconds; paths are as written, relative to the working directory. */
export interface RegistryConfig {
  readonly log: LogSettings;
  readonly storage: StorageSettings;
  readonly http: HttpSettings;
  readonly auth: RegistryAuthSettings;
  readonly catalog: { readonly maxEntries: number };
  readonly tags: { readonly maxTags: number };
  /** Undefined where the section is not there. */
  readonly validation?: ValidationSettings | undefined;
}

export interface LogSettings {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly formatter: 'text' | 'json';
  /** Added to every line. */
  readonly fields: Readonly<Record<string, Scalar>>;
  readonly accessLog: boolean;
}

export interface StorageSettings {
  readonly rootDirectory: string;
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
  /** PEM files; undefined: plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
}

export type RegistryAuthSettings =
  /** Everybody may do everything. */
  | { readonly kind: 'none' }
  /** Tokens of a foreign issuer. */
  | {
      readonly kind: 'token';
      readonly realm: string;
      readonly service: string;
      readonly issuer: string;
      /** PEM file with the certificates that may sign. */
      readonly rootCertBundle: string;
      /** The realm is the host that the client used, with `autoRedirectPath`. */
      readonly autoRedirect: boolean;
      readonly autoRedirectPath: string;
    }
  /** Berth's own accounts and tokens. */
  | { readonly kind: 'builtin'; readonly settings: BuiltinAuthSettings };
