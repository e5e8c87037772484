import { AsyncLocalStorage } from 'node:async_hooks';
import type { Audience, ChangeRecorder, EventIndex, Tally } from '../index/events.ts';
import type { Clock, EventOrigin, Events, Logger, Pull } from '../ports.ts';
import { PullBuffer } from './pull-buffer.ts';

/** What a notifier works with. */
export interface NotifierDependencies {
  readonly index: EventIndex;
  readonly audience: Audience;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when events are durable. */
  readonly onRecorded: (tally: Tally) => void;
}

/**
 * Turns what requests do into events of the queue. Which request a change belongs to is known by where in the program
 * the change is made: the registry's core knows nothing of requests, and nothing of it has to pass them on.
 */
export class Notifier implements Events {
  readonly #deps: NotifierDependencies;
  readonly #origins = new AsyncLocalStorage<EventOrigin>();
  readonly #pulls: PullBuffer;
  #flushing: Promise<void> = Promise.resolve();

  constructor(deps: NotifierDependencies) {
    this.#deps = deps;
    this.#pulls = new PullBuffer(() => void this.flush());
  }

  /** For the index: changes outside of any request, such as those of background jobs, are nobody's and not told. */
  readonly recorder: ChangeRecorder = {
    note: () => {
      const origin = this.#origins.getStore();
      if (origin === undefined) return undefined;
      const { audience, clock } = this.#deps;
      // Pulls that came before go first, so that the order in a repository is the order in which things happened.
      return { origin, audience, atMs: clock.now(), before: this.#pulls.take() };
    },
    recorded: (tally) => this.#deps.onRecorded(tally),
    failed: ({ before }) => this.#pulls.putBack(before),
  };

  attribute<T>(origin: EventOrigin, action: () => Promise<T>): Promise<T> {
    return this.#origins.run(origin, action);
  }

  pulled(origin: EventOrigin, { kind, repository, digest, mediaType, sizeBytes, tag }: Pull): void {
    const target = { kind, repository, digest, mediaType, sizeBytes, tag };
    this.#pulls.add({ action: 'pull', target, origin, atMs: this.#deps.clock.now() });
  }

  /** Records the pulls that wait, one batch after the other. Never throws. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#record());
    return this.#flushing;
  }

  async #record(): Promise<void> {
    const { index, audience, log, onRecorded } = this.#deps;
    const pulls = this.#pulls.take();
    if (pulls.length === 0) return;
    try {
      onRecorded(await index.record(pulls, audience));
    } catch (error) {
      this.#pulls.putBack(pulls);
      log.error('pulls could not be recorded for notifications; trying again', { error });
    }
    const dropped = this.#pulls.takeDropped();
    if (dropped > 0) log.error('notifications of pulls were lost', { events: dropped });
  }
}
