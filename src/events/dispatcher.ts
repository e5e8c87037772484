import { randomUUID } from 'node:crypto';
import type { EventIndex, Lane } from '../index/events.ts';
import type { Clock, Logger } from '../ports.ts';
import type { Endpoint } from './endpoint.ts';
import type { Figures } from './figures.ts';
import { type LaneDependencies, leaseEndMs, runLane } from './lane-run.ts';
import { Gate } from './retry.ts';

/** So many repositories' events are sent to an endpoint at the same time, by one process. */
const LANES = 8;
/** At a stop, so long an attempt under way may go on. */
const GRACE_MS = 2_000;

/** What a dispatcher works with. */
export interface DispatcherDependencies {
  readonly index: EventIndex;
  readonly endpoint: Endpoint;
  readonly figures: Figures;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when a lane was let go of, so that `dispatch` is called again soon. */
  readonly onFree: () => void;
}

/**
 * Delivers the events of the queue to one endpoint: in order within a repository, several repositories at a time.
 * Processes that share the queue take different repositories, as each claims what it sends.
 */
export class Dispatcher {
  readonly #deps: DispatcherDependencies;
  readonly #lane: LaneDependencies;
  readonly #owner = randomUUID();
  readonly #running = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #isStopping = false;

  constructor(deps: DispatcherDependencies) {
    this.#deps = deps;
    this.#lane = {
      ...deps,
      gate: new Gate(deps.endpoint),
      signal: this.#abort.signal,
      isStopping: () => this.#isStopping,
    };
  }

  /** Begins to send what is due, as far as there is room. Call it again and again, one call at a time. */
  async dispatch(): Promise<void> {
    const { index, endpoint, clock } = this.#deps;
    const { gate } = this.#lane;
    const nowMs = clock.now();
    const room = (gate.isDoubtful ? 1 : LANES) - this.#running.size;
    if (this.#isStopping || room <= 0 || gate.isClosed(nowMs)) return;
    if (!(await index.isDue(endpoint.name, nowMs))) return;
    const untilMs = leaseEndMs(this.#deps);
    const claim = { endpoint: endpoint.name, owner: this.#owner, nowMs, untilMs, limit: room };
    for (const lane of await index.claim(claim)) this.#start(lane, untilMs);
  }

  /** Resolves when every lane is let go of: what is left is for the next process. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const timer = setTimeout(() => this.#abort.abort(), GRACE_MS);
    await this.idle();
    clearTimeout(timer);
    this.#deps.endpoint.sink.close();
  }

  /** Resolves when no lane is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #start(lane: Lane, untilMs: number): void {
    const run: Promise<void> = runLane(this.#lane, lane, untilMs)
      .catch((error: unknown) => {
        const { name } = this.#deps.endpoint;
        this.#deps.log.error('the queue of notifications could not be worked on', { endpoint: name, error });
      })
      .finally(() => {
        this.#running.delete(run);
        this.#deps.onFree();
      });
    this.#running.add(run);
  }
}
