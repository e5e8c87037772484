import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGlob, quoteGlob } from '../../pattern/glob.ts';
import { compileRegex, quoteRegex } from '../../pattern/regex.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import { AclLimitError } from './combinations.ts';
import { compilePattern } from './pattern.ts';
import { createRegexCache } from './regex-cache.ts';

interface Given {
  readonly account?: string;
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly groups?: readonly string[];
}

function compile(text: string, unquotedPlaceholders = false) {
  const pattern = compilePattern(text, {
    cache: createRegexCache(8),
    allowsLabels: true,
    unquotedPlaceholders,
  });
  return (subject: string, { account = 'bob', labels = {}, groups = [] }: Given = {}) =>
    pattern.test(subject, (placeholder) => {
      if (placeholder.kind === 'field') return [account];
      if (placeholder.kind === 'label') return labels[placeholder.label] ?? [];
      const group = groups[placeholder.group - 1];
      return group === undefined ? [] : [group];
    });
}

describe('what is a regex', () => {
  test.each([
    ['/admin/', 'notadmin', true],
    ['/^admin$/', 'notadmin', false],
    ['/admin1|admin2/', 'xadmin2x', true],
    ['/^admin$/', 'admin\n', false],
    ['/^.*$/', 'a\nb', false],
    ['/(?P<x>a)/', 'a', true],
    ['//', '//', true],
    ['//', 'a', false],
    ['/', '/', true],
    ['/a', '/a', true],
    ['/a', 'a', false],
    ['a/', 'a/', true],
    ['/a/b/', 'xa/bx', true],
    ['/./', '', false],
    ['', '', true],
    ['', 'a', false],
  ])('%s on %j: %j', (pattern, subject, expected) => {
    expect(compile(pattern)(subject)).toBe(expected);
  });
});

describe('values are literal', () => {
  const values = [
    '*',
    '?',
    'a.b',
    '[a-z]',
    '\\',
    '\\E.*\\Q',
    '.*',
    'a|b',
    '(',
    'x{2}',
    '3',
    '^',
    '$',
    '/.*/',
    '/',
    '$&',
    'é😀',
  ];

  test.each(values)('%j in a field, a group, a label, and in every pattern', (value) => {
    const given = { account: value, groups: [value], labels: { team: [value] } };
    for (const source of [`\${account}`, `\${account:1}`, `\${labels:team}`]) {
      for (const template of [`${source}/*`, `/^${source}\\/.*$/`, `/^\\Q${source}\\E\\/.*$/`]) {
        expect(compile(template)(`${value}/app`, given), template).toBe(true);
        expect(compile(template)('other/app', given), template).toBe(false);
        expect(compile(template)('a/app', given), template).toBe(false);
      }
    }
  });

  test('the slashes of a value make no regex', () => {
    expect(compile(`\${account}`)('axb', { account: '/x/' })).toBe(false);
    expect(compile(`/\${account}`)('axb', { account: 'x/' })).toBe(false);
    expect(compile(`\${labels:a}`)('axb', { labels: { a: ['/x/'] } })).toBe(false);
  });

  test('a value is no part of what stands before it', () => {
    expect(compile(`/^x{\${account}}$/`)('xxx', { account: '3' })).toBe(false);
    expect(compile(`/^x{\${account}}$/`)('x{3}', { account: '3' })).toBe(true);
    expect(compile(`/^\\0\${account}$/`)('\n', { account: '12' })).toBe(false);
  });

  test('for any value and subject, a template is the pattern with the quoted value', () => {
    const piece = fc.constantFrom('a', 'b', '/', '*', '?', '[^a]', '\\*');
    const texts = fc.array(piece, { maxLength: 4 }).map((list) => list.join(''));
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '/', '*', '\\', '[', ']', '.', '-', '1'),
      maxLength: 4,
    });
    const subject = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });
    fc.assert(
      fc.property(texts, texts, text, subject, (before, after, account, rest) => {
        const name = rest.replace('b', account);
        const whole = `x${before}\${account}${after}`;
        const expected = compileGlob(`x${before}${quoteGlob(account)}${after}`)(`x${name}`);
        expect(compile(whole)(`x${name}`, { account })).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('a quoted text is a regex for itself only', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    fc.assert(
      fc.property(text, text, (value, other) => {
        const regex = compileRegex(`^x{${quoteRegex(value)}}$`);
        expect(regex.test(`x{${value}}`)).toBe(true);
        expect(regex.test(`x{${other}}`)).toBe(other === value);
      }),
    );
  });
});

describe('a placeholder without value', () => {
  test.each([`\${labels:x}`, `\${account:1}`])('%s never matches', (source) => {
    for (const pattern of [
      `*${source}`,
      `/${source}/`,
      `/^${source}*$/`,
      `/^(${source})+$/`,
      `/^\\Q${source}\\E?$/`,
    ]) {
      for (const unquoted of [false, true]) {
        expect(compile(pattern, unquoted)(''), pattern).toBe(false);
        expect(compile(pattern, unquoted)(source), pattern).toBe(false);
        expect(compile(pattern, unquoted)('a'), pattern).toBe(false);
      }
    }
  });

  test('leaves the other branches of a regex', () => {
    const matches = compile(`/^(\${labels:x}|public)\\//`);
    expect(matches('public/a')).toBe(true);
    expect(matches('team/a')).toBe(false);
    expect(matches('team/a', { labels: { x: ['no', 'team'] } })).toBe(true);
  });

  test('but an empty value is a value', () => {
    expect(compile(`\${account}/*`)('/x', { account: '' })).toBe(true);
    expect(compile(`/\${account}/`)('anything', { account: '' })).toBe(false);
    expect(compile(`/\${labels:a}/`)('anything', { labels: { a: ['', 'x'] } })).toBe(false);
    expect(compile(`/\${account}/`)('//', { account: '' })).toBe(true);
    expect(compile(`*\${account}*b`)('aab', { account: '' })).toBe(true);
  });
});

describe('labels', () => {
  test('one label stands for the same value at each place', () => {
    const labels = { a: ['x', 'y'], b: ['1', '2'] };
    for (const pattern of [
      `\${labels:a}/\${labels:a}-\${labels:b}`,
      `/^\${labels:a}\\/\${labels:a}-\${labels:b}$/`,
    ]) {
      expect(compile(pattern)('y/y-2', { labels })).toBe(true);
      expect(compile(pattern)('x/y-2', { labels })).toBe(false);
    }
  });

  test('a quantifier belongs to the last letter, and case may be ignored', () => {
    expect(compile(`/^\${labels:a}+$/`)('devvv', { labels: { a: ['x', 'dev'] } })).toBe(true);
    expect(compile(`/^\${account}\${labels:a}?$/`)('bobx', { labels: { a: ['xy', 'dev'] } })).toBe(true);
    expect(compile(`/(?i)^\${labels:a}$/`)('DEV', { labels: { a: ['x', 'dev'] } })).toBe(true);
  });

  test('many labels that do not occur cost nothing', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `team-${index}-`);
    const labels = { a: many, b: many, c: many };
    const source = `\${labels:a}\${labels:b}\${labels:c}`;
    expect(compile(source)('team-1-team-22-team-333-', { labels })).toBe(true);
    expect(compile(`/^${source}$/`)('team-1-team-22-team-333-', { labels })).toBe(true);
    expect(compile(`/^(${source}|x)$/`)('team-1-', { labels })).toBe(false);
  });

  test('too many that do are refused instead of tried', () => {
    const many = Array.from({ length: 100 }, (_, index) => `${index}.`);
    const matches = compile(`\${labels:a}\${labels:b}\${labels:c}x`);
    expect(() => matches(many.join(''), { labels: { a: many, b: many, c: many } })).toThrow(AclLimitError);
  });
});

describe('unquoted, as docker_auth', () => {
  test('groups and labels are patterns, fields are not', () => {
    expect(compile(`\${labels:access}`, true)('test/a', { labels: { access: ['test/*'] } })).toBe(true);
    expect(compile(`\${labels:access}`, true)('xtest', { labels: { access: ['/^x/'] } })).toBe(true);
    expect(compile(`/^\${labels:access}$/`, true)('bb', { labels: { access: ['a|b'] } })).toBe(true);
    expect(compile(`\${account:1}/*`, true)('any/a', { groups: ['*'] })).toBe(true);
    expect(compile(`\${account}/\${labels:a}`, true)('any/a', { account: '*', labels: { a: ['*'] } })).toBe(
      false,
    );
    expect(compile(`\${account}\${labels:a}`, true)('axb', { account: '/x', labels: { a: ['/'] } })).toBe(
      false,
    );
  });

  test('a value that spoils the pattern does not match', () => {
    expect(compile(`\${labels:a}`, true)('[', { labels: { a: ['['] } })).toBe(false);
    expect(compile(`/\${labels:a}/`, true)('(', { labels: { a: ['('] } })).toBe(false);
    expect(compile(`/^(\${labels:a}|public)/`, true)('public', { labels: { a: ['('] } })).toBe(true);
  });
});

test.each([
  `[\${account}]`,
  `[a\${account}`,
  `/[\${account}]/`,
  `/[^]\${account}]/`,
  `/[[:alpha:]\${account}]/`,
  `/(?P<\${account}>x)/`,
  `/\\p{\${account}}/`,
  `/(\${account}/`,
  '/a(?=b)/',
  '/(a)\\1/',
  '/a**/',
])('%s is refused', (pattern) => {
  expect(() => compile(pattern)).toThrow(PatternSyntaxError);
});

test('brackets that are closed, escaped or quoted take a placeholder behind them', () => {
  for (const pattern of [
    `/[]]?\${account}/`,
    `/[^]a]?\${account}/`,
    `/\\[?\${account}/`,
    `/[[:alpha:]]?\${account}/`,
  ]) {
    expect(compile(pattern)('bob'), pattern).toBe(true);
  }
  expect(compile(`/\\Q[\\E\${account}/`)('[bob')).toBe(true);
});

// A matcher that goes back would not come to an end here.
test('huge subjects and values are decided', () => {
  const huge = 'a'.repeat(200_000);
  expect(compile(`*\${account}*b`)(huge, { account: 'a' })).toBe(false);
  expect(compile('/^(a+)+b$/')(huge)).toBe(false);
  expect(compile(`/^(a+)+\${account}b$/`)(huge, { account: 'a' })).toBe(false);
  expect(compile(`\${account}`)(huge, { account: huge })).toBe(true);
});
