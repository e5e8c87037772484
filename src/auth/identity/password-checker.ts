import { createHmac, randomBytes } from 'node:crypto';
import { type Clock, type Counter, NO_METRICS } from '../../ports.ts';
import { verifyPassword } from './password-hash.ts';

const LIFETIME_MS = 5 * 60_000;
const MAX_ENTRIES = 10_000;

/**
 * Checks passwords, and remembers for a short while those that were right: a client asks for a token before nearly
 * every step, and a password hash is slow by design. What is remembered is a keyed hash over account, stored hash
 * and password, whose key is known to this process alone; a changed password makes the entry unreachable at once.
 */
export class PasswordChecker {
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #clock: Clock;
  readonly #hits: Counter;
  readonly #misses: Counter;

  constructor(clock: Clock, metrics = NO_METRICS) {
    this.#clock = clock;
    const counter = (outcome: string) =>
      metrics.counter('berth_auth_cache_total', { outcome, source: 'passwords' });
    this.#hits = counter('hit');
    this.#misses = counter('miss');
  }

  async check(account: string, hash: string, password: string): Promise<boolean> {
    const entry = this.#entry(account, hash, password);
    const untilMs = this.#known.get(entry);
    const isKnown = untilMs !== undefined && this.#clock.now() < untilMs;
    (isKnown ? this.#hits : this.#misses).add();
    if (isKnown) return true;
    this.#known.delete(entry);
    const isRight = await this.#once(entry, () => verifyPassword(hash, password));
    if (isRight) this.#remember(entry);
    return isRight;
  }

  /**
   * Does what `check` does for an account that there is not, so that how long an answer takes, to one request or to
   * many at once, does not tell which accounts exist.
   */
  async pretend(account: string, hash: string, password: string): Promise<void> {
    await this.#once(this.#entry(account, hash, password), () => verifyPassword(hash, password));
  }

  #entry(account: string, hash: string, password: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([account, hash, password]))
      .digest('base64');
  }

  /** Several requests that bring the same credentials at once share one computation. */
  #once(entry: string, action: () => Promise<boolean>): Promise<boolean> {
    let running = this.#underWay.get(entry);
    if (running === undefined) {
      running = action().finally(() => this.#underWay.delete(entry));
      this.#underWay.set(entry, running);
    }
    return running;
  }

  #remember(entry: string): void {
    if (this.#known.size >= MAX_ENTRIES) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(entry, this.#clock.now() + LIFETIME_MS);
  }
}
