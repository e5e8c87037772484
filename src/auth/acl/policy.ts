import { parseIp } from '../../ip.ts';
import { grantedActions } from './actions.ts';
import { type CompilePattern, compileRule } from './compile-rule.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { createRegexCache, type RegexCache } from './regex-cache.ts';
import { AclSyntaxError, type AclWarning } from './report.ts';
import type { AclRequest, AclRule } from './rule.ts';
import type { RuleFailure } from './rule-failure.ts';
import { indexRules } from './rule-index.ts';
import type { Subject } from './rule-parts.ts';

export { type RuleFaults, ruleFaults } from './faults.ts';
export { AclSyntaxError, type AclWarning } from './report.ts';
export type { AclMatch, AclRequest, AclRule } from './rule.ts';
export type { RuleFailure } from './rule-failure.ts';
export { findUnreachable } from './unreachable.ts';

export interface AclOptions {
  /** Regex groups and label values in patterns are patterns themselves, as in docker_auth. Default: literal text. */
  readonly unquotedPlaceholders?: boolean | undefined;
}

/** The first rule that matched, and what it leaves of the actions asked for. */
export interface AclDecision {
  /** From 0, in the list that was compiled. */
  readonly ruleIndex: number;
  /** Empty when the rule denies. */
  readonly granted: readonly string[];
}

/** How a decision came about. */
export interface AclExplanation {
  readonly decision: AclDecision | 'no-match';
  /** For each rule before the one that decided, in order, why it does not match. */
  readonly passedOver: readonly RuleFailure[];
}

export interface Acl {
  /**
   * The first rule that matches decides; later ones are not read.
   *
   * @throws AclLimitError when an account's labels give too many combinations to decide
   */
  authorize(request: AclRequest): AclDecision | 'no-match';
  /**
   * The same, one rule after the other up to the one that decides: why each did not match.
   *
   * @throws AclLimitError
   */
  explain(request: AclRequest): AclExplanation;
  /** What compiles and most likely is a mistake. */
  readonly warnings: readonly AclWarning[];
}

/** How many regexes that were completed by a request's values are kept at least. */
const MIN_CACHED_REGEXES = 512;

/**
 * Compiles docker_auth's `acl`. Bad globs, unknown placeholders and unknown conditions are errors, where
 * docker_auth ignores them.
 *
 * @throws AclSyntaxError for the first fault
 */
export function compileAcl(rules: readonly AclRule[], options: AclOptions = {}): Acl {
  // One for each rule, or a walk from the first to the last would drop every entry before its next use.
  const cache = createRegexCache(Math.max(MIN_CACHED_REGEXES, rules.length));
  const compileOnce = patternCompiler(cache, options.unquotedPlaceholders ?? false);
  const compiled = rules.map((rule, index) => ({
    rule,
    ...inRule(index, () => compileRule(rule, compileOnce)),
  }));
  const mayMatch = indexRules(compiled.map(({ needs }) => needs));
  const decisionOf = (ruleIndex: number | undefined, { actions }: AclRequest): AclDecision | 'no-match' => {
    const decided = ruleIndex === undefined ? undefined : compiled[ruleIndex];
    if (ruleIndex === undefined || decided === undefined) return 'no-match';
    return { ruleIndex, granted: grantedActions(decided.rule.actions, actions) };
  };
  return {
    warnings: compiled.flatMap(({ warnings }, index) =>
      warnings.map(({ path, message }) => ({ path: [index, ...path], message })),
    ),
    authorize(request) {
      const subject = subjectOf(request);
      return decisionOf(
        mayMatch(request, subject.address).find((index) => compiled[index]?.matches(subject) ?? false),
        request,
      );
    },
    explain(request) {
      const subject = subjectOf(request);
      const passedOver: RuleFailure[] = [];
      for (const { failure } of compiled) {
        const failed = failure(subject);
        if (failed === undefined) return { decision: decisionOf(passedOver.length, request), passedOver };
        passedOver.push(failed);
      }
      return { decision: 'no-match', passedOver };
    },
  };
}

/** Rules share the patterns that are written alike. */
function patternCompiler(cache: RegexCache, unquotedPlaceholders: boolean): CompilePattern {
  const known = { field: new Map<string, Pattern>(), label: new Map<string, Pattern>() };
  return (text, about) => {
    const pattern =
      known[about].get(text) ??
      compilePattern(text, {
        cache,
        allowsLabels: about === 'field',
        unquotedPlaceholders,
      });
    known[about].set(text, pattern);
    return pattern;
  };
}

function subjectOf(request: AclRequest): Subject {
  return { request, address: request.ip === undefined ? undefined : parseIp(request.ip) };
}

function inRule<T>(index: number, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof AclSyntaxError)) throw error;
    throw new AclSyntaxError(error.message, [index, ...error.path], { cause: error.cause });
  }
}
