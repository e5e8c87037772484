import { setTimeout as sleep } from 'node:timers/promises';
import { formatRecord, type LoginRecord, parseRecord } from './record.ts';
import type { Sealer } from './sealer.ts';
import type { TokenDatabase } from './token-database.ts';

/** A record, and the version by which it can be changed. */
export interface VersionedRecord {
  readonly record: LoginRecord;
  readonly version: string;
}

/** The account's record in a shared token database belongs to another section. */
export class ForeignRecord extends Error {
  constructor(account: string, section: string) {
    super(
      `the token database holds ${JSON.stringify(account)} for ${section}; give each section a token database of its own`,
    );
    this.name = 'ForeignRecord';
  }
}

const ATTEMPTS = 20;

/** The records of one section in its token database. */
export class LoginRecords {
  readonly section: string;
  readonly #database: TokenDatabase;
  readonly #sealer: Sealer;

  /** @param database closed together with this */
  constructor(section: string, database: TokenDatabase, sealer: Sealer) {
    this.section = section;
    this.#database = database;
    this.#sealer = sealer;
  }

  /**
   * @returns undefined where this section knows nobody of this name
   * @throws DamagedRecord
   */
  async find(account: string): Promise<VersionedRecord | undefined> {
    const found = await this.#find(account);
    return found === undefined || this.#isForeign(found.record) ? undefined : found;
  }

  /** @returns undefined where somebody else was first */
  async replace(account: string, record: LoginRecord, version: string): Promise<VersionedRecord | undefined> {
    const written = await this.#database.replace(account, this.#format(account, record), version);
    return written === undefined ? undefined : { record, version: written };
  }

  /** @returns false where somebody else was first */
  remove(account: string, version: string): Promise<boolean> {
    return this.#database.remove(account, version);
  }

  /**
   * Changes a record, as often as it takes until nobody else was first.
   * @param change makes the new record of the one that is there, if any. The same one: nothing is to be changed;
   *   undefined: it is to be removed, or not to be made
   * @returns the new record
   * @throws ForeignRecord, DamagedRecord
   */
  async update(
    account: string,
    change: (record: LoginRecord | undefined) => LoginRecord | undefined,
  ): Promise<LoginRecord | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const found = await this.#find(account);
      if (found !== undefined && this.#isForeign(found.record)) {
        throw new ForeignRecord(account, found.record.section ?? '');
      }
      const next = change(found?.record);
      if (next !== undefined && next === found?.record) return next;
      if (next === undefined) {
        if (found === undefined || (await this.#database.remove(account, found.version))) return undefined;
      } else {
        const document = this.#format(account, next);
        if ((await this.#database.replace(account, document, found?.version)) !== undefined) return next;
      }
      await sleep(Math.random() * attempt * 5);
    }
    throw new Error(`the token database's record of ${JSON.stringify(account)} does not stop changing`);
  }

  async close(): Promise<void> {
    await this.#database.close?.();
  }

  async #find(account: string): Promise<VersionedRecord | undefined> {
    const found = await this.#database.find(account);
    return found && { record: parseRecord(found.document, account, this.#sealer), version: found.version };
  }

  #format(account: string, record: LoginRecord): string {
    return formatRecord({ ...record, section: this.section }, account, this.#sealer);
  }

  #isForeign({ section }: LoginRecord): boolean {
    return section !== undefined && section !== this.section;
  }
}
