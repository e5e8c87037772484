/** A login that is kept: what stands behind a refresh token. Times are milliseconds since 1970. */
export interface LoginRecord {
  /** Random, and no secret: for lists, and to end it by. */
  readonly id: string;
  /** SHA-256 of the token's secret half, in hex. */
  readonly secretHash: string;
  /** The provider that knew the account. */
  readonly provider: string;
  readonly account: string;
  /** What the provider gave out for the account's password at the time; undefined where it ends logins itself. */
  readonly version: string | undefined;
  /** The registry that the login is for. */
  readonly service: string;
  /** The program that logged in, as it calls itself. */
  readonly clientId: string;
  /** What was known of the account at the login, for providers that cannot be asked again. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly isAdmin: boolean;
  readonly createdAtMs: number;
  readonly usedAtMs: number;
  readonly expiresAtMs: number;
  /** Each use puts the end off to so long after it; undefined: the end stays where it is. */
  readonly extendsMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** Why it ended, for people; undefined while it goes on. */
  readonly endedBy: string | undefined;
}

/** A login that begins. */
export type NewLogin = Omit<LoginRecord, 'endedAtMs' | 'endedBy'>;

/** Which logins are meant; what is undefined means all. */
export interface LoginFilter {
  readonly id?: string | undefined;
  readonly account?: string | undefined;
}

/** Logins that clients keep in place of a password. Ended ones stay until they would have expired. */
export interface LoginIndex {
  /**
   * @param mostOfAccount where the account has more that go on, those that were not used for the longest time are ended
   */
  add(login: NewLogin, mostOfAccount: number): Promise<void>;
  find(id: string): Promise<LoginRecord | undefined>;
  /** Those that go on at `nowMs`, the latest used first. */
  list(
    filter: LoginFilter,
    nowMs: number,
    page: { after?: string | undefined; limit: number },
  ): Promise<LoginRecord[]>;
  /** Notes uses, and puts off the ends of those that are put off by use. */
  touch(uses: readonly { readonly id: string; readonly atMs: number }[]): Promise<void>;
  /** @returns how many went on until now */
  end(filter: LoginFilter, why: string, atMs: number): Promise<number>;
  /** Forgets what has expired. @returns how many */
  prune(expiredBeforeMs: number, limit: number): Promise<number>;
}
