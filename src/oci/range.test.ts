import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, attempt, nearly, textOver } from '../../test/support/grammar.ts';
import { parseContentRange, parseRanges } from './range.ts';

describe('Range', () => {
  // The requests of the OCI conformance suite, on a blob of 1500 bytes or fewer than its positions.
  test.each([
    ['bytes=0-0', 1, 0, 0],
    ['bytes=0-499', 1500, 0, 499],
    ['bytes=500-1499', 2000, 500, 1499],
    ['bytes=500-', 2000, 500, 1999],
    ['bytes=-500', 2000, 1500, 1999],
    ['bytes=-1', 2000, 1999, 1999],
    ['bytes=1000-5000', 1500, 1000, 1499],
    ['bytes=1999-1999', 2000, 1999, 1999],
    ['bytes=0-', 2000, 0, 1999],
    ['bytes=-5000', 2000, 0, 1999],
    ['BYTES=1-2', 2000, 1, 2],
    ['bytes= 1-2 ', 2000, 1, 2],
    ['bytes=00-01', 2000, 0, 1],
    [`bytes=0-${'9'.repeat(400)}`, 2000, 0, 1999],
    [`bytes=-${'9'.repeat(400)}`, 2000, 0, 1999],
  ])('%j of %i bytes is %i to %i', (header, size, first, last) => {
    expect(parseRanges(header, size)).toEqual([{ first, last }]);
  });

  test.each([
    ['bytes=500-0', 2000],
    ['bytes=2000-', 2000],
    ['bytes=2000-5000', 2000],
    ['bytes=5000-10000', 2000],
    ['bytes=-0', 2000],
    // As registry 2.8.2 answers.
    ['bytes=0-', 0],
    ['bytes=0-499', 0],
    [`bytes=${'9'.repeat(400)}-`, 2000],
  ])('%j of %i bytes holds none of them', (header, size) => {
    expect(() => parseRanges(header, size)).toThrow(expect.objectContaining({ kind: 'range' }));
    expect(() => parseRanges(header, size)).toThrow(`holds none of the ${size} bytes`);
  });

  test.each([
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=1',
    'bytes=1-2-3',
    'bytes=0x1-2',
    'bytes=1.5-2',
    'bytes=--1',
  ])('%j is malformed', (header) => {
    expect(() => parseRanges(header, 2000)).toThrow(expect.objectContaining({ kind: 'range' }));
    expect(() => parseRanges(header, 2000)).toThrow('is not a range: write bytes=FIRST-LAST');
  });

  test.each([
    [
      'bytes=0-1,200-201',
      [
        [0, 1],
        [200, 201],
      ],
    ],
    [
      'bytes= 0-1 , -2 ,',
      [
        [0, 1],
        [1998, 1999],
      ],
    ],
    ['bytes=0-,', [[0, 1999]]],
    // Apart by less than a part's header, touching, overlapping, within each other.
    ['bytes=0-1,3-4', [[0, 4]]],
    ['bytes=0-99,100-199', [[0, 199]]],
    [
      'bytes=500-600,0-1,550-700',
      [
        [500, 700],
        [0, 1],
      ],
    ],
    ['bytes=0-1,300-301,0-1999', [[0, 1999]]],
    // In the order asked for, without those that hold nothing.
    [
      'bytes=900-901,0-1,5000-6000,9-3',
      [
        [900, 901],
        [0, 1],
      ],
    ],
  ])('%j is several ranges', (header, ranges) => {
    expect(parseRanges(header, 2000)).toEqual(ranges.map(([first, last]) => ({ first, last })));
  });

  test('of several that hold none of the bytes is refused', () => {
    expect(() => parseRanges('bytes=2000-,3000-4000', 2000)).toThrow('holds none of the 2000 bytes');
    expect(() => parseRanges('bytes=0-1,x', 2000)).toThrow('is not a range');
  });

  test('of more than 16 pieces is answered with the whole body (RFC 9110, section 14.2)', () => {
    const list = (count: number) =>
      `bytes=${Array.from({ length: count }, (_, position) => `${position * 100}-${position * 100}`).join(',')}`;
    expect(parseRanges(list(16), 100_000)).toHaveLength(16);
    expect(parseRanges(list(17), 100_000)).toBeUndefined();
    expect(parseRanges(list(101), 100_000)).toBeUndefined();
    // Pieces that are one are counted once.
    expect(parseRanges(`bytes=${'0-1,'.repeat(99)}0-1`, 100)).toEqual([{ first: 0, last: 1 }]);
  });

  test('of the empty body, a suffix is the whole of it', () => {
    expect(parseRanges('bytes=-5', 0)).toBeUndefined();
    expect(() => parseRanges('bytes=-0', 0)).toThrow('holds none of the 0 bytes');
  });

  test.each([undefined, '', 'items=0-1', 'bytes', '0-499'])(
    '%j is answered with the whole body',
    (header) => {
      expect(parseRanges(header, 2000)).toBeUndefined();
    },
  );

  test('lies within the body, whatever is asked for', () => {
    const position = fc.oneof(fc.nat(3000).map(String), fc.constant(''), fc.stringMatching(/^\d{1,30}$/));
    const well = fc.tuple(position, position).map(([from, to]) => `bytes=${from}-${to}`);
    fc.assert(
      fc.property(
        fc.oneof(well, nearly(well), textOver('bytes=0123,- '), anyText()),
        fc.nat(2000),
        (header, size) => {
          const ranges = attempt(() => parseRanges(header, size), 'range') ?? [];
          for (const range of ranges) {
            expect(Number.isSafeInteger(range.first) && Number.isSafeInteger(range.last)).toBe(true);
            expect(range.first).toBeGreaterThanOrEqual(0);
            expect(range.last).toBeGreaterThanOrEqual(range.first);
            expect(range.last).toBeLessThan(size);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of several holds every byte that one of them asks for, once', () => {
    const one = fc.tuple(fc.nat(999), fc.nat(999)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), (asked) => {
        const found = parseRanges(`bytes=${asked.map(([a, b]) => `${a}-${b}`).join(',')}`, 1000) ?? [];
        for (const [first, last] of asked) {
          expect(found.filter((range) => range.first <= first && last <= range.last)).toHaveLength(1);
        }
        const inOrder = found.toSorted((a, b) => a.first - b.first);
        for (const [position, range] of inOrder.entries()) {
          expect(range.first).toBeGreaterThan(
            (inOrder[position - 1]?.last ?? -1) + (position === 0 ? 0 : 80),
          );
        }
      }),
    );
  });

  test('is the bytes that RFC 9110 means', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 60 }), (first, last, size) => {
        const body = Array.from({ length: size }, (_, position) => position);
        const bytesOf = (header: string) => {
          const ranges = attempt(() => parseRanges(header, size), 'range');
          return ranges?.flatMap((range) => body.slice(range.first, range.last + 1));
        };
        const orNone = (bytes: number[]) => (bytes.length > 0 ? bytes : undefined);
        expect(bytesOf(`bytes=${first}-${last}`)).toEqual(orNone(body.slice(first, last + 1)));
        expect(bytesOf(`bytes=${first}-`)).toEqual(orNone(body.slice(first)));
        expect(bytesOf(`bytes=-${last}`)).toEqual(last === 0 ? undefined : body.slice(-last));
      }),
    );
  });
});

describe('Content-Range', () => {
  // distribution-spec, "Pushing a blob in chunks".
  const SPEC = /^[0-9]+-[0-9]+$/;

  test.each([
    ['0-0', 0, 0],
    ['0-1023', 0, 1023],
    ['1024-2047', 1024, 2047],
    ['bytes 0-99', 0, 99],
    ['bytes 0-99/100', 0, 99],
    ['bytes 0-99/*', 0, 99],
    ['0-999999999999999', 0, 999_999_999_999_999],
  ])('%j is %i to %i', (header, first, last) => {
    expect(parseContentRange(header)).toEqual({ first, last });
  });

  test.each([
    '',
    '-',
    '0-',
    '-5',
    '5',
    '10-5',
    'a-b',
    '0 - 5',
    ' 0-5',
    '0-5 ',
    '0-5\n',
    'bytes=0-5',
    'bytes */100',
    'items 0-5',
    '0-5,7-9',
    '0x1-0x2',
    '1e3-2e3',
    '0-5/',
    `0-${'9'.repeat(20)}`,
  ])('refuses %j', (header) => {
    expect(() => parseContentRange(header)).toThrow(expect.objectContaining({ kind: 'content-range' }));
  });

  test('reads back', () => {
    const position = fc.integer({ min: 0, max: 999_999_999_999_999 });
    fc.assert(
      fc.property(position, position, (one, other) => {
        const [first, last] = one <= other ? [one, other] : [other, one];
        expect(parseContentRange(`${first}-${last}`)).toEqual({ first, last });
      }),
    );
  });

  test('takes what the specification’s grammar takes, where it makes sense, and HTTP’s additions to it', () => {
    const http = /^(?:bytes )?(\d+-\d+)(\/(\d+|\*))?$/;
    const valid = fc.oneof(
      fc.stringMatching(/^\d{1,15}-\d{1,15}$/),
      fc.stringMatching(/^bytes \d{1,9}-\d{1,9}\/\d{1,9}$/),
    );
    fc.assert(
      fc.property(fc.oneof(valid, nearly(valid), textOver('0129-/* bytes'), anyText()), (header) => {
        const range = attempt(() => parseContentRange(header), 'content-range');
        const plain = SPEC.test(header) ? header : http.exec(header)?.[1];
        if (range !== undefined) {
          expect(plain?.split('-').map(Number)).toEqual([range.first, range.last]);
          expect(range.first).toBeLessThanOrEqual(range.last);
        } else if (SPEC.test(header)) {
          const [first = 0, last = 0] = header.split('-').map(Number);
          expect(first > last || /\d{16}/.test(header)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
