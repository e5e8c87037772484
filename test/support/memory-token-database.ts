import type { StoredDocument, TokenDatabase } from '../../src/auth/login/token-database.ts';

/** A token database that is gone with the test. */
export class MemoryTokenDatabase implements TokenDatabase {
  readonly documents = new Map<string, StoredDocument>();
  #version = 0;

  async find(account: string): Promise<StoredDocument | undefined> {
    return this.documents.get(account);
  }

  async replace(
    account: string,
    document: string,
    expected: string | undefined,
  ): Promise<string | undefined> {
    if (this.documents.get(account)?.version !== expected) return undefined;
    this.#version += 1;
    const version = String(this.#version);
    this.documents.set(account, { document, version });
    return version;
  }

  async remove(account: string, expected: string): Promise<boolean> {
    return this.documents.get(account)?.version === expected && this.documents.delete(account);
  }
}
