import type { RegistryConfig } from '../config/registry-config.ts';
import type { Index } from '../index/index.ts';
import type { Jobs } from '../lifecycle/job.ts';
import { RetentionControl } from '../lifecycle/retention/control.ts';
import { hasRetention, Retainer } from '../lifecycle/retention/retainer.ts';
import type { Clock, Logger } from '../ports.ts';
import type { PullCounts } from '../registry/pull-counts.ts';

/** How often it is looked whether a run is due; which process does it, the index says. */
const LOOK_MS = 5 * 60_000;
/** What was pushed within this time stays: whoever pushed it may be about to pull it, or to go on. */
const GRACE_MS = 3_600_000;

/** What it is put together from. */
export interface RetentionParts {
  readonly index: Index;
  readonly jobs: Jobs;
  readonly pulls: PullCounts;
  readonly clock: Clock;
  readonly log: Logger;
  /** Why nothing must be removed now, where it must not. */
  readonly whyNotNow?: (() => Promise<string | undefined>) | undefined;
}

/**
 * Adds the removal of tags by rules to what is done in the background.
 * @returns what may be asked of it
 */
export function wireRetention(
  { storage, repositories: rules }: RegistryConfig,
  { index, jobs, pulls, clock, log, whyNotNow }: RetentionParts,
): RetentionControl {
  const flushPulls = () => pulls.flush();
  const retainer = new Retainer({ index, clock, log, flushPulls, whyNotNow });
  const { enabled, intervalMs } = storage.retention;
  // Maintenance: nothing is to change.
  if (enabled && !storage.readOnly && hasRetention(rules)) {
    jobs.add('remove tags by rules', Math.min(LOOK_MS, intervalMs), () =>
      retainer.runIfDue({ rules, graceMs: GRACE_MS }, intervalMs),
    );
  }
  return new RetentionControl({ index, clock, rules, retainer, graceMs: GRACE_MS, flushPulls, whyNotNow });
}
