import type { JWTPayload } from 'jose';
import { isRecord } from '../../oci/descriptor.ts';
import type { NamePattern } from '../../pattern/name-pattern.ts';

/** Whose tokens of an issuer are whom here. */
export interface WorkloadRule {
  /** The account, for rules. */
  readonly account: string;
  /** What `sub` must be; undefined: anything. */
  readonly subject: NamePattern | undefined;
  /** What other claims must be: each is there, and fits. */
  readonly claims: readonly (readonly [string, NamePattern])[];
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Labels whose values are those of a claim. */
  readonly labelClaims: readonly (readonly [string, string])[];
}

const MAX_VALUES = 100;

/** The values of a claim as texts; `a/b` is `b` inside of `a`, where there is no claim of that whole name. */
export function valuesOf(payload: JWTPayload, claim: string): string[] {
  let value: unknown = own(payload, claim);
  if (value === undefined) {
    value = payload;
    for (const part of claim.split('/')) value = isRecord(value) ? own(value, part) : undefined;
  }
  return [value]
    .flat()
    .slice(0, MAX_VALUES)
    .filter((one) => typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean')
    .map(String);
}

function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Whether a rule is for whom a token is about. */
export function fitsRule(rule: WorkloadRule, payload: JWTPayload): boolean {
  if (rule.subject !== undefined && !valuesOf(payload, 'sub').some((sub) => rule.subject?.test(sub))) {
    return false;
  }
  return rule.claims.every(([claim, pattern]) =>
    valuesOf(payload, claim).some((value) => pattern.test(value)),
  );
}

/** The labels that a rule gives to whom a token is about. */
export function labelsOf(
  { labels, labelClaims }: WorkloadRule,
  payload: JWTPayload,
): Readonly<Record<string, readonly string[]>> {
  const taken = labelClaims.map(([label, claim]) => [label, valuesOf(payload, claim)] as const);
  return { ...labels, ...Object.fromEntries(taken) };
}
