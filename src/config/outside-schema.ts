import type { Decoding } from './decoding.ts';
import { type Field, withDefault } from './schema.ts';
import { duration, int } from './types-scalar.ts';

/** What a question to something outside of Berth may take. */
export interface OutsideLimits {
  readonly timeoutMs: number;
  /** So many are asked at a time. */
  readonly maxConcurrent: number;
  /** So many more wait for their turn. */
  readonly maxWaiting: number;
  /** How long an answer is used again for the same question; 0: never. */
  readonly cacheMs: number;
}

interface OutsideFields {
  readonly timeout: Field<number>;
  readonly max_concurrent: Field<number>;
  readonly max_waiting: Field<number>;
  readonly cache: Field<number>;
}

type OutsideValues = { readonly [K in keyof OutsideFields]: number };

/** Each question to a plugin has a thread of its own. */
const THREADS = { usual: 4, most: 64 };
const QUESTIONS = { usual: 16, most: 1_000 };

function outsideFields(concurrent: { usual: number; most: number }, cache: Field<number>): OutsideFields {
  return {
    timeout: withDefault(
      duration,
      "Berth's own: the longest that an answer may take; then the request fails.",
      10_000,
      '10s',
    ),
    max_concurrent: withDefault(
      int({ min: 1, max: concurrent.most }),
      "Berth's own: so many are asked at a time; the others wait for their turn.",
      concurrent.usual,
    ),
    max_waiting: withDefault(
      int({ min: 0, max: 100_000 }),
      "Berth's own: so many may wait; whoever comes then gets 429 at once.",
      64,
    ),
    cache,
  };
}

const loginCache = withDefault(
  duration,
  "Berth's own: how long a login that was accepted is not asked about again; one that was refused, at most 5s; 0s: always ask.",
  60_000,
  '1m',
);

const ruleCache = withDefault(
  duration,
  "Berth's own: how long an answer holds for exactly the same question; 0s: always ask.",
  5_000,
  '5s',
);

/** The keys of sections that ask a program or service for accounts. */
export const loginLimits = outsideFields(QUESTIONS, loginCache);

/** The same for rules: an answer lives longer in the token that it decides. */
export const ruleLimits = outsideFields(QUESTIONS, ruleCache);

/** The same for plugins. */
export const pluginLoginLimits = outsideFields(THREADS, loginCache);
export const pluginRuleLimits = outsideFields(THREADS, ruleCache);

/** The decoded keys; a timeout of nothing could never be met. */
export function limitsOf(values: OutsideValues, at: Decoding): OutsideLimits {
  if (values.timeout <= 0) at.report(`${at.name}: "timeout" must be longer than nothing; write 10s`);
  return {
    timeoutMs: Math.ceil(values.timeout),
    maxConcurrent: values.max_concurrent,
    maxWaiting: values.max_waiting,
    cacheMs: Math.ceil(values.cache),
  };
}
