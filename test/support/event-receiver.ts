import type { Sink } from '../../src/events/endpoint.ts';
import { type Outcome, outcomeOf } from '../../src/events/outcome.ts';
import type { RecordedEvent } from '../../src/index/events.ts';

/** One event as it arrived. */
export interface Arrival {
  readonly repository: string;
  readonly tag: string;
}

/** A receiver without a network: remembers what it accepted and answers as it is told. */
export class FakeReceiver implements Sink {
  readonly arrivals: Arrival[] = [];
  readonly attempts: Arrival[] = [];
  /** How many attempts were under way at the same time, at the most. */
  most = 0;
  /** The status of an answer; 0 for none. */
  answer: (arrival: Arrival) => number = () => 200;
  /** Awaited between an arrival and its answer. */
  pause: () => Promise<unknown> = () => new Promise((resolve) => setImmediate(resolve));
  #underWay = 0;

  async send(body: string, signal: AbortSignal): Promise<Outcome> {
    const { events } = JSON.parse(body) as { events: [{ target: RecordedEvent['target'] }] };
    const { repository, tag = '' } = events[0].target;
    const arrival = { repository, tag };
    this.attempts.push(arrival);
    const status = this.answer(arrival);
    if (status >= 200 && status < 300) this.arrivals.push(arrival);
    this.#underWay += 1;
    this.most = Math.max(this.most, this.#underWay);
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await Promise.race([this.pause(), aborted]);
    this.#underWay -= 1;
    if (status === 0 || signal.aborted) {
      return { kind: 'unavailable', status: undefined, reason: 'nobody answers' };
    }
    return outcomeOf(status, false);
  }

  close(): void {}

  tagsOf(repository: string): string[] {
    return this.arrivals.filter((one) => one.repository === repository).map(({ tag }) => tag);
  }
}
