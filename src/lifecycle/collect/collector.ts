import { randomUUID } from 'node:crypto';
import type { ContentStore } from '../../content/content-store.ts';
import type { Index } from '../../index/index.ts';
import type { Clock, Logger } from '../../ports.ts';
import { type Collected, collectGarbage } from './collect-garbage.ts';
import { type Pace, SteadyPace } from './pace.ts';
import { type CollectionWishes, garbageRule, ruleText } from './rule.ts';

const LEASE = 'garbage-collect';
/** A process that died is followed by another after this time. */
const LEASE_MS = 5 * 60_000;
const RENEW_AFTER_MS = 60_000;

/** What to collect; the time is that of the start. */
export type Wishes = Omit<CollectionWishes, 'nowMs'> & {
  /** Files of registry:2 too. */
  readonly originals: boolean;
};

/** A collection that is over. */
export interface CollectionReport {
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly wishes: Wishes;
  /** Who asked for it; undefined for the schedule. */
  readonly actor: string | undefined;
  readonly collected: Collected | undefined;
  /** Why it did not come to its end. */
  readonly error: string | undefined;
}

/** What is known of collections. */
export interface CollectionState {
  readonly isRunning: boolean;
  /** Of the one that is running. */
  readonly startedAtMs: number | undefined;
  readonly last: CollectionReport | undefined;
}

interface Dependencies {
  readonly index: Index;
  readonly content: ContentStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Why there must be no collection now, where there must not: not everything is in the index yet. */
  readonly whyNotNow?: (() => Promise<string | undefined>) | undefined;
  readonly pace?: Pace;
}

/**
 * Garbage collection inside a running registry: at most one at a time of all processes that share the index. Nothing is
 * lost where it is cut off; the next one goes on.
 */
export class Collector {
  readonly #deps: Dependencies;
  readonly #owner = randomUUID();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** Collects where the last collection is longer ago than `intervalMs`. A new registry's first is after that time. */
  async runIfDue(wishes: Wishes, intervalMs: number): Promise<void> {
    const { index, clock, log } = this.#deps;
    const now = clock.now();
    const lease = await index.leases.find(LEASE);
    if (lease === undefined) return this.#postpone(now);
    if (lease.finishedAtMs !== undefined && now - lease.finishedAtMs < intervalMs) return;
    const reason = await this.#deps.whyNotNow?.();
    if (reason !== undefined) return log.debug('garbage is not collected now', { reason });
    if (!(await this.#claim(now, now - intervalMs + 1))) return;
    await this.#run(wishes, undefined);
  }

  /**
   * Begins a collection, which goes on after the answer.
   * @returns `busy` where one is under way, or the reason why there must be none now
   */
  async start(wishes: Wishes, actor: string): Promise<'started' | 'busy' | { readonly reason: string }> {
    const reason = await this.#deps.whyNotNow?.();
    if (reason !== undefined) return { reason };
    if (this.#running !== undefined || !(await this.#claim(this.#deps.clock.now()))) return 'busy';
    this.#running = this.#run(wishes, actor).finally(() => {
      this.#running = undefined;
    });
    this.#running.catch(() => undefined);
    return 'started';
  }

  /** What a collection would remove, or the reason why there must be none now. */
  async dryRun(wishes: Wishes): Promise<Collected | { readonly reason: string }> {
    const reason = await this.#deps.whyNotNow?.();
    if (reason !== undefined) return { reason };
    return this.#collect(wishes, { dryRun: true, actor: '' });
  }

  async state(): Promise<CollectionState> {
    const lease = await this.#deps.index.leases.find(LEASE);
    const isRunning = lease?.owner !== undefined && lease.untilMs > this.#deps.clock.now();
    const { result } = lease ?? {};
    return {
      isRunning,
      startedAtMs: isRunning ? lease.startedAtMs : undefined,
      last: result === undefined || result === '' ? undefined : (JSON.parse(result) as CollectionReport),
    };
  }

  /** Cuts off what is under way, and resolves when it is over. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the registry stops'));
    await this.#running?.catch(() => undefined);
  }

  #claim(nowMs: number, dueBeforeMs = Number.MAX_SAFE_INTEGER): Promise<boolean> {
    return this.#deps.index.leases.claim({
      ...{ name: LEASE, owner: this.#owner, nowMs, untilMs: nowMs + LEASE_MS, dueBeforeMs },
    });
  }

  async #postpone(nowMs: number): Promise<void> {
    if (await this.#claim(nowMs)) await this.#deps.index.leases.release(LEASE, this.#owner, nowMs, '');
  }

  async #run(wishes: Wishes, actor: string | undefined): Promise<void> {
    const { index, clock, log } = this.#deps;
    const startedAtMs = clock.now();
    let collected: Collected | undefined;
    let error: string | undefined;
    try {
      collected = await this.#collect(wishes, { dryRun: false, actor: actor ?? '' });
      const { manifests, purged, links, blobs, freedBytes } = collected;
      log.info('collected garbage', { manifests, purged, links, blobs, freedBytes });
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
      if (!this.#stop.signal.aborted) log.error('a garbage collection failed', { error: thrown });
    }
    const report: CollectionReport = {
      ...{ startedAtMs, finishedAtMs: clock.now(), wishes, actor, collected, error },
    };
    // One that was cut off by a stop is due at once.
    const result = this.#stop.signal.aborted ? undefined : JSON.stringify(report);
    await index.leases.release(LEASE, this.#owner, report.finishedAtMs, result);
  }

  #collect(wishes: Wishes, { dryRun, actor }: { dryRun: boolean; actor: string }): Promise<Collected> {
    const { clock } = this.#deps;
    return collectGarbage(this.#deps, {
      rule: garbageRule({ ...wishes, nowMs: clock.now() }),
      cause: { kind: 'collection', actor, rule: ruleText(wishes) },
      ...{ clock, dryRun, removesOriginals: wishes.originals },
      pace: this.#leased(this.#deps.pace ?? new SteadyPace()),
      signal: this.#stop.signal,
    });
  }

  /** Holds on to the lease while it works. */
  #leased(pace: Pace): Pace {
    const { index, clock } = this.#deps;
    let renewedAtMs = clock.now();
    return {
      read: (question) => pace.read(question),
      step: async (transaction) => {
        const now = clock.now();
        if (now - renewedAtMs > RENEW_AFTER_MS) {
          if (!(await index.leases.renew(LEASE, this.#owner, now + LEASE_MS))) {
            throw new Error('another process has taken this collection over');
          }
          renewedAtMs = now;
        }
        return pace.step(transaction);
      },
    };
  }
}
