import type { Page } from './tags.ts';

/** A person, or a program that logs in with access tokens alone. */
export type AccountKind = 'user' | 'robot';

/** What is known of an account by those who ask, for rules to match. */
export type AccountLabels = Readonly<Record<string, readonly string[]>>;

/** Somebody who may log in. Times are milliseconds since 1970. */
export interface AccountRecord {
  readonly name: string;
  readonly kind: AccountKind;
  /** A PHC string (`$argon2id$…`) or a bcrypt hash; empty where there is no password. */
  readonly passwordHash: string;
  readonly isAdmin: boolean;
  /** Nobody can log in to it, by whichever way. */
  readonly isDisabled: boolean;
  readonly labels: AccountLabels;
  readonly createdAtMs: number;
  /** From then on nobody can log in to it; undefined: it stays. */
  readonly expiresAtMs: number | undefined;
  /** About when somebody last logged in; undefined: never. */
  readonly usedAtMs: number | undefined;
}

/** An account that is to be made; a user's, and not disabled, unless told otherwise. */
export interface NewAccount {
  readonly name: string;
  readonly passwordHash: string;
  readonly isAdmin: boolean;
  readonly kind?: AccountKind;
  readonly labels?: AccountLabels;
  readonly expiresAtMs?: number | undefined;
}

/**
 * What became of a change. `last-admin`: nothing was changed, as no administrator who can log in would be left.
 */
export type AccountChange = 'done' | 'unknown' | 'last-admin';

/** That something was used to log in. */
export interface Use {
  /** The account. */
  readonly name: string;
  /** The access token, where it was one. */
  readonly tokenId: string | undefined;
  readonly atMs: number;
}

/** Accounts of the built-in token service. */
export interface AccountIndex {
  find(name: string): Promise<AccountRecord | undefined>;
  /** In ASCII order. @param kind undefined: both */
  list(page: Page, kind?: AccountKind): Promise<AccountRecord[]>;
  /** Whether there is any account at all. */
  isEmpty(): Promise<boolean>;
  /** An administrator who can log in; undefined where there is none. */
  firstAdmin(): Promise<string | undefined>;
  /** @returns false where an account of this name exists; that one is left as it is */
  create(account: NewAccount, atMs: number): Promise<boolean>;
  /** Revokes what was issued to the account. @returns false where there is no such account */
  setPassword(name: string, passwordHash: string, atMs: number): Promise<boolean>;
  /** Keeps the password and hashes it otherwise. @returns false where it has another hash than `from` by now */
  rehashPassword(name: string, from: string, to: string): Promise<boolean>;
  /** Disabling revokes what was issued to the account. @param force even the last administrator */
  setDisabled(name: string, isDisabled: boolean, atMs: number, force?: boolean): Promise<AccountChange>;
  /**
   * Takes away the account with its tokens, memberships and roles, and revokes what was issued to it.
   * @param force even the last administrator
   */
  remove(name: string, atMs: number, force?: boolean): Promise<AccountChange>;
  /** Notes when what was used last. What is gone is passed over. */
  recordUses(uses: readonly Use[]): Promise<void>;
}
