import type { Pattern } from './pattern.ts';
import type { AclPath } from './report.ts';
import { type AclRequest, labelValues } from './rule.ts';
import type { PlacedPattern, Subject } from './rule-parts.ts';
import type { Placeholder } from './template.ts';
import { valuesFor } from './values.ts';
import type { FieldPatterns } from './warnings.ts';

/** Why a rule does not match a request: the first of its conditions that does not hold. */
export interface RuleFailure {
  /** Relative to the rule: `['match', 'account']`. */
  readonly path: AclPath;
  /** As written. */
  readonly pattern: string;
  /** What it was held against; none where the request has no such thing. */
  readonly values: readonly string[];
  /** What its placeholders stood for. */
  readonly placeholders: readonly PlaceholderValue[];
}

/** What a placeholder stood for: nothing, or one or several values. */
export interface PlaceholderValue {
  /** As written: `${account:1}`. */
  readonly source: string;
  readonly values: readonly string[];
}

interface Conditions {
  readonly patterns: readonly PlacedPattern[];
  readonly byField: FieldPatterns;
  readonly network: string | undefined;
  readonly isInNetwork: boolean;
}

/** Evaluates a rule plainly, one condition after the other. */
export function failureOf(
  { request }: Subject,
  { patterns, byField, network, isInNetwork }: Conditions,
): RuleFailure | undefined {
  const valuesOf = valuesFor(request, byField);
  const failing = (ofLabels: boolean): PlacedPattern | undefined =>
    patterns
      .filter(({ field }) => (field === undefined) === ofLabels)
      .find(
        ({ pattern, read }) =>
          !read(request, (text) =>
            pattern.kind === 'static' ? pattern.test(text) : pattern.test(text, valuesOf),
          ),
      );
  const ofField = failing(false);
  if (ofField === undefined && network !== undefined && !isInNetwork) {
    const values = request.ip === undefined ? [] : [request.ip];
    return { path: ['match', 'ip'], pattern: network, values, placeholders: [] };
  }
  const failed = ofField ?? failing(true);
  if (failed === undefined) return undefined;
  const { path, text, pattern } = failed;
  return {
    path,
    pattern: text,
    values: valuesHeld(request, failed),
    placeholders: placeholdersOf(pattern, valuesOf),
  };
}

function valuesHeld(request: AclRequest, { field, path }: PlacedPattern): readonly string[] {
  return field === undefined ? labelValues(request.labels, String(path.at(-1))) : [request[field]];
}

function placeholdersOf(
  pattern: Pattern,
  valuesOf: (placeholder: Placeholder) => readonly string[],
): readonly PlaceholderValue[] {
  if (pattern.kind === 'static') return [];
  const bySource = new Map(
    pattern.placeholders.map(({ source, placeholder }) => [source, valuesOf(placeholder)]),
  );
  return [...bySource].map(([source, values]) => ({ source, values }));
}
