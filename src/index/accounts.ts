/** Somebody who may log in. */
export interface AccountRecord {
  readonly name: string;
  /** A PHC string (`$argon2id$…`) or a bcrypt hash. */
  readonly passwordHash: string;
  readonly isAdmin: boolean;
}

/** Accounts of the built-in token service. */
export interface AccountIndex {
  find(name: string): Promise<AccountRecord | undefined>;
  list(): Promise<AccountRecord[]>;
  /** Whether there is any account at all. */
  isEmpty(): Promise<boolean>;
  /** @returns false where an account of this name exists; that one is left as it is */
  create(account: AccountRecord, atMs: number): Promise<boolean>;
  /** @returns false where there is no such account */
  setPassword(name: string, passwordHash: string, atMs: number): Promise<boolean>;
  /** @returns whether it was there */
  remove(name: string): Promise<boolean>;
}
