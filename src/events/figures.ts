import type { Tally } from '../index/events.ts';
import type { Counter, Metrics } from '../ports.ts';
import { type Outcome, statusLine } from './outcome.ts';

/** distribution's values of the label `type`. */
type Kind = 'Events' | 'Successes' | 'Failures' | 'Errors';

/** Counts what became of events, as distribution does: an answer that is not accepted is a failure, none at all an error. */
export class Figures {
  readonly #metrics: Metrics;
  readonly #endpoints: ReadonlyMap<string, Readonly<Record<Kind, Counter>>>;

  constructor(metrics: Metrics, endpoints: readonly string[]) {
    this.#metrics = metrics;
    const total = (type: Kind, endpoint: string): Counter =>
      metrics.counter('registry_notifications_events_total', { type, endpoint });
    this.#endpoints = new Map(
      endpoints.map((endpoint) => [
        endpoint,
        {
          Events: total('Events', endpoint),
          Successes: total('Successes', endpoint),
          Failures: total('Failures', endpoint),
          Errors: total('Errors', endpoint),
        },
      ]),
    );
  }

  recorded(tally: Tally): void {
    for (const [endpoint, count] of Object.entries(tally)) {
      if (count > 0) this.#endpoints.get(endpoint)?.Events.add(count);
    }
  }

  attempted(endpoint: string, outcome: Outcome): void {
    const totals = this.#endpoints.get(endpoint);
    if (totals === undefined) return;
    if (outcome.status === undefined) {
      totals.Errors.add();
      return;
    }
    const code = statusLine(outcome.status);
    this.#metrics.counter('registry_notifications_status_total', { code, endpoint }).add();
    if (outcome.kind === 'delivered') totals.Successes.add();
    else totals.Failures.add();
  }
}
