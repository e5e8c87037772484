import { parseIp } from '../../ip.ts';
import { grantedActions } from './actions.ts';
import { compileRule, type Subject } from './compile-rule.ts';
import { createRegexCache } from './regex-cache.ts';
import { AclSyntaxError, type AclWarning } from './report.ts';
import type { AclRequest, AclRule } from './rule.ts';

export { AclSyntaxError, type AclWarning } from './report.ts';
export type { AclMatch, AclRequest, AclRule } from './rule.ts';
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

export interface Acl {
  /**
   * The first rule that matches decides; later ones are not read.
   *
   * @throws AclLimitError when an account's labels give too many combinations to decide
   */
  authorize(request: AclRequest): AclDecision | 'no-match';
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
  const ruleOptions = {
    // One for each rule, or a walk from the first to the last would drop every entry before its next use.
    cache: createRegexCache(Math.max(MIN_CACHED_REGEXES, rules.length)),
    unquotedPlaceholders: options.unquotedPlaceholders ?? false,
  };
  const compiled = rules.map((rule, index) => ({
    rule,
    ...inRule(index, () => compileRule(rule, ruleOptions)),
  }));
  return {
    warnings: compiled.flatMap(({ warnings }, index) =>
      warnings.map(({ path, message }) => ({ path: [index, ...path], message })),
    ),
    authorize(request) {
      const subject: Subject = {
        request,
        address: request.ip === undefined ? undefined : parseIp(request.ip),
      };
      const ruleIndex = compiled.findIndex(({ matches }) => matches(subject));
      const decided = compiled[ruleIndex];
      if (decided === undefined) return 'no-match';
      return { ruleIndex, granted: grantedActions(decided.rule.actions, request.actions) };
    },
  };
}

function inRule<T>(index: number, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof AclSyntaxError)) throw error;
    throw new AclSyntaxError(error.message, [index, ...error.path], { cause: error.cause });
  }
}
