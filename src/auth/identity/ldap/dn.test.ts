import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bindName, commonNameOf, escapeDnValue, parseDn } from './dn.ts';

test.each([
  ['James "Jim" Smith, III', 'James \\"Jim\\" Smith\\, III'],
  ['#a', '\\#a'],
  [' a ', '\\ a\\ '],
  [' ', '\\ '],
  ['a\0b', 'a\\00b'],
  ['a+b=c<d>e;f\\g', 'a\\+b\\=c\\<d\\>e\\;f\\\\g'],
  ['zoë', 'zoë'],
])('%j as a value is %s', (text, escaped) => {
  expect(escapeDnValue(text)).toBe(escaped);
});

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: fc.constantFrom(...'"+,;<>\\=#\0 aé0f'), minLength: 1 }),
  fc.constantFrom('bob,ou=admins', '$&', `\${account}`, '\\', '\\,', 'a\\20', ' \\ '),
);

test('whatever the account is, it is one value, and the name has as many parts as before', () => {
  fc.assert(
    fc.property(anyText, (account) => {
      expect(parseDn(bindName(`uid=x-\${account},ou=people,dc=example`, account))).toEqual([
        { attribute: 'uid', value: `x-${account}` },
        { attribute: 'ou', value: 'people' },
        { attribute: 'dc', value: 'example' },
      ]);
      expect(parseDn(bindName(`uid=\${account},dc=example`, account))).toEqual([
        { attribute: 'uid', value: account },
        { attribute: 'dc', value: 'example' },
      ]);
    }),
    { numRuns: 2_000 },
  );
});

test("Active Directory's other names take the account as it is", () => {
  expect(bindName(`\${account}@example.com`, 'a+b')).toBe('a+b@example.com');
  expect(bindName(`EXAMPLE\\\${account}`, 'bob')).toBe('EXAMPLE\\bob');
});

describe('the common name', () => {
  test.each([
    ['CN=Docker Admins,OU=Groups,DC=example,DC=com', 'Docker Admins'],
    ['ou=x+cn=both,dc=example', 'both'],
    ['cn=a\\,b\\2b\\c3\\a9,dc=x', 'a,b+é'],
    [' cn = padded , dc=x', 'padded'],
    ['cn=ends with a blank\\ ,dc=x', 'ends with a blank '],
    ['cn=ends with a comma\\,', 'ends with a comma,'],
    ['ou=none,dc=example', 'ou=none,dc=example'],
    ['no name at all', 'no name at all'],
    ['cn=broken,', 'cn=broken,'],
    ['', ''],
  ])('of %j is %j', (dn, name) => {
    expect(commonNameOf(dn)).toBe(name);
  });
});
