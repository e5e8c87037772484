import type { Index } from '../../index/index.ts';
import type { RemovedTags } from '../../index/retention.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { RepositoryRule } from '../../policy/repository-rules.ts';
import type { Clock } from '../../ports.ts';
import { type Pace, SteadyPace } from '../collect/pace.ts';
import { oldBeforeMs } from '../collect/rule.ts';
import { planFor, type RetentionPlan, retentionPlans } from './plan.ts';

/** Who the history of tags says it was. */
export const RETENTION_ACTOR = 'retention';

/** So few tags go in one transaction, as their manifests and those that these list go with them. */
const BATCH = 10;
/** So often it is decided again where others remove tags meanwhile; what is left then waits for the next run. */
const ATTEMPTS = 5;

export interface RetentionOptions {
  readonly rules: readonly RepositoryRule[];
  readonly graceMs: number;
  readonly pace?: Pace;
  /** Told what is removed, when it is. */
  readonly onRemoved?: (repository: RepositoryName, removed: RemovedTags) => void;
  /** Asked before each transaction; it ends the run by throwing. */
  readonly onStep?: () => void | Promise<void>;
}

/** What a run did. */
export interface Retained {
  /** Those for which there are rules. */
  readonly repositories: number;
  readonly tags: number;
  readonly manifests: number;
}

/**
 * Removes the tags that no rule keeps, and with the last tag of a manifest what nothing needs any more, while others
 * push and pull. Each step is one small transaction, which looks again at what it removes. Bytes are freed by the next
 * garbage collection.
 */
export async function retain(
  deps: { index: Index; clock: Clock },
  options: RetentionOptions,
): Promise<Retained> {
  const { index, clock } = deps;
  const { rules, graceMs, pace = new SteadyPace() } = options;
  const planning = { index, rules, pace };
  const timing = () => ({ nowMs: clock.now(), graceMs });
  const total = { repositories: 0, tags: 0, manifests: 0 };
  for await (const plan of retentionPlans(planning, timing)) {
    total.repositories += 1;
    let current: RetentionPlan | undefined = plan;
    for (let attempt = 0; attempt < ATTEMPTS && current !== undefined; attempt += 1) {
      const outcome = await carryOut(deps, current, { ...options, pace }, (removed) => {
        total.tags += removed.tags.length;
        total.manifests += removed.manifests.length;
      });
      current = outcome === 'outdated' ? await planFor(planning, plan.repository, timing()) : undefined;
    }
  }
  return total;
}

async function carryOut(
  { index, clock }: { index: Index; clock: Clock },
  { repository, entry, decision }: RetentionPlan,
  { graceMs, pace, onRemoved, onStep }: RetentionOptions & { readonly pace: Pace },
  count: (removed: RemovedTags) => void,
): Promise<'done' | 'outdated'> {
  const leaving = decision.tags
    .filter(({ isKept }) => !isKept)
    .map(({ facts, reason }) => ({ facts, rule: `${entry}: ${reason}` }));
  for (let from = 0; from < leaving.length; from += BATCH) {
    await onStep?.();
    const atMs = clock.now();
    const removed = await pace.step(() =>
      index.retention.removeTags({
        repository,
        tags: leaving.slice(from, from + BATCH),
        assuming: decision.assuming,
        beforeMs: oldBeforeMs({ nowMs: atMs, graceMs }),
        actor: RETENTION_ACTOR,
        atMs,
      }),
    );
    if (removed === 'outdated') return 'outdated';
    count(removed);
    if (removed.tags.length > 0) onRemoved?.(repository, removed);
  }
  return 'done';
}
