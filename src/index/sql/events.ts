import { randomUUID } from 'node:crypto';
import type { Digest } from '../../oci/digest.ts';
import { referencesOf } from '../../oci/references.ts';
import type {
  Audience,
  Delivery,
  DeliveryState,
  EventAction,
  Lane,
  Occurrence,
  RecordedEvent,
  Settlement,
  Tally,
} from '../events.ts';
import { readManifest } from './manifests.ts';
import { query, type Session } from './query.ts';

export interface DeliveryRow {
  endpoint: string;
  position: number;
  state: DeliveryState;
  attempts: number;
  reason: string | null;
  id: string;
  at: number;
  action: EventAction;
  body: string;
}

const ADD_EVENT = query<
  { id: string; at: number; action: string; repository: string; body: string },
  { position: number }
>(
  `INSERT INTO events (id, at, action, repository, body) VALUES (:id, :at, :action, :repository, :body)
   RETURNING position`,
);

const ADD_DELIVERY = query<{ endpoint: string; position: number; repository: string }>(
  `INSERT INTO event_deliveries (endpoint, position, repository, state, attempts, reason)
   VALUES (:endpoint, :position, :repository, 'pending', 0, NULL)`,
);

const OPEN_LANE = query<{ endpoint: string; repository: string; at: number }>(
  `INSERT INTO event_lanes (endpoint, repository, due_at, owner) VALUES (:endpoint, :repository, :at, NULL)
   ON CONFLICT DO NOTHING`,
);

const DUE = query<{ endpoint: string; now: number; limit: number }, { repository: string }>(
  `SELECT repository FROM event_lanes
   WHERE endpoint = :endpoint AND due_at <= :now ORDER BY due_at LIMIT :limit`,
);

const CLAIM = query<{ endpoint: string; repository: string; owner: string; until: number }>(
  `UPDATE event_lanes SET owner = :owner, due_at = :until
   WHERE endpoint = :endpoint AND repository = :repository`,
);

const HEADS = query<{ endpoint: string; repository: string; limit: number }, DeliveryRow>(
  `SELECT event_deliveries.endpoint, event_deliveries.position, state, attempts, reason, id, at, action, body
   FROM event_deliveries JOIN events ON events.position = event_deliveries.position
   WHERE event_deliveries.endpoint = :endpoint AND event_deliveries.repository = :repository
     AND state = 'pending'
   ORDER BY event_deliveries.position LIMIT :limit`,
);

const ATTEMPT = query<{ endpoint: string; position: number; state: string; reason: string | null }>(
  `UPDATE event_deliveries SET state = :state, attempts = attempts + 1, reason = :reason
   WHERE endpoint = :endpoint AND position = :position AND state = 'pending'`,
);

const KEEP = query<{ endpoint: string; repository: string; owner: string; until: number }>(
  `UPDATE event_lanes SET due_at = :until
   WHERE endpoint = :endpoint AND repository = :repository AND owner = :owner`,
);

const RELEASE = query<{ endpoint: string; repository: string; owner: string; at: number }>(
  `UPDATE event_lanes SET due_at = :at, owner = NULL
   WHERE endpoint = :endpoint AND repository = :repository AND owner = :owner`,
);

const CLOSE_LANE = query<{ endpoint: string; repository: string }>(
  `DELETE FROM event_lanes
   WHERE endpoint = :endpoint AND repository = :repository AND owner IS NULL AND NOT EXISTS (
     SELECT 1 FROM event_deliveries
     WHERE endpoint = :endpoint AND repository = :repository AND state = 'pending'
   )`,
);

export function toDelivery(row: DeliveryRow): Delivery {
  const { id, at: atMs, action, position } = row;
  const body = JSON.parse(row.body) as Pick<RecordedEvent, 'target' | 'origin' | 'source' | 'references'>;
  return {
    endpoint: row.endpoint,
    event: { ...body, position, id, atMs, action },
    state: row.state,
    attempts: row.attempts,
    reason: row.reason ?? undefined,
  };
}

async function referencesIn(session: Session, { target, action }: Occurrence): Promise<readonly unknown[]> {
  if (target.kind !== 'manifest' || action === 'delete') return [];
  const bytes = await readManifest(session, target.digest as Digest);
  return bytes === undefined ? [] : referencesOf(bytes);
}

export async function recordEvents(
  session: Session,
  occurrences: readonly Occurrence[],
  audience: Audience,
): Promise<Tally> {
  const tally: Record<string, number> = {};
  for (const occurrence of occurrences) {
    const { action, target, origin, atMs } = occurrence;
    const subscribers = audience.subscribers.filter(
      (one) => !one.ignoredMediaTypes.includes(target.mediaType) && !one.ignoredActions.includes(action),
    );
    if (subscribers.length === 0) continue;
    const references = audience.includeReferences ? await referencesIn(session, occurrence) : undefined;
    const { repository } = target;
    const added = await session.first(ADD_EVENT, {
      id: randomUUID(),
      at: atMs,
      action,
      repository,
      body: JSON.stringify({ target, origin, source: audience.source, references }),
    });
    if (added === undefined) throw new Error('an event was added and has no position');
    for (const { endpoint } of subscribers) {
      await session.run(ADD_DELIVERY, { endpoint, repository, position: added.position });
      await session.run(OPEN_LANE, { endpoint, repository, at: atMs });
      tally[endpoint] = (tally[endpoint] ?? 0) + 1;
    }
  }
  return tally;
}

export async function isLaneDue(session: Session, endpoint: string, nowMs: number): Promise<boolean> {
  return (await session.first(DUE, { endpoint, now: nowMs, limit: 1 })) !== undefined;
}

export async function claimLanes(
  session: Session,
  claim: { endpoint: string; owner: string; nowMs: number; untilMs: number; limit: number },
): Promise<Lane[]> {
  const { endpoint, owner, nowMs: now, untilMs: until, limit } = claim;
  const due = await session.all(DUE, { endpoint, now, limit });
  for (const { repository } of due) await session.run(CLAIM, { endpoint, repository, owner, until });
  return due.map(({ repository }) => ({ endpoint, repository, owner }));
}

export async function headsOfLane(session: Session, lane: Lane, limit: number): Promise<Delivery[]> {
  const { endpoint, repository } = lane;
  return (await session.all(HEADS, { endpoint, repository, limit })).map(toDelivery);
}

/** Removes a lane that nobody has claimed and that holds nothing. */
export async function closeEmptyLane(session: Session, lane: Omit<Lane, 'owner'>): Promise<void> {
  await session.run(CLOSE_LANE, { endpoint: lane.endpoint, repository: lane.repository });
}

export async function settleAttempts(
  session: Session,
  { lane, delivered, failed, next }: Settlement,
): Promise<'kept' | 'released' | 'lost'> {
  const { endpoint, repository, owner } = lane;
  const isKept = next.kind === 'keep';
  const changed = isKept
    ? await session.run(KEEP, { endpoint, repository, owner, until: next.untilMs })
    : await session.run(RELEASE, { endpoint, repository, owner, at: next.dueAtMs });
  const isLost = changed === 0;
  for (const position of delivered) {
    await session.run(ATTEMPT, { endpoint, position, state: 'delivered', reason: null });
  }
  // A lane that was lost is tried by another process, which alone decides on failures from now on.
  if (failed !== undefined && !isLost) await session.run(ATTEMPT, { endpoint, ...failed });
  if (isLost) return 'lost';
  if (isKept) return 'kept';
  await closeEmptyLane(session, lane);
  return 'released';
}
