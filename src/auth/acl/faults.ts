import { type CompilePattern, compileRule } from './compile-rule.ts';
import { compilePattern } from './pattern.ts';
import { createRegexCache } from './regex-cache.ts';
import { AclSyntaxError, type AclWarning } from './report.ts';
import { type AclMatch, type AclRule, FIELDS } from './rule.ts';

/** What is wrong with one rule, with paths relative to it. */
export interface RuleFaults {
  /** Each condition that cannot be compiled. */
  readonly faults: readonly AclSyntaxError[];
  /** What compiles and most likely is a mistake; nothing where there are faults. */
  readonly warnings: readonly AclWarning[];
}

/** Everything that is wrong with a rule, where `compileAcl` ends at the first fault. */
export function ruleFaults(rule: AclRule): RuleFaults {
  const cache = createRegexCache(1);
  const compile: CompilePattern = (text, about) =>
    compilePattern(text, { cache, allowsLabels: about === 'field', unquotedPlaceholders: false });
  try {
    return { faults: [], warnings: compileRule(rule, compile).warnings };
  } catch (error) {
    if (!(error instanceof AclSyntaxError)) throw error;
    const faults = conditionsOf(rule.match).flatMap((match): AclSyntaxError[] => {
      try {
        compileRule({ ...rule, match }, compile);
        return [];
      } catch (one) {
        if (one instanceof AclSyntaxError) return [one];
        throw one;
      }
    });
    return { faults: faults.length === 0 ? [error] : faults, warnings: [] };
  }
}

/** Each condition alone. */
function conditionsOf({ labels = {}, ...match }: AclMatch): readonly AclMatch[] {
  return [
    ...[...FIELDS, 'ip' as const].map((field): AclMatch => ({ [field]: match[field] })),
    ...Object.entries(labels).map(([label, pattern]): AclMatch => ({ labels: { [label]: pattern } })),
  ];
}
