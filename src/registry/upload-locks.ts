import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryError } from '../errors.ts';
import type { Clock } from '../ports.ts';

/** A holder from which no byte came for so long gives way to the next request: its client is probably gone. */
const STALLED_AFTER_MS = 3_000;
/** So long a request waits for one that is making progress. */
const PATIENCE_MS = 10_000;
const POLL_MS = 100;

/** What a request says while it holds an upload. */
export interface Hold {
  /** Called with each piece that arrives. */
  progress(): void;
  /** Called when the request has to give way. */
  onYield(giveUp: () => void): void;
}

interface Holder {
  progressAtMs: number;
  giveUp: (() => void) | undefined;
  readonly done: Promise<void>;
}

/**
 * Lets one request at a time work on an upload within this process, so that a client that reconnects is not blocked
 * by its own dead connection. Between processes no lock is needed: each writes under keys of its own, and the index
 * decides which bytes count.
 */
export class UploadLocks {
  readonly #holders = new Map<string, Holder>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isHeld(uploadId: string): boolean {
    return this.#holders.has(uploadId);
  }

  /** @throws RegistryError UPLOAD_BUSY where another request keeps the upload */
  async hold<T>(uploadId: string, action: (hold: Hold) => Promise<T>): Promise<T> {
    const began = this.#clock.now();
    for (;;) {
      const holder = this.#holders.get(uploadId);
      // From here to the entry into the map nothing may wait: another request would get in as well.
      if (holder === undefined) break;
      if (this.#clock.now() - holder.progressAtMs >= STALLED_AFTER_MS) holder.giveUp?.();
      if (this.#clock.now() - began >= PATIENCE_MS) throw new RegistryError('UPLOAD_BUSY');
      await Promise.race([holder.done, sleep(POLL_MS)]);
    }
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const holder: Holder = { progressAtMs: this.#clock.now(), giveUp: undefined, done };
    this.#holders.set(uploadId, holder);
    try {
      return await action({
        progress: () => {
          holder.progressAtMs = this.#clock.now();
        },
        onYield: (giveUp) => {
          holder.giveUp = giveUp;
        },
      });
    } finally {
      this.#holders.delete(uploadId);
      resolve();
    }
  }
}
