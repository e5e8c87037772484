import type { BrowserLoginIndex } from '../../index/browser-logins.ts';
import type { StoredDocument, TokenDatabase } from './token-database.ts';

/** The token database in Berth's own index. */
export class IndexTokenDatabase implements TokenDatabase {
  readonly #logins: BrowserLoginIndex;
  readonly #section: string;

  /** @param section `oidc_auth`, for example: accounts of different sections have nothing to do with each other */
  constructor(logins: BrowserLoginIndex, section: string) {
    this.#logins = logins;
    this.#section = section;
  }

  async find(account: string): Promise<StoredDocument | undefined> {
    const found = await this.#logins.find(this.#section, account);
    return found && { document: found.document, version: String(found.version) };
  }

  async replace(
    account: string,
    document: string,
    expected: string | undefined,
  ): Promise<string | undefined> {
    const version = expected === undefined ? undefined : Number(expected);
    const written = await this.#logins.replace(this.#section, account, document, version);
    return written === undefined ? undefined : String(written);
  }

  remove(account: string, expected: string): Promise<boolean> {
    return this.#logins.remove(this.#section, account, Number(expected));
  }
}
