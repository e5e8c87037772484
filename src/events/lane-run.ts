import type { Delivery, EventIndex, Lane, Settlement } from '../index/events.ts';
import type { Clock, Logger } from '../ports.ts';
import type { Endpoint } from './endpoint.ts';
import { renderEnvelope } from './envelope.ts';
import type { Figures } from './figures.ts';
import { type Gate, isHopeless, waitMs } from './retry.ts';

/** Beyond the longest attempt a lane is held so much longer, for the index to record what came of it. */
const LEASE_MARGIN_MS = 5_000;
/** After so many events other lanes get their turn. */
const TURN = 50;

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
  const { index, clock, endpoint } = deps;
  let untilMs = leasedUntilMs;
  for (let sent = 0; ; sent += 1) {
    const head = await index.head(lane);
    const isLate = untilMs - clock.now() < endpoint.timeoutMs;
    if (head === undefined || sent >= TURN || isLate || deps.isStopping()) {
      const next = { kind: 'release', dueAtMs: clock.now() } as const;
      await index.settle({ lane, attempt: undefined, next });
      return;
    }
    const settlement = await attempt(deps, lane, head);
    if ((await index.settle(settlement)) !== 'kept' || settlement.next.kind === 'release') return;
    untilMs = settlement.next.untilMs;
  }
}

/** Sends one event and decides what that means for it and for its lane. */
async function attempt(deps: LaneDependencies, lane: Lane, head: Delivery): Promise<Settlement> {
  const { endpoint, gate, figures, clock, log, signal } = deps;
  const { position, id } = head.event;
  const outcome = await endpoint.sink.send(renderEnvelope(head.event), signal);
  const nowMs = clock.now();
  const keep = { kind: 'keep', untilMs: leaseEndMs(deps) } as const;
  if (signal.aborted && outcome.kind !== 'delivered') {
    return { lane, attempt: undefined, next: { kind: 'release', dueAtMs: nowMs } };
  }
  figures.attempted(endpoint.name, outcome);
  gate.note(outcome, nowMs);
  if (outcome.kind === 'delivered') {
    return { lane, attempt: { position, state: 'delivered', reason: undefined }, next: keep };
  }
  const attempts = head.attempts + 1;
  const { reason } = outcome;
  const fields = { endpoint: endpoint.name, repository: lane.repository, event: id, attempts, reason };
  if (isHopeless(outcome, attempts)) {
    log.error('an event cannot be delivered and is parked; "events replay" sends it again', fields);
    return { lane, attempt: { position, state: 'parked', reason }, next: keep };
  }
  const wait = waitMs(endpoint, attempts);
  const mustRest = wait > 0 || gate.isClosed(nowMs);
  if (mustRest) log.warn('an event could not be delivered; trying again', fields);
  const next = mustRest ? ({ kind: 'release', dueAtMs: nowMs + wait } as const) : keep;
  return { lane, attempt: { position, state: 'pending', reason }, next };
}
