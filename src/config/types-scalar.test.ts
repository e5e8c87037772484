import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoding } from './decoding.ts';
import { scalarNode } from './node.ts';
import type { Type } from './schema.ts';
import { bool, duration, int, strictText, text } from './types-scalar.ts';

const PLACE = { kind: 'built-in' } as const;

function decode<T>(type: Type<T>, written: string, plain = true): T | undefined {
  const at = Decoding.start(PLACE);
  const value = type.decode(scalarNode(written, PLACE, plain), at);
  expect(value === undefined).toBe(at.problems.length > 0);
  return value;
}

describe('scalar types', () => {
  it('quotes decide between text and number', () => {
    expect(decode(int(), '5')).toBe(5);
    expect(decode(int(), '5', false)).toBeUndefined();
    expect(decode(bool, 'yes')).toBe(true);
    expect(decode(bool, 'yes', false)).toBeUndefined();
    expect(decode(strictText, '5')).toBeUndefined();
    expect(decode(strictText, '5', false)).toBe('5');
    expect(decode(text, 'yes')).toBe('yes');
  });

  it('a whole number may be written as a float, but not with a fraction', () => {
    expect(decode(int(), '1e3')).toBe(1000);
    expect(decode(int(), '08')).toBe(8);
    expect(decode(int(), '1.5')).toBeUndefined();
    expect(decode(int(), '9007199254740993')).toBeUndefined();
  });

  it('durations are milliseconds; a number without unit is nanoseconds or a mistake', () => {
    expect(decode(duration, '1m30s')).toBe(90_000);
    expect(decode(duration, '1.5ms')).toBe(1.5);
    expect(decode(duration, '0')).toBe(0);
    expect(decode(duration, '10000000000')).toBe(10_000);
    expect(decode(duration, '60')).toBeUndefined();
    expect(decode(duration, '60', false)).toBeUndefined();
    expect(decode(duration, '-1s')).toBeUndefined();
  });

  it('any text is either a value or a problem', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (written, plain) => {
        for (const type of [text, strictText, bool, int({ min: 0, max: 9 }), duration]) {
          if (written !== '' || type !== text) decode<unknown>(type, written, plain);
        }
      }),
    );
  });

  it('every whole number is read back', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(decode(int(), String(value))).toBe(value);
        if (value >= 0) expect(decode(int(), `0x${value.toString(16)}`)).toBe(value);
      }),
    );
  });
});
