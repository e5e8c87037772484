import type { ListenAddress } from './listen-address.ts';
import type { Secret } from './secret.ts';
import type { TlsSettings } from './tls-settings.ts';
import type { RefreshSettings, RotationSettings } from './token-schema.ts';

/** An account written in the configuration. */
export interface UserSettings {
  /** Bcrypt hash; undefined only for the anonymous account `""`. */
  readonly password: Secret | undefined;
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/**
 * What a rule asks of a request. Patterns are as written, compiling them is not this module's job; what is
 * undefined matches everything, and an account of `""` only who did not log in.
 */
export interface MatchSettings {
  readonly account: string | undefined;
  readonly type: string | undefined;
  readonly name: string | undefined;
  readonly service: string | undefined;
  readonly ip: string | undefined;
  readonly labels: ReadonlyMap<string, string> | undefined;
}

/** One rule; its place in the list is its number in the path given to `ConfigDocument.errorAt`. */
export interface AclRuleSettings {
  readonly match: MatchSettings;
  readonly actions: readonly string[];
  readonly comment: string | undefined;
}

/** How tokens are made. */
export interface TokenKeySettings {
  /** PEM files as written, relative to the working directory; both are there or neither is. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** RFC 7638 `kid` in place of libtrust's. */
  readonly disableLegacyKeyId: boolean;
  /** Whether tokens carry the certificate. */
  readonly x5c: boolean;
  readonly refresh: RefreshSettings;
  readonly rotation: RotationSettings;
}

/** From which header the address of a client is taken. */
export interface RealAddressSettings {
  /** In lower case. */
  readonly header: string;
  /** So many entries of the list count, from the right; undefined: all that proxies wrote. */
  readonly maxEntries?: number;
  /** Whether the configuration says which proxies are believed. */
  readonly isFromNamedProxies: boolean;
}

/** `server` of a docker_auth file. */
export interface ServerSettings {
  /** As written, for messages. */
  readonly addr: string;
  readonly listen: ListenAddress;
  /** PEM files for TLS, as written. */
  readonly pair: { readonly certificate: string; readonly key: string } | undefined;
  /** undefined: plain HTTP. */
  readonly tls: TlsSettings | undefined;
  /** `` or `/prefix`, without a slash at the end. */
  readonly pathPrefix: string;
  readonly hsts: boolean;
  /** undefined: X-Forwarded-For of a trusted proxy, or else the address of the connection. */
  readonly realAddress: RealAddressSettings | undefined;
  /** Addresses and networks; undefined: those of this machine. */
  readonly trustedProxies: readonly string[] | undefined;
}
