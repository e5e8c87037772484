import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGlob, GlobSyntaxError, quoteGlob } from './glob.ts';

describe('the case table of Go’s path.Match', () => {
  test.each([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'abc', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^b-d]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['a[^a][^a][^a]b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', 'x', true],
    ['[x\\-]', '-', true],
    ['[x\\-]', 'z', false],
    ['[\\-x]', 'x', true],
    ['[\\-x]', '-', true],
    ['[\\-x]', 'a', false],
    ['*x', 'xxx', true],
  ])('%j on %j: %j', (pattern, name, expected) => {
    expect(compileGlob(pattern)(name)).toBe(expected);
  });

  test.each([
    ['[]a]', 1],
    ['[-]', 1],
    ['[x-]', 3],
    ['[-x]', 1],
    ['\\', 0],
    ['[a-b-c]', 4],
    ['[', 0],
    ['[^', 0],
    ['[^bc', 0],
    ['a[', 1],
    ['a/b[', 3],
    ['x*[^]a', 4],
    ['abc*d\\', 5],
    ['[a-]*', 3],
    ['[a\\', 0],
  ])('%j is refused at %i', (pattern, offset) => {
    const refused = expect(() => compileGlob(pattern));
    refused.toThrow(GlobSyntaxError);
    refused.toThrow(expect.objectContaining({ code: 'GLOB_SYNTAX', pattern, offset }));
    refused.toThrow(/write/);
  });
});

describe('as Go answered when asked', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['**', 'a', true],
    ['**', 'a/b', false],
    ['*/', 'a/', true],
    ['[^a]', '/', true],
    ['[z-a]', 'b', false],
    ['[^^]', 'a', true],
    ['a]b', 'a]b', true],
    ['[[]', '[', true],
    ['*[^b]/*Z', 'x//Z', false],
    ['\\a', 'a', true],
    ['*', 'line\nline\0', true],
    ['?', '😀', true],
  ])('%j on %j: %j', (pattern, name, expected) => {
    expect(compileGlob(pattern)(name)).toBe(expected);
  });
});

test('a star never ends inside a character, which it does in Go', () => {
  expect(compileGlob('*??')('☺')).toBe(false);
});

test('a quoted text matches itself and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, other) => {
      const matches = compileGlob(quoteGlob(text));
      expect(matches(text)).toBe(true);
      expect(matches(other)).toBe(other === text);
    }),
  );
});

test('stars and marks match what a simple regex does', () => {
  const alphabet = fc.constantFrom('a', 'b', '/', '*', '?');
  const pattern = fc.string({ unit: alphabet, maxLength: 10 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 });
  fc.assert(
    fc.property(pattern, name, (glob, text) => {
      const source = glob.replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
      expect(compileGlob(glob)(text)).toBe(new RegExp(`^${source}$`).test(text));
    }),
    { numRuns: 2000 },
  );
});

test('any pattern compiles or is refused, and any name is decided', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('[', ']', '^', '-', '\\', '*', '?', '/', 'a', '😀', '\0', '\n'),
  });
  fc.assert(
    fc.property(nasty, nasty, (pattern, name) => {
      try {
        expect(compileGlob(pattern)(name)).toBeTypeOf('boolean');
      } catch (error) {
        expect(error).toBeInstanceOf(GlobSyntaxError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('patterns that cost a backtracking matcher years are decided', () => {
  const name = 'a'.repeat(20_000);
  expect(compileGlob(`${'a*'.repeat(50)}b`)(name)).toBe(false);
  expect(compileGlob(`${'*?'.repeat(50)}b`)(name)).toBe(false);
  expect(compileGlob(`${'*[^b]'.repeat(50)}b`)(name)).toBe(false);
});
