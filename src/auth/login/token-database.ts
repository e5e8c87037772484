/** A document as a token database holds it. */
export interface StoredDocument {
  readonly document: string;
  /** Opaque; another one after each change. */
  readonly version: string;
}

/**
 * Where logins by a browser are kept: docker_auth's token database. One document for each account. Several processes
 * may share a database; none loses what another wrote. Throws where the database is out of reach.
 */
export interface TokenDatabase {
  find(account: string): Promise<StoredDocument | undefined>;
  /**
   * Durable once it returns, as far as the database is.
   * @param expected the version that is to be replaced; undefined: there is none yet
   * @returns the new version; undefined where somebody else was first, and nothing was changed
   */
  replace(account: string, document: string, expected: string | undefined): Promise<string | undefined>;
  /** @returns false where there is no such version */
  remove(account: string, expected: string): Promise<boolean>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}
