import type { Index } from '../../index/index.ts';
import type { TagFacts } from '../../index/retention.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import { matchesAny } from '../../pattern/name-pattern.ts';
import { decide as deciding, type RepositoryRule } from '../../policy/repository-rules.ts';
import type { Pace } from '../collect/pace.ts';
import { pagesOf } from '../collect/pages.ts';
import { type Decision, decide } from './decide.ts';

/** When it is decided, and what stays in any case. */
export interface Timing {
  readonly nowMs: number;
  /** What was pushed within this time stays: a push may be under way, or somebody about to pull. */
  readonly graceMs: number;
  /** `nowMs` is over: it is decided on the tags that there were then. */
  readonly isPast?: boolean;
}

/** What is asked, and how fast: on a running registry the thread that answers requests is asked. */
export interface Planning {
  readonly index: Index;
  readonly rules: readonly RepositoryRule[];
  readonly pace: Pace;
}

/** What is to become of the tags of one repository. */
export interface RetentionPlan {
  readonly repository: RepositoryName;
  /** The patterns of the entry that decides, as they were written. */
  readonly entry: string;
  readonly decision: Decision;
}

/** The repositories, and what the rules say of each that has any. */
export async function* retentionPlans(
  planning: Planning,
  timing: () => Timing,
): AsyncGenerator<RetentionPlan> {
  const repositories = pagesOf(planning.pace, async (page) => {
    const names = await planning.index.tags.repositories(page);
    return { names, next: names.length < page.limit ? undefined : names.at(-1) };
  });
  for await (const { names } of repositories) {
    for (const name of names) {
      const plan = await planFor(planning, name, timing());
      if (plan !== undefined) yield plan;
    }
  }
}

/** @returns undefined where no rule is about the repository */
export async function planFor(
  planning: Planning,
  repository: RepositoryName,
  timing: Timing,
): Promise<RetentionPlan | undefined> {
  const { index, rules } = planning;
  const rule = rules.find((one) => one.retention !== undefined && matchesAny(one.match, repository));
  if (rule?.retention === undefined) return undefined;
  const decision = decide({
    ...timing,
    retention: rule.retention,
    tags: await allTags(planning, repository, timing),
    immutable: deciding(rules, repository, 'immutableTags') ?? [],
    countedSinceMs: await index.pulls.countedSinceMs(),
  });
  return { repository, entry: rule.match.map(({ text }) => text).join(', '), decision };
}

async function allTags(
  { index, pace }: Planning,
  repository: RepositoryName,
  { nowMs, isPast = false }: Timing,
): Promise<TagFacts[]> {
  const all: TagFacts[] = [];
  const pages = pagesOf(pace, async (page) => {
    const tags = await (isPast
      ? index.retention.tagsAt(repository, nowMs, page)
      : index.retention.tags(repository, page));
    return { tags, next: tags.length < page.limit ? undefined : tags.at(-1)?.tag };
  });
  for await (const { tags } of pages) all.push(...tags);
  return all;
}
