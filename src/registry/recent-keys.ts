import type { Clock } from '../ports.ts';

const LIFETIME_MS = 60_000;
const MAX_KEYS = 10_000;

/** Keys that were seen within the last minute. */
export class RecentKeys {
  readonly #untilMs = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(key: string): boolean {
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return false;
    if (this.#clock.now() < untilMs) return true;
    this.#untilMs.delete(key);
    return false;
  }

  delete(key: string): void {
    this.#untilMs.delete(key);
  }

  add(key: string): void {
    if (this.#untilMs.size >= MAX_KEYS) {
      const [oldest] = this.#untilMs.keys();
      if (oldest !== undefined) this.#untilMs.delete(oldest);
    }
    this.#untilMs.set(key, this.#clock.now() + LIFETIME_MS);
  }
}
