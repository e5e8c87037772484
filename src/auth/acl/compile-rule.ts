import { parseNetwork } from '../../ip.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import { checkActions, checkRule } from './check-rule.ts';
import { compileIpPattern } from './ip.ts';
import type { Pattern } from './pattern.ts';
import { type AclPath, AclSyntaxError, type AclWarning } from './report.ts';
import { type AclRequest, type AclRule, FIELDS, type Field, labelValues } from './rule.ts';
import { failureOf, type RuleFailure } from './rule-failure.ts';
import type { RuleNeeds } from './rule-index.ts';
import type { PlacedPattern, Subject } from './rule-parts.ts';
import type { ValuesOf } from './template.ts';
import { valuesFor } from './values.ts';
import { captureWarnings, type FieldPatterns, textWarnings } from './warnings.ts';

/** The conditions of one rule. */
export interface CompiledRule {
  matches(subject: Subject): boolean;
  /** The first condition that does not hold, in docker_auth's order; undefined where the rule matches. */
  failure(subject: Subject): RuleFailure | undefined;
  /** A request that lacks any of this is not matched. */
  readonly needs: RuleNeeds;
  readonly warnings: readonly AclWarning[];
}

/** @throws PatternSyntaxError */
export type CompilePattern = (text: string, about: 'field' | 'label') => Pattern;

type StaticCondition = (subject: Subject) => boolean;
type TemplateCondition = (request: AclRequest, valuesOf: ValuesOf) => boolean;

/**
 * Conditions that need no values from the request come first: they are cheap and mostly decide.
 *
 * @throws AclSyntaxError with a path relative to the rule
 */
export function compileRule(rule: AclRule, compilePattern: CompilePattern): CompiledRule {
  checkRule(rule);
  const patterns = compilePatterns(rule, compilePattern);
  const byField: FieldPatterns = Object.fromEntries(
    patterns.flatMap(({ field, pattern }) => (field === undefined ? [] : [[field, pattern]])),
  );
  const statics: StaticCondition[] = [];
  const templates: TemplateCondition[] = [];
  for (const { pattern, read, field } of patterns) {
    if (pattern.kind === 'static') {
      statics.push(
        field === undefined ? ({ request }) => read(request, pattern.test) : on(field, pattern.test),
      );
    } else {
      templates.push((request, valuesOf) => read(request, (text) => pattern.test(text, valuesOf)));
    }
  }
  const ip = rule.match.ip;
  const inNetwork = ip === undefined ? undefined : located(['match', 'ip'], () => compileIpPattern(ip));
  if (inNetwork !== undefined) statics.unshift(({ address }) => inNetwork(address));
  return {
    matches: all(statics, templates, byField),
    failure: (subject) =>
      failureOf(subject, {
        patterns,
        byField,
        network: ip,
        isInNetwork: inNetwork?.(subject.address) ?? true,
      }),
    needs: {
      network: ip === undefined ? undefined : parseNetwork(ip),
      fields: Object.fromEntries(
        patterns.flatMap(({ field, pattern }) => (field === undefined ? [] : [[field, pattern.needs]])),
      ),
      labels: Object.fromEntries(
        patterns.flatMap(({ field, path, pattern }) =>
          field === undefined ? [[String(path.at(-1)), pattern.needs]] : [],
        ),
      ),
    },
    warnings: [
      ...patterns.flatMap(({ pattern, text, path }) => [
        ...textWarnings(text, path),
        ...captureWarnings(pattern, path, byField),
      ]),
      ...checkActions(rule),
    ],
  };
}

function all(
  statics: readonly StaticCondition[],
  templates: readonly TemplateCondition[],
  patterns: FieldPatterns,
): (subject: Subject) => boolean {
  const [only] = statics;
  if (templates.length === 0 && statics.length === 1 && only !== undefined) return only;
  return (subject) => {
    for (const condition of statics) if (!condition(subject)) return false;
    if (templates.length === 0) return true;
    const valuesOf = valuesFor(subject.request, patterns);
    return templates.every((condition) => condition(subject.request, valuesOf));
  };
}

/** One function for each field, since reading `request[field]` costs more than most tests. */
function on(field: Field, test: (text: string) => boolean): StaticCondition {
  switch (field) {
    case 'account':
      return ({ request }) => test(request.account);
    case 'type':
      return ({ request }) => test(request.type);
    case 'name':
      return ({ request }) => test(request.name);
    case 'service':
      return ({ request }) => test(request.service);
  }
}

function compilePatterns(rule: AclRule, compilePattern: CompilePattern): PlacedPattern[] {
  const patterns: PlacedPattern[] = [];
  for (const field of FIELDS) {
    const text = rule.match[field];
    if (text === undefined) continue;
    const path = ['match', field];
    const pattern = located(path, () => compilePattern(text, 'field'));
    patterns.push({ text, path, pattern, field, read: (request, test) => test(request[field]) });
  }
  for (const [label, text] of Object.entries(rule.match.labels ?? {})) {
    const path = ['match', 'labels', label];
    const pattern = located(path, () => compilePattern(text, 'label'));
    const read: PlacedPattern['read'] = (request, test) =>
      labelValues(request.labels, label).some((v) => test(v));
    patterns.push({ text, path, pattern, field: undefined, read });
  }
  return patterns;
}

function located<T>(path: AclPath, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    throw new AclSyntaxError(error.message, path, { cause: error });
  }
}
