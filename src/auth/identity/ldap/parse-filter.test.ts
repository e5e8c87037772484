import fc from 'fast-check';
import * as ldapts from 'ldapts';
import { describe, expect, test } from 'vitest';
import { type Filter, fillFilter, inChain, placeholdersOf, type Template } from './filter.ts';
import { filterFor } from './ldapts-filter.ts';
import { FilterSyntaxError, parseFilter } from './parse-filter.ts';

const ACCOUNT = ['account'] as const;

describe('reads RFC 4515', () => {
  test.each<[string, Filter<Template>]>([
    ['(cn=Babs Jensen)', { kind: 'equal', attribute: 'cn', value: ['Babs Jensen'] }],
    ['(!(cn=Tim Howes))', { kind: 'not', part: { kind: 'equal', attribute: 'cn', value: ['Tim Howes'] } }],
    ['(seeAlso=)', { kind: 'equal', attribute: 'seeAlso', value: [] }],
    ['(mail=*)', { kind: 'present', attribute: 'mail' }],
    ['(a>=1)', { kind: 'greater', attribute: 'a', value: ['1'] }],
    ['(a<=1)', { kind: 'less', attribute: 'a', value: ['1'] }],
    ['(a~=x=y)', { kind: 'approximate', attribute: 'a', value: ['x=y'] }],
    ['(o=Parens R Us \\28for all\\29)', { kind: 'equal', attribute: 'o', value: ['Parens R Us (for all)'] }],
    ['(sn=Lu\\c4\\8di\\c4\\87)', { kind: 'equal', attribute: 'sn', value: ['Lučić'] }],
    [
      '(o=univ*of*mich*)',
      {
        kind: 'substring',
        attribute: 'o',
        pieces: { initial: ['univ'], any: [['of'], ['mich']], final: undefined },
      },
    ],
    [
      '(cn=*\\2A*)',
      { kind: 'substring', attribute: 'cn', pieces: { initial: undefined, any: [['*']], final: undefined } },
    ],
    [
      '(cn:caseExactMatch:=Fred)',
      { kind: 'extensible', attribute: 'cn', rule: 'caseExactMatch', dnAttributes: false, value: ['Fred'] },
    ],
    ['(o:dn:=Ace)', { kind: 'extensible', attribute: 'o', rule: '', dnAttributes: true, value: ['Ace'] }],
    [
      '(:DN:2.4.6.8.10:=D)',
      { kind: 'extensible', attribute: '', rule: '2.4.6.8.10', dnAttributes: true, value: ['D'] },
    ],
    ['(2.5.4.3;lang-en=x)', { kind: 'equal', attribute: '2.5.4.3;lang-en', value: ['x'] }],
    ['(&)', { kind: 'and', parts: [] }],
    [
      `  (& (uid=a-\${account}) \n (b=1) )`,
      {
        kind: 'and',
        parts: [
          { kind: 'equal', attribute: 'uid', value: ['a-', { placeholder: 'account' }] },
          { kind: 'equal', attribute: 'b', value: ['1'] },
        ],
      },
    ],
  ])('%s', (text, filter) => {
    expect(parseFilter(text, ACCOUNT)).toEqual(filter);
  });
});

test.each([
  ['', 'has no "(" at its end'],
  ['uid=x', 'has no "(" before "uid=x"'],
  ['(uid=x', 'has no ")" at its end'],
  ['(&(uid=x)', 'has no ")" at its end'],
  ['(uid=x))', 'goes on behind its end: ")"'],
  ['(uid=x)(mail=y)', 'goes on behind its end: "(mail=y)"; put several conditions into (&…)'],
  ['(&uid=x)', 'has no ")" before "uid=x)"'],
  ['(uid=a(b)', 'has no ")" before "(b)"'],
  ['(uid)', 'has "(uid)", where a condition such as (uid=…) is due'],
  ['(=x)', 'has "" where the name of an attribute is due'],
  ['(u id=x)', 'has "u id" where the name of an attribute is due'],
  [`(\${account}=x)`, `has "\${account}" where the name of an attribute is due`],
  [`(uid=\${user})`, `has the unknown placeholder "\${user}"; there is \${account}`],
  [`(uid=\${dn})`, `has the unknown placeholder "\${dn}"; there is \${account}`],
  ['(uid=a\\*)', 'has a backslash that no two hexadecimal digits follow, in "a\\\\"; write \\5c'],
  ['(uid=\\ff)', 'has bytes that are not UTF-8'],
  ['(uid=a**b)', 'has two asterisks side by side'],
  ['(:=x)', 'has "" in front of ":="'],
  ['(a:b:c:=x)', 'has "a:b:c" in front of ":="'],
  [`${'(!'.repeat(1000)}(a=b)${')'.repeat(1000)}`, 'is nested deeper than 50 levels'],
])('refuses %s', (text, message) => {
  expect(() => parseFilter(text, ACCOUNT)).toThrow(FilterSyntaxError);
  expect(() => parseFilter(text, ACCOUNT)).toThrow(message);
});

test('Active Directory goes up by itself where the name of an entry is compared', () => {
  const filter = parseFilter(`(&(objectClass=group)(|(member=\${dn})(x=a\${dn})))`, ['dn']);
  expect(inChain(filter)).toEqual(
    parseFilter(`(&(objectClass=group)(|(member:1.2.840.113556.1.4.1941:=\${dn})(x=a\${dn})))`, ['dn']),
  );
  expect(placeholdersOf(filter)).toEqual(new Set(['dn']));
});

/** What a directory would read, from the bytes that are sent. */
function asReceived(filter: Filter<string>): ldapts.Filter {
  const writer = new ldapts.BerWriter();
  filterFor(ldapts, filter).write(writer);
  return ldapts.FilterParser.parse(new ldapts.BerReader(writer.buffer));
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({ unit: fc.constantFrom(...`*()\\&|!=<>~:\${}acount,+"\0é `), minLength: 1 }),
  fc.constantFrom('*', '*)(uid=*', 'x)(|(a=*', '\\2a', `\${account}`, `\${dn}`, '$&', "$'", 'a\\'),
);

describe('whatever the account is', () => {
  // A lone half of a pair is no character, and reaches the directory as the sign for that.
  const encoded = (text: string) => Buffer.from(text).toString('utf8');

  test('it is one value, and the filter stays what it is', () => {
    const template = parseFilter(
      `(&(uid=\${account})(|(mail=\${account}@example.com)(cn=a*\${account}*))(!(x:rule:=\${account}))(y>=\${account}))`,
      ACCOUNT,
    );
    fc.assert(
      fc.property(anyText, (account) => {
        const value = encoded(account);
        const [uid, either, not, greater] = (
          asReceived(fillFilter(template, { account })) as ldapts.AndFilter
        ).filters;
        expect(uid).toMatchObject({ attribute: 'uid', value });
        const [mail, cn] = (either as ldapts.OrFilter).filters;
        expect(mail).toMatchObject({ attribute: 'mail', value: `${value}@example.com` });
        expect(cn).toMatchObject({ attribute: 'cn', initial: 'a', any: [value], final: '' });
        expect((not as ldapts.NotFilter).filter).toMatchObject({ matchType: 'x', rule: 'rule', value });
        expect(greater).toMatchObject({ attribute: 'y', value });
      }),
      { numRuns: 1_000 },
    );
  });

  test('what is filled in is not looked at again', () => {
    const template = parseFilter(`(&(member=\${dn})(memberUid=\${account}))`, ['dn', 'account']);
    fc.assert(
      fc.property(anyText, anyText, (account, dn) => {
        expect(fillFilter(template, { account, dn })).toEqual({
          kind: 'and',
          parts: [
            { kind: 'equal', attribute: 'member', value: dn },
            { kind: 'equal', attribute: 'memberUid', value: account },
          ],
        });
      }),
    );
  });
});

test('any text is a filter or a clause that says why not', () => {
  const pieces = fc.constantFrom(
    '(',
    ')',
    '&',
    '|',
    '!',
    'uid',
    '=',
    '*',
    `\${account}`,
    '\\2a',
    '\\',
    ':',
    ' ',
    'é',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      try {
        asReceived(fillFilter(parseFilter(parts.join(''), ACCOUNT), { account: 'x' }));
      } catch (error) {
        expect(error).toBeInstanceOf(FilterSyntaxError);
      }
    }),
    { numRuns: 2_000 },
  );
});
