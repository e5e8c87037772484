import type { Occurrence } from '../index/events.ts';

/** So long a pull waits to be recorded together with others. */
const DELAY_MS = 250;
/** So many are recorded at once without waiting. */
const BATCH = 256;
/** More are not remembered: the index must have been out of order for a while. About 5 MB. */
const MOST = 10_000;

/**
 * Pulls that are not recorded yet. No client waits for them: when the process is killed, those of the last quarter of
 * a second are lost.
 */
export class PullBuffer {
  readonly #flush: () => void;
  #waiting: Occurrence[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;

  /** @param flush records what `take` gives it */
  constructor(flush: () => void) {
    this.#flush = flush;
  }

  add(pull: Occurrence): void {
    if (this.#waiting.length >= MOST) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(pull);
    if (this.#waiting.length === BATCH) this.#flush();
    else this.#timer ??= setTimeout(this.#flush, DELAY_MS).unref();
  }

  /** All of them, in their order; they are the caller's from now on. */
  take(): readonly Occurrence[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Gives back what could not be recorded. */
  putBack(pulls: readonly Occurrence[]): void {
    if (pulls.length === 0) return;
    const all = [...pulls, ...this.#waiting];
    this.#dropped += Math.max(0, all.length - MOST);
    this.#waiting = all.slice(0, MOST);
    this.#timer ??= setTimeout(this.#flush, DELAY_MS).unref();
  }

  /** How many were not remembered since this was last asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
