import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileNamePattern } from './name-pattern.ts';
import { PatternSyntaxError } from './syntax-error.ts';

describe('what a pattern fits', () => {
  test.each([
    ['**', 'a', true],
    ['**', 'a/b/c', true],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['ci/*', 'ci/a', true],
    ['ci/*', 'ci/a/b', false],
    ['ci/**', 'ci/a/b', true],
    ['ci/**', 'ci', false],
    ['ci/**', 'cider/a', false],
    ['**/app', 'app', true],
    ['**/app', 'a/b/app', true],
    ['**/app', 'a/b/myapp', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['a/**/z', 'a/z/b', false],
    ['**/a/**', 'a', false],
    ['**/a/**', 'x/a/a', true],
    ['team-?/x', 'team-1/x', true],
    ['team-[0-9]/x', 'team-a/x', false],
    ['team-[^0-9]/x', 'team-a/x', true],
    ['v*', 'v1.2', true],
    ['v*', 'rev1', false],
    ['v\\*', 'v*', true],
    ['/^release-/', 'release-1', true],
    ['/release/', 'my-release-1', true],
    ['/^release$/', 'release-1', false],
  ])('%s, %s: %s', (pattern, name, fits) => {
    expect(compileNamePattern(pattern).test(name)).toBe(fits);
  });
});

describe('what is no pattern', () => {
  test.each([
    ['ci**', /\*\* beside other characters: it stands alone between slashes.*character 3/],
    ['a/b**/c', /character 4 of "a\/b\*\*\/c"/],
    ['***', /stands alone/],
    ['[!a]', /write \[\^/],
    ['a/[b', /\[ is never closed.*character 3/],
    ['a[b/c]', /\[ is never closed/],
    ['a\\', /a backslash with nothing after it/],
    ['/(?=a)/', /no look-around/],
  ])('%s', (pattern, message) => {
    expect(() => compileNamePattern(pattern)).toThrow(message);
    expect(() => compileNamePattern(pattern)).toThrow(PatternSyntaxError);
  });
});

test('a pattern without wildcards names one thing', () => {
  expect(compileNamePattern('a/b.c').literal).toBe('a/b.c');
  expect(compileNamePattern('a/\\*').literal).toBe('a/*');
  for (const text of ['a/*', '**', 'a?', '[a]', '/a/']) {
    expect(compileNamePattern(text).literal).toBeUndefined();
  }
});

/** Tries every way to share the name among the parts of the pattern. */
function naive(pattern: readonly string[], name: string): boolean {
  const [part, ...rest] = pattern;
  if (part === undefined) return name === '';
  const takes = (fits: (taken: string) => boolean): boolean =>
    Array.from({ length: name.length + 1 }, (_, length) => length).some(
      (length) => fits(name.slice(0, length)) && naive(rest, name.slice(length)),
    );
  switch (part) {
    case '*':
      return takes((taken) => !taken.includes('/'));
    case '?':
      return takes((taken) => taken.length === 1 && taken !== '/');
    case '[ab]':
      return takes((taken) => taken === 'a' || taken === 'b');
    case '[^ab]':
      return takes((taken) => taken.length === 1 && !'ab/'.includes(taken));
    case '**/':
      return takes((taken) => taken === '' || taken.endsWith('/'));
    case '**':
      return name !== '' && rest.length === 0;
    default:
      return takes((taken) => taken === part);
  }
}

/** A pattern in parts that the naive matcher knows; `**` takes the slash behind it along. */
const patternParts = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 1, arbitrary: fc.constant(['**/']) },
        {
          weight: 3,
          arbitrary: fc
            .array(fc.constantFrom('*', '?', 'a', 'b', 'c', '[ab]', '[^ab]'), { minLength: 1, maxLength: 4 })
            // Two stars beside each other would be another thing.
            .map((parts) => [...parts.filter((part, at) => part !== '*' || parts[at - 1] !== '*'), '/']),
        },
      ),
      { maxLength: 4 },
    ),
    fc.constantFrom(['**'], ['*'], ['a'], ['*', 'b'], ['a', '*', 'a']),
  )
  .map(([segments, last]) => [...segments.flat(), ...last]);

const name = fc
  .array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((segments) => segments.join('/'));

test('it fits what a search through all possibilities finds', () => {
  let fitting = 0;
  fc.assert(
    fc.property(patternParts, name, (parts, subject) => {
      const fits = naive(parts, subject);
      if (fits) fitting += 1;
      expect(compileNamePattern(parts.join('')).test(subject)).toBe(fits);
    }),
    { numRuns: 3000 },
  );
  // Otherwise the property would say little.
  expect(fitting).toBeGreaterThan(100);
});

test('many stars against a long name are decided at once', () => {
  const pattern = compileNamePattern(`${'**/a*a*a/'.repeat(20)}b`);
  expect(pattern.test(`${'aaaaaaaaaa/'.repeat(20)}c`)).toBe(false);
});
