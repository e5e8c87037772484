import { expect, test } from 'vitest';
import { parseDigest } from './digest.ts';
import { parseTag } from './reference.ts';
import { isReferrersTag, referrersTag } from './referrers-tag.ts';

// The examples of distribution-spec, "Referrers Tag Schema".
test.each(['sha256', 'sha512'])('of %s is the algorithm and at most 64 characters', (algorithm) => {
  const digest = parseDigest(`${algorithm}:${'a'.repeat(algorithm === 'sha256' ? 64 : 128)}`);
  const tag = referrersTag(digest);
  expect(tag).toBe(`${algorithm}-${'a'.repeat(64)}`);
  expect(parseTag(tag)).toBe(tag);
  expect(isReferrersTag(tag)).toBe(true);
});

test.each([`sha256-${'a'.repeat(63)}`, `sha256-${'a'.repeat(64)}.sig`, `md5-${'a'.repeat(64)}`, 'v1'])(
  '%s is none',
  (text) => {
    expect(isReferrersTag(parseTag(text))).toBe(false);
  },
);
