import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from './suggest.ts';

const HTTP = ['addr', 'net', 'prefix', 'host', 'secret', 'relativeurls', 'draintimeout', 'headers', 'tls'];

describe('suggest', () => {
  it.each([
    ['adress', 'addr'],
    ['address', 'addr'],
    ['header', 'headers'],
    ['relativeUrls', 'relativeurls'],
    ['drain_timeout', 'draintimeout'],
    ['hots', 'host'],
  ])('%s → %s', (written, meant) => {
    expect(suggest(written, HTTP)).toBe(meant);
  });

  it.each(['', 'zzz', 'completely-different', 'x'.repeat(10_000)])('%.20s is like none', (written) => {
    expect(suggest(written, HTTP)).toBeUndefined();
  });

  it('does not guess between two that begin alike', () => {
    expect(suggest('tokens_db_path', ['tokenfile', 'tokenpath'])).toBeUndefined();
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'abcd', 1],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
  ])('%s %s = %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
