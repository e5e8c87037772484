import type { Endpoint } from './endpoint.ts';
import type { Outcome } from './outcome.ts';

/** No wait is longer, unless `backoff` itself is. */
const LONGEST_WAIT_MS = 60_000;
/** So much of a wait is added at random, so that not all come back at the same instant. */
const JITTER = 0.25;

/** So many attempts an event gets that the endpoint rejects. */
const REJECTED_ATTEMPTS = 5;
/** So many, where the endpoint answers with a fault: an hour and a half by default. */
const FAILED_ATTEMPTS = 100;

/** How failures are followed by waits. */
export type RetryPolicy = Pick<Endpoint, 'threshold' | 'backoffMs'>;

/** The wait after so many failures in a row. */
export function waitMs(
  { threshold, backoffMs }: RetryPolicy,
  failures: number,
  random = Math.random,
): number {
  if (failures < threshold) return 0;
  const longest = Math.max(backoffMs, LONGEST_WAIT_MS);
  // The exponent is bounded for the sake of very many failures, not of the result.
  const wait = Math.min(longest, backoffMs * 2 ** Math.min(failures - threshold, 40));
  return Math.round(wait * (1 + JITTER * random()));
}

/**
 * Whether an event is given up after so many attempts. While nobody answers no attempt counts: then its age alone
 * decides, when old events are removed.
 */
export function isHopeless(outcome: Outcome, attempts: number): boolean {
  if (outcome.kind === 'rejected') return attempts >= REJECTED_ATTEMPTS;
  return outcome.kind === 'failed' && attempts >= FAILED_ATTEMPTS;
}

/**
 * Keeps events from an endpoint that is down (distribution's circuit breaker): after `threshold` failures in a row,
 * whatever the events, nothing is sent for a while, and then one event alone until one arrives.
 */
export class Gate {
  readonly #policy: RetryPolicy;
  #failures = 0;
  #opensAtMs = 0;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /** An endpoint that rejects an event is not down. */
  note(outcome: Outcome, nowMs: number): void {
    if (outcome.kind === 'delivered' || outcome.kind === 'rejected') {
      this.#failures = 0;
      this.#opensAtMs = 0;
      return;
    }
    this.#failures += 1;
    this.#opensAtMs = nowMs + waitMs(this.#policy, this.#failures);
  }

  isClosed(nowMs: number): boolean {
    return nowMs < this.#opensAtMs;
  }

  /** Whether the endpoint was down when it was last tried. */
  get isDoubtful(): boolean {
    return this.#failures >= this.#policy.threshold;
  }
}
