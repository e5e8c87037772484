import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIp } from '../../ip.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import { compileIpPattern } from './ip.ts';

const holds = (pattern: string, ip: string) => compileIpPattern(pattern)(parseIp(ip));

describe('a pattern holds', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.0/8', '127.255.0.2', true],
    ['127.0.0.0/8', '128.0.0.1', false],
    ['10.1.2.3/16', '10.1.255.255', true],
    ['10.0.0.0/9', '10.128.0.0', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['10.0.0.0/08', '10.9.9.9', true],
    ['2001:db8::1', '2001:DB8:0:0::1', true],
    ['2001:db8::1', '2001:db8::2', false],
    ['2001:db8::/48', '2001:db8:0:1::', true],
    ['2001:db8::/48', '2001:db8:1::', false],
    ['2001:db8::/63', '2001:db8:0:1::', true],
    ['::/0', '2001:db8::1', true],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '::1', false],
    ['10.0.0.1', '::ffff:10.0.0.1', true],
    ['10.0.0.0/8', '::ffff:a01:203', true],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['::ffff:10.0.0.0/104', '11.0.0.0', false],
    ['::ffff:0:0/96', '1.2.3.4', true],
    ['::ffff:0:0/95', '1.2.3.4', false],
    ['::1', '::1', true],
    ['::', '::', true],
  ])('%s for %s: %j', (pattern, ip, expected) => {
    expect(holds(pattern, ip)).toBe(expected);
  });

  test('never for an address that is unknown or none', () => {
    expect(compileIpPattern('0.0.0.0/0')(undefined)).toBe(false);
    for (const ip of [
      '',
      'localhost',
      '127.0.0.1:80',
      '127.1',
      '01.2.3.4',
      '[::1]',
      'fe80::1%eth0',
      ' ::1',
      '1.2.3.4\n',
    ]) {
      expect(parseIp(ip), ip).toBeUndefined();
    }
  });
});

test.each([
  '192.168.0.1/100',
  '192.168.0.*',
  'foo',
  '2001:db8::/222',
  '',
  '/8',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/+8',
  '10.0.0.0/8/8',
  '10.0.0.0/ 8',
  '10.0.0.0/1e1',
  '010.0.0.1',
  'fe80::1%eth0',
  'fe80::%eth0/10',
])('%j is refused', (pattern) => {
  expect(() => compileIpPattern(pattern)).toThrow(PatternSyntaxError);
  expect(() => compileIpPattern(pattern)).toThrow(/write for example/);
});

test('a network holds what agrees with it in the first bits', () => {
  const word = fc.integer({ min: 0, max: 0xffff });
  const words = fc.array(word, { minLength: 7, maxLength: 7 });
  const asBits = (address: number[]) => address.map((value) => value.toString(2).padStart(16, '0')).join('');
  const asText = (address: number[]) => address.map((value) => value.toString(16)).join(':');
  fc.assert(
    fc.property(words, words, fc.nat(7), fc.nat(128), (tail, otherTail, common, prefix) => {
      const address = [0x2001, ...tail];
      const other = [0x2001, ...tail.slice(0, common), ...otherTail.slice(common)];
      const expected = asBits(address).slice(0, prefix) === asBits(other).slice(0, prefix);
      expect(holds(`${asText(address)}/${prefix}`, asText(other))).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});
