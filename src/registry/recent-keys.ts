import type { Clock } from '../ports.ts';

const MAX_KEYS = 10_000;

/** Keys that were seen lately. */
export class RecentKeys {
  readonly #untilMs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #lifetimeMs: number;

  constructor(clock: Clock, lifetimeMs: number) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
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
    this.#untilMs.set(key, this.#clock.now() + this.#lifetimeMs);
  }
}
