import { randomUUID } from 'node:crypto';
import type { Index } from '../../index/index.ts';
import type { RepositoryRule } from '../../policy/repository-rules.ts';
import type { Clock, Logger } from '../../ports.ts';
import { type Retained, type RetentionOptions, retain } from './retain.ts';

const LEASE = 'retention';
/** A process that died is followed by another after this time. */
const LEASE_MS = 5 * 60_000;
const RENEW_AFTER_MS = 60_000;

interface Dependencies {
  readonly index: Index;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called before tags are looked at: what was pulled must be known. */
  readonly flushPulls?: () => Promise<void>;
  /** Why nothing must be removed now, where it must not: not everything is in the index yet. */
  readonly whyNotNow?: (() => Promise<string | undefined>) | undefined;
}

/** What is removed; for the rest, see `retain`. */
export type RetainerOptions = Omit<RetentionOptions, 'onStep'>;

/** What is known of runs. */
export interface RetentionState {
  readonly isRunning: boolean;
  /** Of the one that is running. */
  readonly startedAtMs: number | undefined;
  /** The last one that came to its end. */
  readonly last: (Retained & { readonly finishedAtMs: number }) | undefined;
}

/**
 * Retention, at most one run at a time of all processes that share the index. A run that is cut off loses nothing; the
 * next one decides anew.
 */
export class Retainer {
  readonly #deps: Dependencies;
  readonly #owner = randomUUID();
  #running: Promise<void> | undefined;
  #isStopping = false;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /**
   * Runs where the last run is longer ago than `intervalMs`. The first is one interval after rules were seen, so that
   * there is time to look at them.
   */
  async runIfDue(options: RetainerOptions, intervalMs: number): Promise<void> {
    const { index, clock, log, whyNotNow } = this.#deps;
    const now = clock.now();
    const lease = await index.leases.find(LEASE);
    if (lease === undefined) {
      log.info('tags are removed by rules of retention; the first time later on', {
        firstAt: new Date(now + intervalMs).toISOString(),
      });
      return this.#postpone(now);
    }
    if (lease.finishedAtMs !== undefined && now - lease.finishedAtMs < intervalMs) return;
    const reason = await whyNotNow?.();
    if (reason !== undefined) return log.debug('tags are not removed now', { reason });
    const total = await this.#runIfFree(options, now - intervalMs + 1).catch((error: unknown) => {
      if (error instanceof RetentionStopped) return 'stopped';
      throw error;
    });
    if (typeof total !== 'string') log.info('removed tags by rules of retention', { ...total });
  }

  /** Runs now. @returns `busy` where another process is at it */
  run(options: RetainerOptions): Promise<Retained | 'busy'> {
    return this.#runIfFree(options, Number.MAX_SAFE_INTEGER);
  }

  /**
   * Begins a run, which goes on after the answer.
   * @returns `busy` where one is under way, or the reason why there must be none now
   */
  async start(options: RetainerOptions): Promise<'started' | 'busy' | { readonly reason: string }> {
    const { clock, log, whyNotNow } = this.#deps;
    const reason = await whyNotNow?.();
    if (reason !== undefined) return { reason };
    if (this.#running !== undefined || !(await this.#claim(clock.now(), Number.MAX_SAFE_INTEGER))) {
      return 'busy';
    }
    this.#running = this.#runClaimed(options)
      .then(
        (total) => log.info('removed tags by rules of retention', { ...total }),
        (error: unknown) => {
          if (!(error instanceof RetentionStopped)) log.error('retention failed', { error });
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
    return 'started';
  }

  async state(): Promise<RetentionState> {
    const lease = await this.#deps.index.leases.find(LEASE);
    const isRunning = lease?.owner !== undefined && lease.untilMs > this.#deps.clock.now();
    const { result, finishedAtMs } = lease ?? {};
    const isKnown = result !== undefined && result !== '' && finishedAtMs !== undefined;
    return {
      isRunning,
      startedAtMs: isRunning ? lease.startedAtMs : undefined,
      last: isKnown ? { finishedAtMs, ...(JSON.parse(result) as Retained) } : undefined,
    };
  }

  /** Cuts off a run that is under way: its next step is not taken. Resolves when one that was started is over. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  #claim(nowMs: number, dueBeforeMs: number): Promise<boolean> {
    return this.#deps.index.leases.claim({
      ...{ name: LEASE, owner: this.#owner, nowMs, untilMs: nowMs + LEASE_MS, dueBeforeMs },
    });
  }

  async #postpone(nowMs: number): Promise<void> {
    if (await this.#claim(nowMs, Number.MAX_SAFE_INTEGER)) {
      await this.#deps.index.leases.release(LEASE, this.#owner, nowMs, '');
    }
  }

  async #runIfFree(options: RetainerOptions, dueBeforeMs: number): Promise<Retained | 'busy'> {
    return (await this.#claim(this.#deps.clock.now(), dueBeforeMs)) ? this.#runClaimed(options) : 'busy';
  }

  async #runClaimed(options: RetainerOptions): Promise<Retained> {
    const { index, clock, flushPulls } = this.#deps;
    let result: string | undefined;
    try {
      await flushPulls?.();
      const total = await retain(this.#deps, { ...options, onStep: this.#holdingOn() });
      result = JSON.stringify(total);
      return total;
    } finally {
      // Without a result it is due again at once.
      await index.leases.release(LEASE, this.#owner, clock.now(), result);
    }
  }

  #holdingOn(): () => Promise<void> {
    const { index, clock } = this.#deps;
    let renewedAtMs = clock.now();
    return async () => {
      if (this.#isStopping) throw new RetentionStopped();
      const now = clock.now();
      if (now - renewedAtMs <= RENEW_AFTER_MS) return;
      if (!(await index.leases.renew(LEASE, this.#owner, now + LEASE_MS))) {
        throw new Error('another process has taken the removal of tags over');
      }
      renewedAtMs = now;
    };
  }
}

/** Whether there is anything to do. */
export function hasRetention(rules: readonly RepositoryRule[]): boolean {
  return rules.some(({ retention }) => retention !== undefined);
}

class RetentionStopped extends Error {
  constructor() {
    super('the registry stops');
    this.name = 'RetentionStopped';
  }
}
