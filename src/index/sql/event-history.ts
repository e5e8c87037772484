import type { Delivery, DeliveryFilter, PruneResult, PruneStep } from '../events.ts';
import { closeEmptyLane, type DeliveryRow, toDelivery } from './events.ts';
import { query, type Session } from './query.ts';

/** A list, a replay and the removal of events that are old. */

const LIST = query<
  { endpoint: string | null; state: string | null; since: number; before: number; limit: number },
  DeliveryRow
>(
  `SELECT event_deliveries.endpoint, event_deliveries.position, state, attempts, reason, id, at, action, body
   FROM event_deliveries JOIN events ON events.position = event_deliveries.position
   WHERE event_deliveries.position < :before
     AND (:endpoint IS NULL OR event_deliveries.endpoint = :endpoint)
     AND (:state IS NULL OR state = :state)
     AND at >= :since
   ORDER BY event_deliveries.position DESC, event_deliveries.endpoint LIMIT :limit`,
);

const NEXT_EVENTS = query<{ after: number; limit: number }, { position: number; at: number }>(
  'SELECT position, at FROM events WHERE position > :after ORDER BY position LIMIT :limit',
);

const OF_EVENT = query<{ position: number }, { endpoint: string; repository: string; state: string }>(
  'SELECT endpoint, repository, state FROM event_deliveries WHERE position = :position',
);

const AGAIN = query<{ endpoint: string; position: number }>(
  `UPDATE event_deliveries SET state = 'pending', attempts = 0, reason = NULL
   WHERE endpoint = :endpoint AND position = :position AND state <> 'pending'`,
);

const HURRY_LANE = query<{ endpoint: string; repository: string; at: number }>(
  `INSERT INTO event_lanes (endpoint, repository, due_at, owner) VALUES (:endpoint, :repository, :at, NULL)
   ON CONFLICT (endpoint, repository) DO UPDATE SET due_at = excluded.due_at WHERE owner IS NULL`,
);

const LAST = query<Record<never, never>, { position: number }>(
  'SELECT position FROM events ORDER BY position DESC LIMIT 1',
);

const PARK_OLD = query<{ position: number }>(
  `UPDATE event_deliveries SET state = 'parked', reason = COALESCE(reason, 'not delivered in time')
   WHERE position = :position AND state = 'pending'`,
);

const DELETE_DELIVERIES = query<{ position: number }>(
  'DELETE FROM event_deliveries WHERE position = :position',
);

const DELETE_EVENT = query<{ position: number }>('DELETE FROM events WHERE position = :position');

const COUNT_PENDING = query<{ endpoint: string; most: number }, { count: number }>(
  `SELECT COUNT(*) AS count FROM
     (SELECT 1 FROM event_deliveries WHERE endpoint = :endpoint AND state = 'pending' LIMIT :most)`,
);

const COUNT_PARKED = query<{ endpoint: string; most: number }, { count: number }>(
  `SELECT COUNT(*) AS count FROM
     (SELECT 1 FROM event_deliveries WHERE endpoint = :endpoint AND state = 'parked' LIMIT :most)`,
);

export async function listDeliveries(
  session: Session,
  filter: DeliveryFilter,
  page: { before: number | undefined; limit: number },
): Promise<Delivery[]> {
  const rows = await session.all(LIST, {
    endpoint: filter.endpoint ?? null,
    state: filter.state ?? null,
    since: filter.sinceMs,
    before: page.before ?? Number.MAX_SAFE_INTEGER,
    limit: page.limit,
  });
  return rows.map(toDelivery);
}

export async function replayEvents(
  session: Session,
  filter: DeliveryFilter,
  step: { after: number; limit: number; nowMs: number },
): Promise<{ count: number; next: number | undefined }> {
  const events = await session.all(NEXT_EVENTS, { after: step.after, limit: step.limit });
  let count = 0;
  for (const { position, at } of events) {
    if (at < filter.sinceMs) continue;
    for (const { endpoint, repository, state } of await session.all(OF_EVENT, { position })) {
      if (filter.endpoint !== undefined && filter.endpoint !== endpoint) continue;
      if (filter.state !== undefined && filter.state !== state) continue;
      count += await session.run(AGAIN, { endpoint, position });
      await session.run(HURRY_LANE, { endpoint, repository, at: step.nowMs });
    }
  }
  return { count, next: events.length < step.limit ? undefined : events.at(-1)?.position };
}

export async function pruneEvents(session: Session, step: PruneStep): Promise<PruneResult> {
  const overflow = ((await session.first(LAST, {}))?.position ?? 0) - step.maxEvents;
  const events = await session.all(NEXT_EVENTS, { after: step.after, limit: step.limit });
  let [removed, parked, lost] = [0, 0, 0];
  let next: number | undefined;
  for (const { position, at } of events) {
    const isOver = position <= overflow || at < step.anyBeforeMs;
    if (!isOver && at >= step.settledBeforeMs) break;
    const deliveries = await session.all(OF_EVENT, { position });
    const unsent = deliveries.filter(({ state }) => state !== 'delivered');
    if (isOver || unsent.length === 0) {
      await session.run(DELETE_DELIVERIES, { position });
      await session.run(DELETE_EVENT, { position });
      removed += 1;
      lost += unsent.length;
    } else {
      parked += await session.run(PARK_OLD, { position });
    }
    for (const lane of unsent) await closeEmptyLane(session, lane);
    if (position === events.at(-1)?.position && events.length === step.limit) next = position;
  }
  return { removed, parked, lost, next };
}

export async function countBacklog(
  session: Session,
  endpoint: string,
  most: number,
): Promise<{ pending: number; parked: number }> {
  return {
    pending: (await session.first(COUNT_PENDING, { endpoint, most }))?.count ?? 0,
    parked: (await session.first(COUNT_PARKED, { endpoint, most }))?.count ?? 0,
  };
}
