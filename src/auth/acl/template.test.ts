import { describe, expect, test } from 'vitest';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import { findMissingDollar, parseTemplate } from './template.ts';

const parse = (pattern: string, dialect: 'glob' | 'regex' = 'glob', allowsLabels = true) =>
  parseTemplate(pattern, pattern, 0, { dialect, allowsLabels });

test('a pattern is split at its placeholders', () => {
  expect(parse(`a\${account}/\${name:02}\${labels:a:b}*`)).toEqual([
    { text: 'a', offset: 0 },
    { placeholder: { kind: 'field', field: 'account' }, source: `\${account}`, offset: 1 },
    { text: '/', offset: 11 },
    { placeholder: { kind: 'capture', field: 'name', group: 2 }, source: `\${name:02}`, offset: 12 },
    { placeholder: { kind: 'label', label: 'a:b' }, source: `\${labels:a:b}`, offset: 22 },
    { text: '*', offset: 35 },
  ]);
  expect(parse(`\${labels:1}`)).toMatchObject([{ placeholder: { kind: 'label', label: '1' } }]);
  expect(parse('')).toEqual([]);
});

describe('refused, with what to write', () => {
  test.each([
    ['unknown', `x/\${acount}`, 2],
    ['a field no pattern is about', `\${ip}`, 0],
    ['a group of no field', `\${ip:1}`, 0],
    ['a group that is no number', `\${account:x}`, 0],
    ['an inherited name', `\${constructor}`, 0],
    ['a label without name', `\${labels:}`, 0],
    ['a capital', `\${Account}`, 0],
    ['nothing', `\${}`, 0],
    ['unclosed', `a/\${account/*`, 2],
    ['behind a backslash', `a\\\${account}`, 1],
  ])('%s: %s', (_, pattern, offset) => {
    expect(() => parse(pattern)).toThrow(PatternSyntaxError);
    expect(() => parse(pattern)).toThrow(expect.objectContaining({ offset }));
    expect(() => parse(pattern)).toThrow(/write|remove/);
  });

  test('labels where they are matched themselves', () => {
    expect(() => parse(`\${labels:a}`, 'glob', false)).toThrow(/cannot be used in a pattern for labels/);
  });
});

test('what is no placeholder is text', () => {
  for (const pattern of ['$', '{account}', '$account', `\\\${`, `\\\${other}`, '\\\\$', 'a$b{c}']) {
    expect(parse(pattern)).toEqual([{ text: pattern, offset: 0 }]);
  }
  // The end of the text, twice.
  expect(parse(`a\${2}`, 'regex')).toHaveLength(1);
  expect(parse(`a\${1,}`, 'regex')).toHaveLength(1);
  expect(parse(`\\\\\${account}`)).toHaveLength(2);
});

test('a forgotten dollar is found', () => {
  expect(findMissingDollar(`\${labels:project}-{labels:tier}/*`)).toBe('{labels:tier}');
  expect(findMissingDollar('{account:1}/*')).toBe('{account:1}');
  expect(findMissingDollar(`\${account}/{other}`)).toBeUndefined();
});
