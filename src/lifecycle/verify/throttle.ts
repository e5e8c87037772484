import { setTimeout as sleep } from 'node:timers/promises';

/** So much may be read at once, however long nothing was read. */
const BURST_MS = 250;

/** Keeps a background job from reading faster than it should: others use the same disk. */
export class Throttle {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  readonly #pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** When what was taken so far would have been read at exactly the allowed speed. */
  #paidUntilMs = 0;

  /**
   * @param bytesPerSecond 0 for no bound
   * @param time for tests: a monotonic clock in milliseconds, and how to wait
   */
  constructor(
    bytesPerSecond: number,
    time: { now: () => number; pause: (ms: number, signal: AbortSignal | undefined) => Promise<void> } = {
      now: () => performance.now(),
      pause: async (ms, signal) => void (await sleep(ms, undefined, signal && { signal })),
    },
  ) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = time.now;
    this.#pause = time.pause;
  }

  /** Resolves when so many more bytes were allowed to be read. Rejects where the signal ends it. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === 0) return;
    const now = this.#now();
    const costMs = (bytes * 1000) / this.#bytesPerSecond;
    this.#paidUntilMs = Math.max(this.#paidUntilMs, now - BURST_MS) + costMs;
    const waitMs = this.#paidUntilMs - now;
    if (waitMs > 0) await this.#pause(waitMs, signal);
  }
}
