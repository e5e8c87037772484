import { type AclMatch, type AclRule, FIELDS } from './rule.ts';

/** Two rules, by their places in the list, from 0. */
export interface UnreachableRule {
  /** The rule that is never read. */
  readonly ruleIndex: number;
  /** The earlier rule that matches whenever this one would. */
  readonly hiddenBy: number;
}

/**
 * The rules that can never decide, because an earlier one has no conditions or the same ones. It compares the
 * text, so a rule hidden by a wider pattern is not found.
 */
export function findUnreachable(rules: readonly Pick<AclRule, 'match'>[]): readonly UnreachableRule[] {
  const firstByKey = new Map<string, number>();
  const emptyKey = keyOf({});
  return rules.flatMap(({ match }, ruleIndex) => {
    const key = keyOf(match);
    const hiddenBy = firstByKey.get(emptyKey) ?? firstByKey.get(key);
    if (hiddenBy !== undefined) return [{ ruleIndex, hiddenBy }];
    firstByKey.set(key, ruleIndex);
    return [];
  });
}

function keyOf(match: AclMatch): string {
  const texts = FIELDS.map((field) => match[field] ?? null);
  const labels = Object.entries(match.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([texts, match.ip ?? null, labels]);
}
