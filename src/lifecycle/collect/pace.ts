import { setTimeout as sleep } from 'node:timers/promises';

/** Decides when the next transaction of a background job may begin. */
export interface Pace {
  step<T>(transaction: () => Promise<T>): Promise<T>;
}

const SHORTEST_PAUSE_MS = 5;

/**
 * Rests after each transaction for as long as it took. Other processes that wait for the same database only look now
 * and then whether it is free (SQLite's busy handler); one that never rested could keep them from it for long.
 */
export class SteadyPace implements Pace {
  async step<T>(transaction: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await transaction();
    } finally {
      await sleep(Math.max(SHORTEST_PAUSE_MS, performance.now() - began));
    }
  }
}

/** Never rests: for tests, and where nobody else writes. */
export const FULL_SPEED: Pace = { step: (transaction) => transaction() };
