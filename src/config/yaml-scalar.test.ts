import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveScalar } from './yaml-scalar.ts';

/** Each line was answered so by yaml.v2 itself (registry 3.1's copy), decoding into an empty interface. */
describe('resolveScalar', () => {
  it.each(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'])('%s is true', (text) => {
    expect(resolveScalar(text)).toEqual({ kind: 'bool', value: true });
  });

  it.each(['n', 'No', 'FALSE', 'off'])('%s is false', (text) => {
    expect(resolveScalar(text)).toEqual({ kind: 'bool', value: false });
  });

  it.each(['', '~', 'null', 'Null', 'NULL'])('"%s" is null', (text) => {
    expect(resolveScalar(text)).toEqual({ kind: 'null' });
  });

  it.each([
    'yEs',
    'tRue',
    'nULL',
    '12:30',
    '2020-01-01',
    '0x',
    '0o',
    '_1',
    '1d',
    '1,000',
    '.',
    '+',
    '1 2',
    '0x_',
  ])('%s is text', (text) => {
    expect(resolveScalar(text)).toEqual({ kind: 'text', value: text });
  });

  it.each<[string, bigint]>([
    ['0', 0n],
    ['017', 15n],
    ['0o17', 15n],
    ['0x1F', 31n],
    ['-0x10', -16n],
    ['0b11', 3n],
    ['+5', 5n],
    ['1_000', 1000n],
    ['0x_1', 1n],
    ['18446744073709551615', 2n ** 64n - 1n],
  ])('%s is a whole number', (text, value) => {
    expect(resolveScalar(text)).toEqual({ kind: 'int', value });
  });

  it.each<[string, number]>([
    ['08', 8],
    ['1.5', 1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['18446744073709551616', 2 ** 64],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['.nan', Number.NaN],
  ])('%s is a float', (text, value) => {
    expect(resolveScalar(text)).toEqual({ kind: 'float', value });
  });

  it('reads back what a number prints', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        expect(resolveScalar(String(value))).toEqual({ kind: 'int', value });
      }),
    );
  });

  it('leaves text that begins like none of the above alone', () => {
    fc.assert(
      fc.property(fc.string(), (tail) => {
        expect(resolveScalar(`/${tail}`)).toEqual({ kind: 'text', value: `/${tail}` });
      }),
    );
  });
});
