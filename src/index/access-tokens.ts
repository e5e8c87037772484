import type { AccountRecord } from './accounts.ts';

/** What a token may do at the most, in the repositories that a pattern names. */
export interface TokenLimit {
  /** As `compileNamePattern` takes it. */
  readonly pattern: string;
  /** `*` is each. */
  readonly actions: readonly string[];
}

/** A token that stands in for an account's password. Times are milliseconds since 1970. */
export interface AccessTokenRecord {
  /** Random, and no secret: what its revocation is known by. */
  readonly id: string;
  readonly account: string;
  /** Unique within the account. */
  readonly name: string;
  /** Undefined: it may do what the account may do. */
  readonly limits: readonly TokenLimit[] | undefined;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  /** About when somebody last logged in with it; undefined: never. */
  readonly usedAtMs: number | undefined;
}

/** A token that is to be made. */
export interface NewAccessToken extends Omit<AccessTokenRecord, 'usedAtMs'> {
  /** SHA-256 of the token, in hex: it has 256 random bits, so that nothing slower is needed. */
  readonly hash: string;
}

/** Personal access tokens, and the secrets of robots. */
export interface AccessTokenIndex {
  /** The token, and its account as it stands now. */
  findByHash(hash: string): Promise<{ token: AccessTokenRecord; account: AccountRecord } | undefined>;
  /** The oldest first. */
  list(account: string): Promise<AccessTokenRecord[]>;
  /** @returns `unknown` where there is no such account; `exists` where it has a token of this name */
  create(token: NewAccessToken): Promise<'done' | 'unknown' | 'exists'>;
  /** Ends it, and revokes what was issued for it. @returns false where there is no such token */
  revoke(account: string, name: string, atMs: number): Promise<boolean>;
  /**
   * Makes a token in the place of all others of its account: those end at `othersEndAtMs`, or are revoked where that is
   * now.
   */
  rotate(token: NewAccessToken, othersEndAtMs: number): Promise<'done' | 'unknown' | 'exists'>;
}
