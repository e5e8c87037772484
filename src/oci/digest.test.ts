import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, attempt, nearly, textOver } from '../../test/support/grammar.ts';
import { algorithmOf, Digester, digestOf, isDigest, isDigestAlgorithm, parseDigest } from './digest.ts';
import { InvalidValueError } from './invalid.ts';

// image-spec, descriptor.md#digests: the two registered algorithms, each with its own encoding.
const SPEC = /^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
const EMPTY_256 = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const EMPTY_512 =
  'sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e';

describe('reading a digest', () => {
  test.each([EMPTY_256, EMPTY_512])('takes %s', (text) => {
    expect(parseDigest(text)).toBe(text);
    expect(isDigest(text)).toBe(true);
  });

  test.each([
    '',
    'sha256:',
    'sha256',
    'sha256:baddigeststring',
    EMPTY_256.slice(0, -1),
    `${EMPTY_256}0`,
    EMPTY_512.slice(0, -1),
    EMPTY_256.toUpperCase(),
    EMPTY_256.replace('e3b0', 'E3B0'),
    EMPTY_256.replace('sha256', 'SHA256'),
    EMPTY_256.replace('sha256', 'sha512'),
    EMPTY_512.replace('sha512', 'sha256'),
    EMPTY_256.replace('e3b0', 'g3b0'),
    EMPTY_256.replace('sha256', 'sha384'),
    `md5:${'0'.repeat(32)}`,
    `sha256+b64:${'0'.repeat(64)}`,
    ` ${EMPTY_256}`,
    `${EMPTY_256}\n`,
    `${EMPTY_256}\0`,
    `sha256:${'0'.repeat(61)}/..`,
  ])('refuses %j', (text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ kind: 'digest' }));
    expect(isDigest(text)).toBe(false);
  });

  test('takes what the specification’s grammar takes, and nothing else', () => {
    const valid = fc.stringMatching(SPEC);
    fc.assert(
      fc.property(fc.oneof(valid, nearly(valid), textOver('sha2561:af0\n', 140), anyText()), (text) => {
        const parsed = attempt(() => parseDigest(text), 'digest');
        expect(parsed).toBe(SPEC.test(text) ? text : undefined);
        expect(isDigest(text)).toBe(parsed !== undefined);
      }),
    );
  });

  test('says what a digest looks like, and repeats no more than the beginning of what came', () => {
    const refused = () => parseDigest(`${'x'.repeat(100)}secret${'y'.repeat(100_000)}`);
    expect(refused).toThrow(InvalidValueError);
    expect(refused).toThrow(/^"x{100}…" is not a digest: write sha256: and 64, or sha512: and 128, /);
  });
});

test('knows the algorithms', () => {
  expect(['sha256', 'sha512'].filter(isDigestAlgorithm)).toEqual(['sha256', 'sha512']);
  expect(['sha1', 'sha384', 'SHA256', '', 'toString', '__proto__'].filter(isDigestAlgorithm)).toEqual([]);
  expect(algorithmOf(parseDigest(EMPTY_256))).toBe('sha256');
  expect(algorithmOf(parseDigest(EMPTY_512))).toBe('sha512');
});

describe('computing a digest', () => {
  test('of nothing', () => {
    expect(digestOf(Buffer.alloc(0))).toBe(EMPTY_256);
    expect(digestOf(Buffer.alloc(0), 'sha512')).toBe(EMPTY_512);
    expect(new Digester('sha256').digest()).toBe(EMPTY_256);
    expect(new Digester('sha512').digest()).toBe(EMPTY_512);
  });

  test('does not depend on how the bytes are cut, and reads back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('sha256', 'sha512'),
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }),
        (algorithm, pieces) => {
          const digester = new Digester(algorithm);
          for (const piece of pieces) digester.update(piece);
          const whole = Buffer.concat(pieces);
          const expected = `${algorithm}:${createHash(algorithm).update(whole).digest('hex')}`;
          expect(digester.digest()).toBe(expected);
          expect(digestOf(whole, algorithm)).toBe(expected);
          expect(parseDigest(expected)).toBe(expected);
          expect(algorithmOf(digester.digest())).toBe(algorithm);
        },
      ),
    );
  });

  test('goes on after it was asked for', () => {
    const digester = new Digester('sha256');
    digester.update(Buffer.from('a'));
    expect(digester.digest()).toBe(digestOf(Buffer.from('a')));
    expect(digester.digest()).toBe(digestOf(Buffer.from('a')));
    digester.update(Buffer.from('b'));
    expect(digester.digest()).toBe(digestOf(Buffer.from('ab')));
  });
});
