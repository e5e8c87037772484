import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGlob } from './glob.ts';
import { parseGlob } from './glob-parser.ts';
import { globShape } from './glob-shape.ts';
import { readRegex } from './regex.ts';
import type { Shape } from './shape.ts';
import { ShapeSet } from './shape-set.ts';
import { PatternSyntaxError } from './syntax-error.ts';

function found(set: ShapeSet, text: string): ReadonlySet<number> {
  const ids = new Set<number>();
  set.find(text, (id) => ids.add(id));
  return ids;
}

const letters = ['a', 'b', 'k', 's', 'K', 'S', '\u212a', '\u017f', '/', '-', '1', '\n', 'ü', 'Ü', '😀', '7'];
const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
const atom = fc.constantFrom(
  ...letters.map((letter) => letter.replace(/[/-]/, '\\$&')),
  ...['.', '(?s:.)', '[ab]', '[^a/]', '[[:alpha:]]', '\\d', '\\W', '\\pL', '[^\\x00-\\x{10FFFF}]'],
  ...['^', '$', '(?m)^', '(?m:$)', '\\b', '\\B', '\\A', '\\z', '(?i)', '(?-i)', '(?s)', '|', '|'],
);
const regexSource = fc
  .letrec<{ regex: string }>((tie) => ({
    regex: fc
      .array(
        fc.tuple(
          fc.oneof(
            { maxDepth: 3 },
            { weight: 6, arbitrary: atom },
            { weight: 1, arbitrary: tie('regex').map((inner) => `(${inner})`) },
            { weight: 1, arbitrary: tie('regex').map((inner) => `(?i:${inner})`) },
          ),
          fc.constantFrom('', '', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '{0}'),
        ),
        { maxLength: 5 },
      )
      .map((pieces) => pieces.flat().join('')),
  }))
  .regex.filter((source) => {
    try {
      readRegex(source);
      return true;
    } catch (error) {
      if (error instanceof PatternSyntaxError) return false;
      throw error;
    }
  });

describe('what fits has the shape', () => {
  test('of regexes', () => {
    const counts = { fits: 0, shaped: 0, tried: 0 };
    fc.assert(
      fc.property(
        fc.array(regexSource, { minLength: 1, maxLength: 6 }),
        fc.array(text, { maxLength: 6 }),
        (sources, texts) => {
          const regexes = sources.map(readRegex);
          const set = new ShapeSet(regexes.map(({ shape }) => shape));
          for (const one of texts) {
            const ids = found(set, one);
            for (const [id, { regex }] of regexes.entries()) {
              const fits = regex.test(one);
              if (fits) expect(ids, `${JSON.stringify(sources[id])} in ${JSON.stringify(one)}`).toContain(id);
              counts.tried += 1;
              if (fits) counts.fits += 1;
              if (ids.has(id)) counts.shaped += 1;
            }
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(counts.fits).toBeGreaterThan(300);
    // A set that finds everything would be right, and of no use.
    expect(counts.shaped - counts.fits).toBeLessThan(0.15 * counts.tried);
  });

  test('of globs, and nothing else has', () => {
    const glob = fc
      .array(fc.constantFrom('a', 'b', '/', '*', '?', '[ab]', '[^a/]', '\\*', '😀', 'ab'), { maxLength: 5 })
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.array(glob, { minLength: 1, maxLength: 6 }), fc.array(text), (globs, texts) => {
        const set = new ShapeSet(globs.map((one) => globShape(parseGlob(one, [{ text: one, offset: 0 }]))));
        for (const one of texts) {
          const fitting = globs.flatMap((pattern, id) => (compileGlob(pattern)(one) ? [id] : []));
          expect([...found(set, one)].sort(), one).toEqual(fitting);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a shape tells most others apart', () => {
  test.each([
    ['^(team|org)-7-[a-z]+/.*', ['team-7-ab/x', 'org-7-z/'], ['team-8-ab/x', 'xteam-7-ab/x', 'org-7-/']],
    ['.*-7[0-9]{3}$', ['a-7123', '-7000'], ['a-8123', 'a-7123x', 'a-712']],
    ['(?i)^Team7/', ['team7/', 'TEAM7/x'], ['team8/', 'xteam7/']],
    ['a+b+c', ['xaabbcx'], ['acb', 'ab']],
    ['^[a-z]{3,5}-7$', ['abc-7', 'abcde-7'], ['ab-7', 'abcdef-7', 'abc-8']],
    ['(^|/)x(/|$)', ['x', 'a/x', 'x/a', 'a/x/a'], ['ax', 'xa', 'a/xa']],
    ['^\\pL+$', ['äö', '字'], ['1', 'a1', '']],
    ['^(ab)*$', ['', 'abab'], ['aba', 'a']],
    ['^((a|bb)+c?)+$', ['abbca', 'ac'], ['bc', 'cb', '']],
  ])('%s', (source, having, lacking) => {
    const set = new ShapeSet([readRegex(source).shape]);
    for (const one of having) expect(found(set, one), one).toEqual(new Set([0]));
    for (const one of lacking) expect(found(set, one), one).toEqual(new Set());
  });
});

test('a regex that is too large to follow is let pass where it begins alike', () => {
  const set = new ShapeSet(['^(x{50}){19}y', '^z'].map((source) => readRegex(source).shape));
  expect(found(set, 'x'.repeat(1000))).toEqual(new Set([0]));
  expect(found(set, 'z')).toEqual(new Set([1]));
});

test('deep and nested regexes come to an end', () => {
  const sources = [
    `${'('.repeat(500)}a${')'.repeat(500)}`,
    '((a{0,30}){0,30})b',
    '(((a+)+)+)+$',
    '(a|b|c*)*d',
  ];
  const set = new ShapeSet(sources.map((source) => readRegex(source).shape));
  expect(found(set, 'a'.repeat(2000))).toContain(2);
});

test('states are forgotten when there are too many, and what is found stays the same', () => {
  const sources = Array.from({ length: 300 }, (_, number) => `[ab].{${number % 12}}${number}.*[cd]`);
  const regexes = sources.map(readRegex);
  const shapes: Shape[] = regexes.map(({ shape }) => shape);
  const used = new ShapeSet(shapes);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abcd0123456789'), maxLength: 120 }), (one) => {
      const ids = found(used, one);
      for (const [id, { regex }] of regexes.entries()) if (regex.test(one)) expect(ids).toContain(id);
    }),
    { numRuns: 50 },
  );
});
