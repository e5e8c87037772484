import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSize } from './size.ts';

test.each([
  ['0', 0],
  ['5000000', 5_000_000],
  ['12B', 12],
  ['50GB', 50_000_000_000],
  ['50 gb', 50_000_000_000],
  ['10GiB', 10_737_418_240],
  ['1.5KB', 1500],
  ['0.5KiB', 512],
  ['2TiB', 2_199_023_255_552],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  ['50G', 'does not say which unit: write 50GB (1000 each) or 50GiB (1024 each)'],
  ['50Gi', 'does not say which unit: write 50GB (1000 each) or 50GiB (1024 each)'],
  ['50XB', 'has the unit XB'],
  ['1.0001kB', 'must be a whole number of bytes'],
  ['-1', 'must be a size'],
  ['1e3', 'must be a size'],
  ['GB', 'must be a size'],
  ['1,5GB', 'must be a size'],
  ['9PiB', 'must be at most 9PB'],
  ['constructor', 'must be a size'],
  ['1constructor', 'has the unit constructor'],
])('%s %s', (text, message) => {
  expect(parseSize(text)).toEqual({ wrong: expect.stringContaining(message) });
});

test('a size with a unit is exact', () => {
  fc.assert(
    fc.property(
      fc.nat(9_000_000),
      fc.constantFrom(['kB', 1000], ['MiB', 1024 ** 2], ['MB', 1000 ** 2]),
      (n, [unit, factor]) => {
        expect(parseSize(`${n}${unit}`)).toBe(n * Number(factor));
      },
    ),
  );
});
