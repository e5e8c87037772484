import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGoDuration } from './duration.ts';

describe('parseGoDuration', () => {
  // From Go's own `time_test.go` list of forms.
  it.each<[string, bigint]>([
    ['0', 0n],
    ['5s', 5_000_000_000n],
    ['-5s', -5_000_000_000n],
    ['+5s', 5_000_000_000n],
    ['5.0s', 5_000_000_000n],
    ['5.s', 5_000_000_000n],
    ['.5s', 500_000_000n],
    ['1.004s', 1_004_000_000n],
    ['10ns', 10n],
    ['12µs', 12_000n],
    ['12μs', 12_000n],
    ['12us', 12_000n],
    ['3h30m', 12_600_000_000_000n],
    ['10.5s4m', 250_500_000_000n],
    ['-2m3.4s', -123_400_000_000n],
    ['0.3333333333333333333h', 1_200_000_000_000n - 1n],
    ['2562047h47m16.854775807s', 9_223_372_036_854_775_807n],
  ])('%s', (text, nanoseconds) => {
    expect(parseGoDuration(text)).toBe(nanoseconds);
  });

  it.each([
    '',
    '3',
    '-',
    's',
    '.',
    '-.',
    '.s',
    '+.s',
    '1d',
    '1 s',
    '1h-1s',
    '9223372036854775808ns',
    '9'.repeat(1e6),
  ])('%.20s is none', (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });

  it('adds its terms', () => {
    const term = fc.tuple(fc.nat(1000), fc.constantFrom('h', 'm', 's', 'ms', 'us', 'ns'));
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 5 }), (terms) => {
        const one = (text: string): bigint => parseGoDuration(text) ?? -1n;
        const texts = terms.map(([count, unit]) => `${count}${unit}`);
        expect(one(texts.join(''))).toBe(texts.reduce((sum, text) => sum + one(text), 0n));
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseGoDuration(text);
      }),
    );
  });
});
