import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AclRequest, type AclRule, AclSyntaxError, compileAcl } from './policy.ts';

/*
 * `authorize` looks only at rules that share something with the request; `explain` tries one after the other, plainly.
 * They must agree on everything.
 */

const word = fc
  .array(fc.constantFrom('abc', 'abcd', 'bc', '/', '-', 'a', '1', 'ü😀'), { maxLength: 3 })
  .map((pieces) => pieces.join(''));
const placeholder = fc
  .constantFrom('account', 'name', 'account:1', 'name:1', 'labels:team', 'labels:none')
  .map((name) => `\${${name}}`);
const globPiece = fc.oneof(
  { weight: 2, arbitrary: word },
  fc.constantFrom('*', '*', '?', '[a-c]', '[^a]', '\\a', '\\*'),
  placeholder,
);
const glob = fc.array(globPiece, { maxLength: 4 }).map((pieces) => pieces.join(''));
const atom = fc.oneof(
  { weight: 5, arbitrary: word.map((text) => text.replaceAll(/[/.]/g, '\\$&')) },
  fc.constantFrom('.', '[abc]', '[^]a]', '[[:alpha:]/]', '\\d', '\\w', '\\b', '$', '^', '\\x61', '\\Qa.\\E'),
  fc.constantFrom('(ab|c)', '(?:a)', '(?i)', '(?i:A)', '(a(b)?[)]c)', '(?P<x>abc)', '|'),
  placeholder,
);
const counted = fc
  .tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,1}', '*?', '+?', '{'))
  .map((pair) => pair.join(''));
const regex = fc
  .tuple(
    fc.constantFrom('', '^'),
    fc.array(counted, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('', '$'),
  )
  .map(([begin, pieces, end]) => `/${begin}${pieces.join('')}${end}/`);
const pattern = fc.oneof(glob, regex, word);
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 1 });
const rule: fc.Arbitrary<AclRule> = fc.record({
  match: fc.record({
    account: optional(pattern),
    name: optional(pattern),
    service: optional(fc.constantFrom('s', 'other', '/s/')),
    ip: optional(fc.constantFrom('10.0.0.1', '10.0.0.0/8', '::/0')),
    labels: optional(fc.record({ team: pattern })),
  }),
  actions: fc.constantFrom(['*'], ['pull'], []),
});
const request: fc.Arbitrary<AclRequest> = fc.record({
  account: word,
  type: fc.constant('repository'),
  name: fc.oneof(
    word,
    fc.tuple(word, word, word).map((words) => words.join('')),
  ),
  service: fc.constantFrom('s', 'other'),
  ip: fc.constantFrom(undefined, '10.0.0.1', '192.0.2.1'),
  labels: fc.oneof(fc.constant({}), fc.record({ team: fc.array(word, { maxLength: 3 }) })),
  actions: fc.constant(['pull', 'push']),
});

/** Leaves out the rules that cannot be compiled. */
function usable(rules: readonly AclRule[]): AclRule[] {
  return rules.filter((one) => {
    try {
      compileAcl([one]);
      return true;
    } catch (error) {
      if (error instanceof AclSyntaxError) return false;
      throw error;
    }
  });
}

describe('the quick and the plain evaluation agree', () => {
  test.each([false, true])('unquoted placeholders: %s', (unquotedPlaceholders) => {
    let matches = 0;
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 12 }),
        fc.array(request, { minLength: 1, maxLength: 8 }),
        (rules, requests) => {
          const acl = compileAcl(usable(rules), { unquotedPlaceholders });
          for (const one of requests) {
            const { decision, passedOver } = acl.explain(one);
            expect(acl.authorize(one)).toEqual(decision);
            if (decision === 'no-match') continue;
            expect(passedOver).toHaveLength(decision.ruleIndex);
            matches += 1;
          }
        },
      ),
      { numRuns: 600 },
    );
    // Two evaluations that never match anything would agree, too.
    expect(matches).toBeGreaterThan(500);
  });
});

test('an explanation tells the condition, the text it was held against, and what placeholders stood for', () => {
  const acl = compileAcl([
    { match: { account: 'eve' }, actions: ['*'] },
    { match: { account: '/^(b.)b$/', name: `\${account:1}/\${labels:team}` }, actions: ['*'] },
    { match: { ip: '10.0.0.0/8' }, actions: ['*'] },
    { match: { labels: { team: 'ops' } }, actions: ['*'] },
    { match: {}, actions: [] },
  ]);
  const { decision, passedOver } = acl.explain({
    account: 'bob',
    type: 'repository',
    name: 'bob/app',
    service: 's',
    ip: '192.0.2.1',
    labels: { team: ['dev', 'qa'] },
    actions: ['pull'],
  });
  expect(decision).toEqual({ ruleIndex: 4, granted: [] });
  expect(passedOver).toEqual([
    { path: ['match', 'account'], pattern: 'eve', values: ['bob'], placeholders: [] },
    {
      path: ['match', 'name'],
      pattern: `\${account:1}/\${labels:team}`,
      values: ['bob/app'],
      placeholders: [
        { source: `\${account:1}`, values: ['bo'] },
        { source: `\${labels:team}`, values: ['dev', 'qa'] },
      ],
    },
    { path: ['match', 'ip'], pattern: '10.0.0.0/8', values: ['192.0.2.1'], placeholders: [] },
    { path: ['match', 'labels', 'team'], pattern: 'ops', values: ['dev', 'qa'], placeholders: [] },
  ]);
});
