import type { Clock } from '../../src/ports.ts';

/** A clock that stands still until it is told to move. */
export class StoppedClock implements Clock {
  #nowMs: number;

  constructor(nowMs = Date.UTC(2030, 0, 1)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** Seconds since 1970, as in a token's claims. */
  get seconds(): number {
    return Math.floor(this.#nowMs / 1000);
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
