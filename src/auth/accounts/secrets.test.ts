import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashAccessToken, isAccessToken, newAccessToken } from './secrets.ts';

test('access tokens are known by their prefix, of one length, and never the same', () => {
  const tokens = Array.from({ length: 500 }, newAccessToken);
  for (const { secret, hash } of tokens) {
    expect(secret).toMatch(/^brt_[0-9A-Za-z]{43}$/);
    expect(isAccessToken(secret)).toBe(true);
    expect(hash).toBe(createHash('sha256').update(secret).digest('hex'));
    expect(hashAccessToken(secret)).toBe(hash);
  }
  expect(new Set(tokens.map(({ secret }) => secret)).size).toBe(500);
  expect(new Set(tokens.map(({ id }) => id)).size).toBe(500);
  // The last digits are those that change most: all 62 are among 500 of them.
  expect(new Set(tokens.map(({ secret }) => secret.at(-1))).size).toBe(62);
});

test.each(['brt_', 'brt_short', `BRT_${'a'.repeat(43)}`, `brt_${'a'.repeat(44)}`, `brt_${'a'.repeat(42)}-`])(
  '%s is none',
  (text) => expect(isAccessToken(text)).toBe(false),
);
