import { type Acl, type AclRule, compileAcl, findUnreachable } from './policy.ts';
import { AclSyntaxError } from './report.ts';
import { parseStoredRule } from './stored-rule.ts';

/** A rule as a database has it. */
export interface StoredRule {
  /** A whole number, or what stands in its place. */
  readonly seq: unknown;
  /** See `parseStoredRule`. */
  readonly rule: unknown;
}

/** Rules that were read, in their order. */
export interface CompiledRules {
  readonly acl: Acl;
  /** Names the rule at an index of `acl` for the operator. */
  describe(ruleIndex: number): string;
  /** What most likely is a mistake. Sentences without their end. */
  readonly warnings: readonly string[];
}

/** A rule that cannot be used, so that none of them is. The message names it and says why. */
export class StoredRuleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoredRuleError';
  }
}

/**
 * Puts rules into the order of their `seq` and compiles them.
 * @throws StoredRuleError for the first that cannot be used
 */
export function compileStoredRules(stored: readonly StoredRule[]): CompiledRules {
  const sorted = stored
    .map(({ seq, rule }) => ({ seq: seqOf(seq), rule }))
    .toSorted((a, b) => (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0));
  const describe = (index: number): string => `the rule with seq ${sorted[index]?.seq}`;
  const rules = sorted.map(
    ({ rule }, index): AclRule => naming(describe, [index], () => parseStoredRule(rule)),
  );
  const acl = naming(describe, [], () => compileAcl(rules));
  const twice = sorted.flatMap(({ seq }, index) => (sorted[index - 1]?.seq === seq ? [seq] : []));
  return {
    acl,
    describe,
    warnings: [
      ...new Set(
        twice.map((seq) => `several rules have seq ${seq}: which of them is read first is left to chance`),
      ),
      ...findUnreachable(rules).map(
        ({ ruleIndex, hiddenBy }) =>
          `${describe(ruleIndex)} is never reached: ${describe(hiddenBy)} matches whatever it would`,
      ),
      ...acl.warnings.map(
        ({ path: [index, ...path], message }) => `${describe(Number(index))}, ${path.join('.')}: ${message}`,
      ),
    ],
  };
}

function naming<T>(describe: (index: number) => string, around: readonly number[], action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof AclSyntaxError)) throw error;
    const [index, ...path] = [...around, ...error.path];
    const place = path.length === 0 ? '' : `, ${path.join('.')}`;
    throw new StoredRuleError(`${describe(Number(index))}${place}: ${error.message}`);
  }
}

function seqOf(value: unknown): bigint {
  const text = typeof value === 'object' || value === undefined ? '' : String(value);
  if (/^-?\d{1,19}$/.test(text)) return BigInt(text);
  throw new StoredRuleError(
    'a rule has no seq, or one that is no whole number, so that nobody knows its place',
  );
}
