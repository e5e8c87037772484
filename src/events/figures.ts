import type { EventIndex, Tally } from '../index/events.ts';
import { type Outcome, statusLine } from './outcome.ts';

/** A count of what waits stops here, so that it costs the same whatever has gathered. */
const MOST_COUNTED = 100_000;

/** What metrics say of an endpoint. Totals are those of this process since its start. */
export interface EndpointFigures {
  readonly endpoint: string;
  /** Waiting in the queue that all processes share; at most 100,000 are counted. */
  readonly pending: number;
  readonly parked: number;
  /** `registry_notifications_events_total`, label `type`: Events, Successes, Failures, Errors. */
  readonly events: number;
  readonly successes: number;
  readonly failures: number;
  readonly errors: number;
  /** `registry_notifications_status_total`, label `code`: `200 OK` → how many. */
  readonly statuses: ReadonlyMap<string, number>;
}

/** Counts, for metrics to read. */
export interface NotificationFigures {
  read(): Promise<EndpointFigures[]>;
}

interface Totals {
  events: number;
  successes: number;
  failures: number;
  errors: number;
  readonly statuses: Map<string, number>;
}

/** Counts as distribution does: an answer that is not accepted is a failure, none at all an error. */
export class Figures implements NotificationFigures {
  readonly #index: EventIndex;
  readonly #totals: ReadonlyMap<string, Totals>;

  constructor(index: EventIndex, endpoints: readonly string[]) {
    this.#index = index;
    this.#totals = new Map(
      endpoints.map((name) => [
        name,
        { events: 0, successes: 0, failures: 0, errors: 0, statuses: new Map() },
      ]),
    );
  }

  recorded(tally: Tally): void {
    for (const [endpoint, count] of Object.entries(tally)) {
      const totals = this.#totals.get(endpoint);
      if (totals !== undefined) totals.events += count;
    }
  }

  attempted(endpoint: string, outcome: Outcome): void {
    const totals = this.#totals.get(endpoint);
    if (totals === undefined) return;
    if (outcome.status === undefined) {
      totals.errors += 1;
      return;
    }
    const line = statusLine(outcome.status);
    totals.statuses.set(line, (totals.statuses.get(line) ?? 0) + 1);
    if (outcome.kind === 'delivered') totals.successes += 1;
    else totals.failures += 1;
  }

  async read(): Promise<EndpointFigures[]> {
    return Promise.all(
      [...this.#totals].map(async ([endpoint, totals]) => ({
        endpoint,
        ...totals,
        ...(await this.#index.backlog(endpoint, MOST_COUNTED)),
      })),
    );
  }
}
