import type { BuiltinAuthSettings } from './builtin-schema.ts';

/** Exactly one kind of authentication. Paths are as written, relative to the working directory. */
export type RegistryAuthSettings =
  /** Everybody may do everything. */
  | { readonly kind: 'none' }
  | TokenAuthSettings
  | HtpasswdSettings
  | SillySettings
  /** Berth's own accounts and tokens. */
  | { readonly kind: 'builtin'; readonly settings: BuiltinAuthSettings };

/** Tokens of a foreign issuer. At least one of `rootCertBundle` and `jwks` is there. */
export interface TokenAuthSettings {
  readonly kind: 'token';
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM file with the certificates that may sign. */
  readonly rootCertBundle: string | undefined;
  /** File with a JWK set (RFC 7517) of the keys that may sign. */
  readonly jwks: string | undefined;
  /** Only these algorithms, of those that suit a key; undefined: all that do. */
  readonly signingAlgorithms: readonly string[] | undefined;
  /** The realm is the host that the client used, with `autoRedirectPath`. */
  readonly autoRedirect: boolean;
  /** Begins with a slash. */
  readonly autoRedirectPath: string;
}

/** Accounts of a password file. */
export interface HtpasswdSettings {
  readonly kind: 'htpasswd';
  readonly realm: string;
  readonly path: string;
  /** What callers without an account may do; undefined: nothing. */
  readonly anonymous: 'pull' | undefined;
}

/** Whoever sends any Authorization header may do everything: for tests. */
export interface SillySettings {
  readonly kind: 'silly';
  readonly realm: string;
  readonly service: string;
}
