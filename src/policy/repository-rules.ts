import { matchesAny, type NamePattern } from '../pattern/name-pattern.ts';
import type { Retention } from './retention.ts';

/** What repositories may hold; undefined: as much as they like. */
export interface Quota {
  readonly maxBytes: number | undefined;
  readonly maxTags: number | undefined;
  /** The limits are for all repositories together for which the entry decides, and not for each of them. */
  readonly isShared: boolean;
}

/** One entry of `repositories` in the configuration. A concern that is undefined is left to a later entry. */
export interface RepositoryRule {
  /** The entry is for repositories that any of these fits. */
  readonly match: readonly NamePattern[];
  /** Tags that never move once they are set; none where the list is empty. */
  readonly immutableTags: readonly NamePattern[] | undefined;
  readonly quota: Quota | undefined;
  readonly retention: Retention | undefined;
}

/** What an entry can decide. Another one is another property of {@link RepositoryRule} and another name here. */
export const CONCERNS = [
  'immutableTags',
  'quota',
  'retention',
] as const satisfies readonly (keyof RepositoryRule)[];

export type Concern = (typeof CONCERNS)[number];

/** For each concern, the first entry decides that fits the repository and has the concern. @returns its place */
export function decidingEntry(
  rules: readonly RepositoryRule[],
  repository: string,
  concern: Concern,
): number | undefined {
  const found = rules.findIndex((rule) => rule[concern] !== undefined && matchesAny(rule.match, repository));
  return found < 0 ? undefined : found;
}

/** What it decides; undefined where no entry does. */
export function decide<C extends Concern>(
  rules: readonly RepositoryRule[],
  repository: string,
  concern: C,
): RepositoryRule[C] {
  return rules[decidingEntry(rules, repository, concern) ?? -1]?.[concern];
}

/** A concern of an entry that never decides anything, by places in the list from 0. */
export interface Unreachable {
  readonly ruleIndex: number;
  readonly concern: Concern;
  /** The earlier entry that has the concern and fits what this one fits. */
  readonly hiddenBy: number;
}

/**
 * The concerns that can never decide, because earlier entries have them for everything, for the same patterns, or for
 * the names that this one spells out. A pattern that only a wider one hides is not found.
 */
export function findUnreachable(rules: readonly RepositoryRule[]): readonly Unreachable[] {
  return rules.flatMap((rule, ruleIndex) =>
    CONCERNS.filter((concern) => rule[concern] !== undefined).flatMap((concern) => {
      const hiding = rule.match.map((pattern) =>
        rules.findIndex(
          (earlier, index) =>
            index < ruleIndex &&
            earlier[concern] !== undefined &&
            earlier.match.some((wider) => covers(wider, pattern)),
        ),
      );
      const hiddenBy = Math.max(...hiding);
      return hiding.includes(-1) ? [] : [{ ruleIndex, concern, hiddenBy }];
    }),
  );
}

function covers(wider: NamePattern, pattern: NamePattern): boolean {
  if (wider.text === '**' || wider.text === pattern.text) return true;
  return pattern.literal !== undefined && wider.test(pattern.literal);
}
