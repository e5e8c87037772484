import { setTimeout as sleep } from 'node:timers/promises';

/** Decides when the next transaction of a background job may begin. */
export interface Pace {
  step<T>(transaction: () => Promise<T>): Promise<T>;
  /** The same for a question, which a running registry answers on the thread that answers its requests. */
  read<T>(question: () => Promise<T>): Promise<T>;
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

  /** Requests wait for one question at the most, and find the thread free half of the time. */
  async read<T>(question: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const answer = await question();
    const tookMs = performance.now() - began;
    // Timers are not finer, and a small repository is asked about in a fraction of it.
    if (tookMs >= 1) await sleep(tookMs);
    else await turn();
    return answer;
  }
}

/** The index may answer without ever leaving the thread. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Never rests: for tests, and where nobody else writes. */
export const FULL_SPEED: Pace = {
  step: (transaction) => transaction(),
  async read(question) {
    const answer = await question();
    await turn();
    return answer;
  },
};
