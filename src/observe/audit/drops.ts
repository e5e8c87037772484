import type { Clock, Logger, Metrics } from '../../ports.ts';
import type { SinkName } from './sink.ts';

/** So long there is one line in the log, however many entries are lost. */
const REPEAT_MS = 60_000;

interface Lost {
  count: number;
  /** Since the log was told last. */
  untold: number;
  toldMs: number;
}

/** Entries of the audit log that were lost: counted, and told in the log, at most once a minute for each sink. */
export class AuditDrops {
  readonly #lost = new Map<SinkName, Lost>();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: Metrics;

  constructor(deps: { readonly clock: Clock; readonly log: Logger; readonly metrics: Metrics }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#metrics = deps.metrics;
  }

  /** @param sinks that count from now on, so that nothing lost is seen as 0 */
  watch(sinks: readonly SinkName[]): void {
    for (const sink of sinks) {
      this.#lost.set(sink, { count: 0, untold: 0, toldMs: Number.NEGATIVE_INFINITY });
      this.#metrics.counter('berth_audit_entries_dropped_total', { sink }).add(0);
    }
  }

  note(sink: SinkName, entries: number, reason: string): void {
    const lost = this.#lost.get(sink) ?? { count: 0, untold: 0, toldMs: Number.NEGATIVE_INFINITY };
    this.#lost.set(sink, lost);
    lost.count += entries;
    lost.untold += entries;
    this.#metrics.counter('berth_audit_entries_dropped_total', { sink }).add(entries);
    const nowMs = this.#clock.now();
    if (nowMs - lost.toldMs < REPEAT_MS) return;
    this.#log.error('entries of the audit log were lost', {
      ...{ sink, entries: lost.untold, sinceStart: lost.count, reason },
    });
    lost.untold = 0;
    lost.toldMs = nowMs;
  }

  /** Since the start, by sink. */
  counts(): Readonly<Partial<Record<SinkName, number>>> {
    return Object.fromEntries([...this.#lost].map(([sink, { count }]) => [sink, count]));
  }
}
