import type { Logger, Metrics } from '../ports.ts';
import { type Check, within } from './check.ts';

/** A check that is made again and again. */
export interface PeriodicCheck {
  /** Unique; stands in /debug/health. */
  readonly name: string;
  readonly intervalMs: number;
  /** So many failures in a row count; below that the registry goes on. */
  readonly threshold: number;
  /** A check that takes longer has failed. */
  readonly timeoutMs: number;
  readonly check: Check;
}

interface State {
  readonly periodic: PeriodicCheck;
  failures: number;
  reason: string | undefined;
}

/** What is known of the health of the registry. Somebody else calls the checks at their times. */
export class Health {
  readonly #log: Logger;
  readonly #states: readonly State[];
  readonly #stop = new AbortController();

  constructor(checks: readonly PeriodicCheck[], log: Logger, metrics: Metrics) {
    this.#log = log;
    this.#states = checks.map((periodic) => ({ periodic, failures: 0, reason: undefined }));
    if (checks.length === 0) return;
    metrics.gauge('berth_health_check_failing', () =>
      this.#states.map((state) => ({
        labels: { check: state.periodic.name },
        value: isFailing(state) ? 1 : 0,
      })),
    );
  }

  /** Each check, to be called at its intervals; never rejects. */
  get checks(): readonly { readonly name: string; readonly intervalMs: number; run(): Promise<void> }[] {
    return this.#states.map((state) => ({
      name: state.periodic.name,
      intervalMs: state.periodic.intervalMs,
      run: () => this.#run(state),
    }));
  }

  /** Gives up on checks that are under way, so that nobody has to wait for them. */
  stop(): void {
    this.#stop.abort();
  }

  /** Whether a check has failed as often in a row as counts. */
  isUnhealthy(): boolean {
    for (const state of this.#states) if (isFailing(state)) return true;
    return false;
  }

  /** Why, by the name of the check; empty while all is well. */
  failures(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#states.filter(isFailing).map(({ periodic, reason }) => [periodic.name, reason ?? '']),
    );
  }

  async #run(state: State): Promise<void> {
    const { name, threshold, timeoutMs, check } = state.periodic;
    const before = isFailing(state);
    try {
      await within(timeoutMs, this.#stop.signal, check);
      state.failures = 0;
      state.reason = undefined;
      if (before) this.#log.info('a health check works again', { check: name });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      state.failures = Math.min(state.failures + 1, threshold);
      state.reason = error instanceof Error ? error.message : String(error);
      if (!before && isFailing(state)) {
        this.#log.error('a health check fails: requests are refused until it works again', {
          check: name,
          reason: state.reason,
        });
      }
    }
  }
}

function isFailing({ failures, periodic }: State): boolean {
  return failures >= periodic.threshold;
}
