import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileStoredRules, type StoredRule, StoredRuleError } from './stored-rules.ts';

const REQUEST = {
  account: 'alice',
  type: 'repository',
  service: 's',
  ip: undefined,
  labels: {},
  actions: ['pull', 'push'],
};

function decide(stored: readonly StoredRule[], name: string) {
  const { acl, describe: named } = compileStoredRules(stored);
  const decision = acl.authorize({ ...REQUEST, name });
  return decision === 'no-match' ? decision : [named(decision.ruleIndex), ...decision.granted];
}

const rule = (seq: unknown, name: string, ...actions: string[]): StoredRule => ({
  seq,
  rule: { match: { name }, actions },
});

describe('rules of a database', () => {
  it('are read in the order of seq, whatever the order in which they come', () => {
    const rules = [rule(-3, 'a', 'pull'), rule(2, 'a', 'push'), rule(10, '*', '*')];
    fc.assert(
      fc.property(fc.shuffledSubarray(rules, { minLength: 3 }), (shuffled) => {
        expect(decide(shuffled, 'a')).toEqual(['the rule with seq -3', 'pull']);
        expect(decide(shuffled, 'b')).toEqual(['the rule with seq 10', 'pull', 'push']);
      }),
    );
  });

  it('may have a seq of 64 bits, as text as drivers give it', () => {
    const large = [rule('9223372036854775807', '*', 'push'), rule(9223372036854775806n, '*', 'pull')];
    expect(decide(large, 'a')).toEqual(['the rule with seq 9223372036854775806', 'pull']);
  });

  it.each([
    ['as Go writes them', '{"Match":{"name":"a"},"Actions":["pull"],"Comment":null}'],
    ['as people write them', '{"match":{"name":"a"},"actions":["pull"],"comment":"x"}'],
    ['as a document', { match: { name: 'a' }, actions: ['pull'] }],
    ['with labels', { Match: { Name: 'a', labels: null }, actions: ['pull'] }],
  ])('are taken %s', (form, stored) => {
    const run = () => decide([{ seq: 1, rule: stored }], 'a');
    if (form === 'with labels') expect(run).toThrow(/seq 1, match\.labels: "labels" has no value/);
    else expect(run()).toEqual(['the rule with seq 1', 'pull']);
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /the rule with seq 7: not JSON/],
    ['null', null, /seq 7: not an object/],
    ['a list', [], /seq 7: not an object/],
    ['no match', { actions: ['*'] }, /seq 7, match: no conditions: write match: \{\}/],
    ['a null match', { match: null, actions: ['*'] }, /seq 7, match: no conditions/],
    ['no actions', { match: {} }, /seq 7, actions: no list of actions/],
    ['actions as a text', { match: {}, actions: '*' }, /seq 7, actions: no list/],
    ['an action that is no text', { match: {}, actions: [1] }, /seq 7, actions: no list/],
    ['an unknown key', { match: {}, action: ['*'], actions: [] }, /seq 7, action: unknown key "action"/],
    [
      'an unknown condition',
      { match: { team: 'x' }, actions: ['*'] },
      /seq 7, match\.team: "team" is not a condition/,
    ],
    [
      'a condition without a value',
      { match: { account: null }, actions: ['*'] },
      /seq 7, match\.account: .*no value/,
    ],
    [
      'a condition that is no text',
      { match: { account: 5 }, actions: ['*'] },
      /seq 7, match\.account: not a text/,
    ],
    [
      'a condition twice',
      { match: { name: 'a', Name: 'b' }, actions: [] },
      /seq 7, match\.name: "name" is written twice/,
    ],
    ['labels as a list', { match: { labels: ['a'] }, actions: [] }, /seq 7, match\.labels: not/],
    [
      'a label that is no text',
      { match: { labels: { a: ['b'] } }, actions: [] },
      /seq 7, match\.labels\.a: not a text/,
    ],
    ['a glob that does not end', { match: { name: 'a[' }, actions: [] }, /seq 7, match\.name: /],
    ['a regex that does not end', { match: { name: '/a(/' }, actions: [] }, /seq 7, match\.name: /],
    ['an address that is none', { match: { ip: '10.0.0.0/99' }, actions: [] }, /seq 7, match\.ip: /],
  ])('are refused as a whole for one with %s', (_, stored, message) => {
    const run = () => compileStoredRules([rule(1, 'a', 'pull'), { seq: 7, rule: stored }, rule(9, 'b')]);
    expect(run).toThrow(StoredRuleError);
    expect(run).toThrow(message);
  });

  it.each([undefined, null, '', 'x', 1.5, Number.NaN, {}, true, '1; DROP TABLE'])(
    'are refused for one with seq %s',
    (seq) => {
      expect(() => compileStoredRules([rule(seq, 'a', 'pull')])).toThrow(
        /no seq, or one that is no whole number/,
      );
    },
  );

  it('of the same seq, hidden ones and odd ones are told of', () => {
    const { warnings } = compileStoredRules([
      rule(1, 'a'),
      rule(1, 'b'),
      rule(2, 'a'),
      rule(3, 'c', '*', 'pull'),
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/several rules have seq 1/),
      'the rule with seq 2 is never reached: the rule with seq 1 matches whatever it would',
      expect.stringMatching(/the rule with seq 3, actions: "\*" grants everything only when it is alone/),
    ]);
  });
});
