import type { EventIndex } from '../index/events.ts';
import type { Clock, Logger } from '../ports.ts';

const DAY_MS = 86_400_000;
/** Events that have arrived are kept so long, to be replayed; one that has not arrived by then is parked. */
const SETTLED_MS = 7 * DAY_MS;
/** Nothing is kept longer. */
const ANY_MS = 30 * DAY_MS;
/** Of more events the oldest are removed, delivered or not: about a gigabyte. */
const MOST_EVENTS = 1_000_000;
/** So few at a time, since pushes wait meanwhile. */
const STEP = 200;

/** Removes old events from the queue. */
export async function pruneEvents(deps: { index: EventIndex; clock: Clock; log: Logger }): Promise<void> {
  const nowMs = deps.clock.now();
  let [parked, lost] = [0, 0];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const result = await deps.index.prune({
      settledBeforeMs: nowMs - SETTLED_MS,
      anyBeforeMs: nowMs - ANY_MS,
      maxEvents: MOST_EVENTS,
      after,
      limit: STEP,
    });
    parked += result.parked;
    lost += result.lost;
    after = result.next;
  }
  if (parked > 0)
    deps.log.error('events could not be delivered for a week and are parked', { events: parked });
  if (lost > 0) deps.log.error('events were removed that had never been delivered', { events: lost });
}
