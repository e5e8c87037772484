import { createHmac, randomBytes } from 'node:crypto';
import { type IpWords, maskedTo, parseIp } from '../ip.ts';
import type { Clock } from '../ports.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Credentials } from './identity/provider.ts';
import { TooManyLogins } from './slots.ts';

/** How guessing is slowed down. Times in milliseconds. */
export interface ThrottleSettings {
  /** So many wrong passwords for an account from one address are free. */
  readonly failures: number;
  /** After the next one; each further one doubles it. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** After so long without a failure, all is forgotten. */
  readonly forgetMs: number;
}

export const USUAL_THROTTLE: ThrottleSettings = {
  failures: 5,
  delayMs: 1_000,
  maxDelayMs: 15 * 60_000,
  forgetMs: 60 * 60_000,
};

/** So many times as many failures are free where they are counted by less than account and address. */
const ADDRESS_FACTOR = 4;
const NETWORK_FACTOR = 20;
const ACCOUNT_FACTOR = 20;

/** So long the same wrong password from the same place is the same failure: containerd sends it by POST, then by GET. */
const SAME_ATTEMPT_MS = 60_000;
const MAX_ENTRIES = 20_000;

interface Failures {
  count: number;
  lastMs: number;
}

/** Of one account from one address. */
interface Pair extends Failures {
  /** Keyed hash of the last wrong password. */
  wrong: string;
  /** Keyed hashes of passwords that are being checked, and how often each. */
  readonly underWay: Map<string, number>;
}

/** What somebody claims to be, and what is to prove it. */
export interface Claim extends Credentials {
  /** Whether the secret is one that somebody could guess, as a password is; a token is not. */
  readonly isGuessable?: boolean;
}

/** A login that is being checked. One of the three is to be called. */
export interface Attempt {
  failed(): void;
  succeeded(): void;
  /** It could not be decided. */
  abandoned(): void;
}

/**
 * Counts wrong passwords: by account and address, where few are free; by address and by network, so that trying one
 * password on many accounts is noticed; and by account, so that trying from many addresses is. Strangers elsewhere lock nobody out: the count of an account holds
 * up those alone that failed themselves, and who logged in before from an address is held up there by failures for that
 * account from that address alone. An address is an IPv4 address or an IPv6 network of 64 bits, a network one of 24 or 48 bits.
 *
 * It is in the memory of this process, and bounded: of several processes each counts its own.
 */
export class Throttle {
  readonly #settings: ThrottleSettings;
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #pairs = new BoundedMap<Pair>(MAX_ENTRIES);
  readonly #addresses = new BoundedMap<Failures>(MAX_ENTRIES);
  readonly #networks = new BoundedMap<Failures>(MAX_ENTRIES);
  readonly #accounts = new BoundedMap<Failures>(MAX_ENTRIES);
  readonly #known = new BoundedMap<true>(MAX_ENTRIES);

  constructor(settings: ThrottleSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Entries that are kept. */
  get size(): number {
    const tables = [this.#pairs, this.#addresses, this.#networks, this.#accounts, this.#known];
    return tables.reduce((sum, table) => sum + table.size, 0);
  }

  /** @throws TooManyLogins where this login has to wait; nothing of it may then be checked */
  admit({ account, password, isGuessable = true }: Claim, address: string | undefined): Attempt {
    const place = placeOf(address);
    const pairKey = JSON.stringify([account, place.address]);
    const hash = createHmac('sha256', this.#key)
      .update(JSON.stringify([account, password]))
      .digest('base64');
    const { failures } = this.#settings;
    const pair = this.#fresh(this.#pairs, pairKey);
    const isSame = this.#isSameAttempt(pair, hash);
    if (!isSame) this.#wait(pair, failures);
    if (!isSame && this.#known.get(pairKey) === undefined) {
      // Who comes from elsewhere and has failed nowhere may be the owner: the first try is free, in any storm.
      if (pair !== undefined && pair.count > 0) {
        this.#wait(this.#fresh(this.#accounts, account), failures * ACCOUNT_FACTOR);
      }
      if (place.network !== undefined) {
        this.#wait(this.#fresh(this.#addresses, place.address), failures * ADDRESS_FACTOR);
        this.#wait(this.#fresh(this.#networks, place.network), failures * NETWORK_FACTOR);
      }
    }
    const held = pair ?? { count: 0, lastMs: this.#clock.now(), wrong: '', underWay: new Map() };
    // Whoever guesses many at once shall not get them all in before the first one is known to be wrong.
    const isUnderWay = held.underWay.has(hash);
    const isBurst = isGuessable && held.underWay.size >= Math.max(1, failures - held.count);
    if (!isSame && !isUnderWay && isBurst) tooMany(1_000);
    held.underWay.set(hash, (held.underWay.get(hash) ?? 0) + 1);
    this.#pairs.set(pairKey, held);
    return this.#attempt(held, hash, { account, pairKey, ...place });
  }

  /** Somebody was let in by other means who will come back with this claim: strangers at the same address hold up nobody. */
  expect(account: string, address: string | undefined): void {
    this.#known.set(JSON.stringify([account, placeOf(address).address]), true);
  }

  #attempt(pair: Pair, hash: string, who: Place & { account: string; pairKey: string }): Attempt {
    const done = (): void => {
      const left = (pair.underWay.get(hash) ?? 1) - 1;
      if (left > 0) pair.underWay.set(hash, left);
      else pair.underWay.delete(hash);
    };
    const dropUnused = (): void => {
      if (pair.count === 0 && pair.underWay.size === 0) this.#pairs.delete(who.pairKey);
    };
    return {
      abandoned: () => {
        done();
        dropUnused();
      },
      succeeded: () => {
        done();
        pair.count = 0;
        pair.wrong = '';
        dropUnused();
        this.#known.set(who.pairKey, true);
      },
      failed: () => {
        done();
        if (this.#isSameAttempt(pair, hash)) return;
        const nowMs = this.#clock.now();
        pair.count += 1;
        pair.lastMs = nowMs;
        pair.wrong = hash;
        this.#pairs.set(who.pairKey, pair);
        this.#count(this.#accounts, who.account, nowMs);
        if (who.network === undefined) return;
        this.#count(this.#addresses, who.address, nowMs);
        this.#count(this.#networks, who.network, nowMs);
      },
    };
  }

  #isSameAttempt(pair: Pair | undefined, hash: string): boolean {
    return pair?.wrong === hash && this.#clock.now() - pair.lastMs < SAME_ATTEMPT_MS;
  }

  #count(table: BoundedMap<Failures>, key: string, nowMs: number): void {
    const known = this.#fresh(table, key);
    table.set(key, { count: (known?.count ?? 0) + 1, lastMs: nowMs });
  }

  /** Nothing where it was so long ago that it is forgotten. */
  #fresh<T extends Failures>(table: BoundedMap<T>, key: string): T | undefined {
    const found = table.get(key);
    if (found === undefined || this.#clock.now() - found.lastMs < this.#settings.forgetMs) return found;
    found.count = 0;
    return found;
  }

  #wait(found: Failures | undefined, free: number): void {
    if (found === undefined || found.count < free) return;
    const { delayMs, maxDelayMs } = this.#settings;
    const delay = Math.min(maxDelayMs, delayMs * 2 ** Math.min(40, found.count - free));
    const leftMs = found.lastMs + delay - this.#clock.now();
    if (leftMs > 0) tooMany(leftMs);
  }
}

function tooMany(waitMs: number): never {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  throw new TooManyLogins(`too many failed logins: try again in ${wordsFor(seconds)}`, seconds);
}

function wordsFor(seconds: number): string {
  if (seconds >= 120) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds === 1 ? 'a second' : `${seconds} seconds`;
}

interface Place {
  readonly address: string;
  /** undefined: the address is not known, and nobody else is to suffer for it. */
  readonly network: string | undefined;
}

function placeOf(address: string | undefined): Place {
  const words = address === undefined ? undefined : parseIp(address);
  if (words === undefined) return { address: 'unknown', network: undefined };
  const [host, network] = words.length === 2 ? [32, 24] : [64, 48];
  return { address: prefixText(words, host), network: prefixText(words, network) };
}

function prefixText(words: IpWords, bits: number): string {
  return `${maskedTo(words, bits)
    .map((word) => word.toString(16))
    .join(':')}/${bits}`;
}
