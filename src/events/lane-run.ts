import type { Delivery, EventIndex, Lane, Settlement } from '../index/events.ts';
import type { Clock, Logger } from '../ports.ts';
import type { Endpoint } from './endpoint.ts';
import { renderEnvelope } from './envelope.ts';
import type { Figures } from './figures.ts';
import type { Outcome } from './outcome.ts';
import { type Gate, isHopeless, waitMs } from './retry.ts';

/** Beyond the longest attempt a lane is held so much longer, for the index to record what came of it. */
const LEASE_MARGIN_MS = 5_000;
/** What came of so many events is recorded together: so many arrive twice when the process is killed, at the most. */
const BATCH = 16;
/** After so many events other lanes get their turn. */
const TURN = 4 * BATCH;

const NOTHING = { delivered: [], failed: undefined } as const;

/** What the lanes of an endpoint have in common. */
export interface LaneDependencies {
  readonly index: EventIndex;
  readonly endpoint: Endpoint;
  readonly gate: Gate;
  readonly figures: Figures;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends attempts under way, when the process cannot wait any longer. */
  readonly signal: AbortSignal;
  /** Whether lanes are to be released. */
  readonly isStopping: () => boolean;
}

/** How long a claim holds: until then nobody else sends this lane's events. */
export function leaseEndMs({ clock, endpoint }: Pick<LaneDependencies, 'clock' | 'endpoint'>): number {
  return clock.now() + endpoint.timeoutMs + LEASE_MARGIN_MS;
}

/**
 * Sends the events of one repository to one endpoint, each after the one before has arrived or was parked. Returns
 * when there are none left, when the endpoint has to be left alone for a while, or after a turn.
 * @throws what the index throws; the claim then runs out by itself
 */
export async function runLane(deps: LaneDependencies, lane: Lane, leasedUntilMs: number): Promise<void> {
  const { index, clock } = deps;
  let untilMs = leasedUntilMs;
  for (let sent = 0; ; sent += BATCH) {
    const isOver = sent >= TURN || deps.isStopping();
    const batch = isOver ? [] : await index.heads(lane, BATCH);
    const settlement =
      batch.length === 0
        ? { lane, ...NOTHING, next: { kind: 'release', dueAtMs: clock.now() } as const }
        : await sendBatch(deps, lane, batch, untilMs);
    if ((await index.settle(settlement)) !== 'kept' || settlement.next.kind === 'release') return;
    untilMs = settlement.next.untilMs;
  }
}

/** Sends events one after the other, as far as all goes well and the claim holds. */
async function sendBatch(
  deps: LaneDependencies,
  lane: Lane,
  batch: readonly Delivery[],
  untilMs: number,
): Promise<Settlement> {
  const { endpoint, gate, figures, clock, signal } = deps;
  const delivered: number[] = [];
  for (const delivery of batch) {
    if (deps.isStopping() || untilMs - clock.now() < endpoint.timeoutMs) break;
    const outcome = await endpoint.sink.send(renderEnvelope(delivery.event), signal);
    if (signal.aborted && outcome.kind !== 'delivered') break;
    figures.attempted(endpoint.name, outcome);
    gate.note(outcome, clock.now());
    if (outcome.kind !== 'delivered') return { lane, delivered, ...afterFailure(deps, delivery, outcome) };
    delivered.push(delivery.event.position);
  }
  return { lane, delivered, failed: undefined, next: { kind: 'keep', untilMs: leaseEndMs(deps) } };
}

/** What a failure means for the event and for its lane. */
function afterFailure(
  deps: LaneDependencies,
  { event, attempts: before }: Delivery,
  outcome: Exclude<Outcome, { kind: 'delivered' }>,
): Pick<Settlement, 'failed' | 'next'> {
  const { endpoint, gate, clock, log } = deps;
  const { position, id, target } = event;
  const attempts = before + 1;
  const { reason } = outcome;
  const keep = { kind: 'keep', untilMs: leaseEndMs(deps) } as const;
  const fields = { endpoint: endpoint.name, repository: target.repository, event: id, attempts, reason };
  if (isHopeless(outcome, attempts)) {
    log.error('an event cannot be delivered and is parked; "events replay" sends it again', fields);
    return { failed: { position, state: 'parked', reason }, next: keep };
  }
  const nowMs = clock.now();
  const wait = waitMs(endpoint, attempts);
  const mustRest = wait > 0 || gate.isClosed(nowMs);
  if (mustRest) log.warn('an event could not be delivered; trying again', fields);
  const next = mustRest ? ({ kind: 'release', dueAtMs: nowMs + wait } as const) : keep;
  return { failed: { position, state: 'pending', reason }, next };
}
