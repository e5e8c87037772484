import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, attempt, nearly, textOver } from '../../test/support/grammar.ts';
import { parseReference, parseRepositoryName, parseTag } from './reference.ts';

// distribution-spec 1.1, "Pulling manifests", word for word.
const NAME = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const DIGEST = /^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
const SHA_256 = `sha256:${'0'.repeat(64)}`;

describe('repository names', () => {
  test.each([
    'a',
    '0',
    'team/app',
    'a/b/c/d/e/f',
    'a.b',
    'a_b',
    'a__b',
    'a-b',
    'a---b',
    'a.b_c__d-e/f--g',
    'v2/blobs/uploads/manifests/tags/list',
    'a'.repeat(255),
  ])('takes %j', (text) => {
    expect(parseRepositoryName(text)).toBe(text);
  });

  test.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    'A',
    'team/App',
    'a..b',
    'a._b',
    'a___b',
    'a_-b',
    '-a',
    'a-',
    '.a',
    'a.',
    '_a',
    'a_',
    '..',
    'a/../b',
    '../../etc/passwd',
    'a/./b',
    'a\\b',
    'a b',
    'a\n',
    'a\0',
    'a%2fb',
    'a:b',
    'a@b',
    'localhost:5000/a',
    '_catalog',
    'é',
    'ａ',
    'a'.repeat(256),
  ])('refuses %j', (text) => {
    expect(() => parseRepositoryName(text)).toThrow(expect.objectContaining({ kind: 'repository' }));
  });

  test('takes what the specification’s grammar takes, up to 255 characters, and nothing else', () => {
    const valid = fc.stringMatching(NAME);
    fc.assert(
      fc.property(fc.oneof(valid, nearly(valid), textOver('a0._-/A'), anyText()), (text) => {
        const parsed = attempt(() => parseRepositoryName(text), 'repository');
        expect(parsed).toBe(NAME.test(text) && text.length <= 255 ? text : undefined);
      }),
      { numRuns: 500 },
    );
  });

  test('decides on texts that make a careless pattern backtrack', () => {
    // 255 characters; the pattern alone would be tried on longer ones.
    for (const evil of ['a-'.repeat(127), 'a/'.repeat(127), `${'a'.repeat(254)}!`, `a${'-'.repeat(254)}`]) {
      expect(attempt(() => parseRepositoryName(evil), 'repository')).toBeUndefined();
    }
  });

  test('says what is wrong', () => {
    expect(() => parseRepositoryName('a'.repeat(256))).toThrow(
      'the repository name has 256 characters; 255 are allowed',
    );
    expect(() => parseRepositoryName('Team/App')).toThrow(
      /^"Team\/App" is not a repository name: .*lower-case/,
    );
  });
});

describe('tags', () => {
  test.each(['latest', 'v1.2.3', '_', 'A', '0', 'a.-_', 'sha256-abc', 'a'.repeat(128)])(
    'takes %j',
    (text) => {
      expect(parseTag(text)).toBe(text);
    },
  );

  test.each(['', '.a', '-a', 'a'.repeat(129), 'a/b', 'a:b', 'a b', 'a\n', 'a+b', 'é', '..', '%2e'])(
    'refuses %j',
    (text) => {
      expect(() => parseTag(text)).toThrow(expect.objectContaining({ kind: 'tag' }));
    },
  );

  test('takes what the specification’s grammar takes, and nothing else', () => {
    const valid = fc.stringMatching(TAG);
    fc.assert(
      fc.property(fc.oneof(valid, nearly(valid), textOver('aZ0._-/:+', 140), anyText()), (text) => {
        expect(attempt(() => parseTag(text), 'tag')).toBe(TAG.test(text) ? text : undefined);
      }),
      { numRuns: 500 },
    );
  });
});

describe('references', () => {
  test('tells a tag from a digest', () => {
    expect(parseReference('latest')).toEqual({ kind: 'tag', tag: 'latest' });
    expect(parseReference(SHA_256)).toEqual({ kind: 'digest', digest: SHA_256 });
    expect(parseReference('sha256-abc')).toEqual({ kind: 'tag', tag: 'sha256-abc' });
    expect(parseReference('0'.repeat(64))).toEqual({ kind: 'tag', tag: '0'.repeat(64) });
  });

  test.each([
    'sha256:baddigeststring',
    'sha256:',
    ':',
    'latest:',
    `md5:${'0'.repeat(32)}`,
    SHA_256.toUpperCase(),
  ])('%j is a digest gone wrong, since a tag has no colon', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ kind: 'digest' }));
  });

  test.each(['', '-a', 'a/b', 'a'.repeat(129)])('%j is a tag gone wrong', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ kind: 'tag' }));
  });

  test('every tag and every digest reads back, and nothing else is read', () => {
    const valid = fc.oneof(fc.stringMatching(TAG), fc.stringMatching(DIGEST));
    fc.assert(
      fc.property(fc.oneof(valid, nearly(valid), textOver('sha256:-'), anyText()), (text) => {
        const parsed = attempt(() => parseReference(text), 'tag', 'digest');
        const kind = DIGEST.test(text) ? 'digest' : TAG.test(text) ? 'tag' : undefined;
        expect(parsed).toEqual(kind && { kind, [kind]: text });
      }),
      { numRuns: 500 },
    );
  });
});
