import type { Index } from '../../index/index.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { RepositoryRule } from '../../policy/repository-rules.ts';
import type { Clock } from '../../ports.ts';
import { SteadyPace } from '../collect/pace.ts';
import { type Forecast, forecastRetention } from './forecast.ts';
import { hasRetention, type Retainer, type RetentionState } from './retainer.ts';

/** Why nothing was done. */
export interface NotNow {
  readonly reason: string;
}

interface Dependencies {
  readonly index: Index;
  readonly clock: Clock;
  readonly rules: readonly RepositoryRule[];
  readonly retainer: Retainer;
  /** What stays where nothing else is asked for. */
  readonly graceMs: number;
  readonly flushPulls: () => Promise<void>;
  /** Why nothing must be removed now, where it must not. */
  readonly whyNotNow?: (() => Promise<string | undefined>) | undefined;
}

const NO_RULES: NotNow = {
  reason: 'there are no rules: no entry of "repositories" in the configuration has "retention"',
};

/** What may be asked of the retention of a running registry. */
export class RetentionControl {
  readonly #deps: Dependencies;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  state(): Promise<RetentionState> {
    return this.#deps.retainer.state();
  }

  /** Begins a run, which goes on after the answer. @param graceMs undefined: as the schedule */
  async start(graceMs: number | undefined): Promise<'started' | 'busy' | NotNow> {
    const { retainer, rules } = this.#deps;
    if (!hasRetention(rules)) return NO_RULES;
    return retainer.start({ rules, graceMs: graceMs ?? this.#deps.graceMs });
  }

  /**
   * What would become of the tags of a repository. @param wanted.atMs now, if undefined; it may be over, or yet to come
   */
  async forecast(wanted: {
    readonly repository: RepositoryName;
    readonly graceMs: number | undefined;
    readonly atMs: number | undefined;
  }): Promise<Forecast | NotNow> {
    const { index, clock, rules, flushPulls, whyNotNow } = this.#deps;
    if (!hasRetention(rules)) return NO_RULES;
    const reason = await whyNotNow?.();
    if (reason !== undefined) return { reason };
    await flushPulls();
    const now = clock.now();
    const { repository: only, atMs = now, graceMs = this.#deps.graceMs } = wanted;
    const timing = { nowMs: atMs, graceMs, isPast: atMs < now };
    return forecastRetention(index, rules, timing, { only, pace: new SteadyPace() });
  }

  /** Cuts off a run that is under way. Resolves when one that was started here is over. */
  stop(): Promise<void> {
    return this.#deps.retainer.stop();
  }
}
