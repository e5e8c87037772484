/** What is kept of somebody who signed in with a browser: a document that only its owner reads. */
export interface BrowserLoginDocument {
  readonly document: string;
  /** Another one after each change. */
  readonly version: number;
}

/** Documents by section (`oidc_auth`) and account. Several processes change them without losing each other's changes. */
export interface BrowserLoginIndex {
  find(section: string, account: string): Promise<BrowserLoginDocument | undefined>;
  /**
   * @param expected the version that is to be replaced; undefined: there is none yet
   * @returns the new version; undefined where another process was first, and nothing was changed
   */
  replace(
    section: string,
    account: string,
    document: string,
    expected: number | undefined,
  ): Promise<number | undefined>;
  /** @returns false where there is no such version */
  remove(section: string, account: string, expected: number): Promise<boolean>;
}
