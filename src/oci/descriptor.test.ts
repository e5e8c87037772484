import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attempt } from '../../test/support/grammar.ts';
import { isRecord, parseDescriptor } from './descriptor.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const VALID = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: DIGEST, size: 1234 };

describe('what is read', () => {
  test('the type, the digest and the size', () => {
    expect(parseDescriptor(VALID, 'config')).toEqual({
      mediaType: VALID.mediaType,
      digest: DIGEST,
      sizeBytes: 1234,
      urls: [],
    });
  });

  test('sha512, an empty blob, and the largest size that a number holds', () => {
    const digest = `sha512:${'b'.repeat(128)}`;
    expect(parseDescriptor({ ...VALID, digest, size: 0 }, 'config')).toMatchObject({ digest, sizeBytes: 0 });
    const size = Number.MAX_SAFE_INTEGER;
    expect(parseDescriptor({ ...VALID, size }, 'config').sizeBytes).toBe(size);
  });

  test('urls; null is none', () => {
    const urls = ['https://example.test/layer', ''];
    expect(parseDescriptor({ ...VALID, urls }, 'config').urls).toEqual(urls);
    expect(parseDescriptor({ ...VALID, urls: [] }, 'config').urls).toEqual([]);
    expect(parseDescriptor({ ...VALID, urls: null }, 'config').urls).toEqual([]);
  });

  test('members that Berth does not act on may be anything', () => {
    const more = { platform: 5, annotations: [], data: '!', artifactType: {}, 'x-own': null, toString: 1 };
    expect(parseDescriptor({ ...VALID, ...more }, 'config')).toEqual(parseDescriptor(VALID, 'config'));
  });
});

describe('what is refused', () => {
  const whole = 'layers[2] must be a descriptor, an object with mediaType, digest and size';
  test.each<[unknown, string]>([
    [undefined, whole],
    [null, whole],
    [5, whole],
    ['text', whole],
    [[], whole],
    [[VALID], whole],
    [{}, 'layers[2].mediaType must be a text'],
    [{ ...VALID, mediaType: undefined }, 'layers[2].mediaType must be a text'],
    [{ ...VALID, mediaType: null }, 'layers[2].mediaType must be a text'],
    [{ ...VALID, mediaType: '' }, 'layers[2].mediaType must be a text'],
    [{ ...VALID, mediaType: ['a'] }, 'layers[2].mediaType must be a text'],
    [{ ...VALID, digest: undefined }, 'layers[2].digest must be a sha256 or sha512 digest'],
    [{ ...VALID, digest: null }, 'layers[2].digest must be a sha256 or sha512 digest'],
    [{ ...VALID, digest: [DIGEST] }, 'layers[2].digest must be a sha256 or sha512 digest'],
    [{ ...VALID, digest: '' }, 'layers[2].digest must be a sha256 or sha512 digest'],
    [{ ...VALID, digest: DIGEST.toUpperCase() }, 'layers[2].digest must be a sha256 or sha512 digest'],
    [{ ...VALID, digest: `md5:${'0'.repeat(32)}` }, 'layers[2].digest must be a sha256 or sha512 digest'],
    [{ ...VALID, digest: `${DIGEST}/../x` }, 'layers[2].digest must be a sha256 or sha512 digest'],
    [{ ...VALID, size: undefined }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: null }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: '1234' }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: -1 }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: 1.5 }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: 1e300 }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: Number.MAX_SAFE_INTEGER + 1 }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: Number.NaN }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, size: Number.POSITIVE_INFINITY }, 'layers[2].size must be a whole number of bytes'],
    [{ ...VALID, urls: 'https://example.test' }, 'layers[2].urls must be a list of texts'],
    [{ ...VALID, urls: {} }, 'layers[2].urls must be a list of texts'],
    [{ ...VALID, urls: [1] }, 'layers[2].urls must be a list of texts'],
    [{ ...VALID, urls: ['https://example.test', null] }, 'layers[2].urls must be a list of texts'],
  ])('%j: %s', (value, message) => {
    expect(() => parseDescriptor(value, 'layers[2]')).toThrow(
      expect.objectContaining({ kind: 'manifest', message }),
    );
  });

  test('anything else that is not a descriptor, always by the same kind of error', () => {
    const nearlyOne = fc.record(
      {
        mediaType: fc.oneof(fc.constant(VALID.mediaType), fc.jsonValue()),
        digest: fc.oneof(fc.constant(DIGEST), fc.jsonValue()),
        size: fc.oneof(fc.nat(), fc.jsonValue()),
        urls: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(nearlyOne, fc.anything()), (value) => {
        const parsed = attempt(() => parseDescriptor(value, 'x'), 'manifest');
        if (parsed === undefined) return;
        expect(parsed.digest).toMatch(/^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/);
        expect(parsed.mediaType).not.toBe('');
        expect(Number.isSafeInteger(parsed.sizeBytes) && parsed.sizeBytes >= 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test('a record is an object that is no list', () => {
  expect([{}, Object.create(null), JSON.parse('{"__proto__": 1}')].every(isRecord)).toBe(true);
  expect([null, undefined, [], 1, 'a', true, () => 1].some(isRecord)).toBe(false);
});
