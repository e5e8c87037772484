import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../ports.ts';
import { type PublishedKey, readKeySet } from '../token/jwks.ts';
import { Unreachable } from '../unreachable.ts';

/** Keys are read again after so long, and one that is not among them is looked for so often. */
const FRESH_MS = 600_000;
const RETRY_MS = 10_000;
/** Where the issuer cannot be reached, what was read before serves for so long. */
const STALE_MS = 86_400_000;

/** Reads the text of a JWK set. Throws where it cannot. */
export type ReadKeys = () => Promise<string>;

/** The keys of an issuer of tokens, read when they are first needed and again from time to time. */
export class IssuerKeys {
  readonly #read: ReadKeys;
  readonly #clock: Clock;
  #keys: readonly PublishedKey[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #reading: Promise<void> | undefined;

  constructor(read: ReadKeys, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /**
   * @returns undefined where the issuer has no such key
   * @throws where its keys cannot be read
   */
  async find(keyId: string | undefined): Promise<KeyObject | undefined> {
    const now = this.#clock.now();
    const known = this.#known(keyId);
    const isFresh = now - this.#readAtMs < FRESH_MS;
    if ((known === undefined || !isFresh) && now - this.#triedAtMs >= RETRY_MS) {
      this.#reading ??= this.#refresh().finally(() => {
        this.#reading = undefined;
      });
    }
    // Whoever has a key that is getting old need not wait for a slow issuer.
    if (known === undefined) await this.#reading;
    if (this.#clock.now() - this.#readAtMs >= STALE_MS) throw this.#failure;
    return this.#known(keyId);
  }

  #known(keyId: string | undefined): KeyObject | undefined {
    if (keyId === undefined) return this.#keys.length === 1 ? this.#keys[0]?.key : undefined;
    return this.#keys.find((key) => key.keyId === keyId)?.key;
  }

  async #refresh(): Promise<void> {
    this.#triedAtMs = this.#clock.now();
    try {
      this.#keys = readKeySet(await this.#read()).keys;
      this.#readAtMs = this.#clock.now();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failure = new Unreachable(`the keys of an issuer cannot be read: ${reason}`, { cause: error });
    }
  }
}
