import { describe, expect, test } from 'vitest';
import { type AclRequest, type AclRule, AclSyntaxError, compileAcl } from './policy.ts';

const REQUEST: AclRequest = {
  account: 'bob',
  type: 'repository',
  name: 'bob/app',
  service: 'Docker registry',
  ip: '10.0.0.1',
  labels: { team: ['dev', 'ops'] },
  actions: ['push', 'pull'],
};

const decide = (rules: readonly AclRule[], request: Partial<AclRequest> = {}) =>
  compileAcl(rules).authorize({ ...REQUEST, ...request });

describe('the decision', () => {
  test('the first match wins, and a denial is one', () => {
    const rules: AclRule[] = [
      { match: { account: 'eve' }, actions: ['*'] },
      { match: { account: 'bob', name: 'secret/*' }, actions: [] },
      { match: { account: 'bob' }, actions: ['pull'] },
      { match: {}, actions: ['*'] },
    ];
    expect(decide(rules, { name: 'secret/x' })).toEqual({ ruleIndex: 1, granted: [] });
    expect(decide(rules)).toEqual({ ruleIndex: 2, granted: ['pull'] });
    expect(decide(rules.slice(0, 2))).toBe('no-match');
    expect(decide([])).toBe('no-match');
  });

  test.each([
    [['*'], ['push', 'pull', 'push'], ['push', 'pull', 'push']],
    [['*'], ['*'], ['*']],
    [['*'], [], []],
    [['*', 'pull'], ['push', 'pull'], ['pull']],
    [['*', 'pull'], ['*', 'push'], ['*']],
    [['pull'], ['*'], []],
    [
      ['push', 'pull'],
      ['push', 'pull', 'pull', 'delete'],
      ['pull', 'push'],
    ],
    [[], ['pull'], []],
  ])('%j of %j grants %j', (actions, requested, granted) => {
    expect(decide([{ match: {}, actions }], { actions: requested })).toEqual({ ruleIndex: 0, granted });
  });

  test('the empty account is anonymous alone', () => {
    const rules = [{ match: { account: '' }, actions: ['pull'] }];
    expect(decide(rules, { account: '' })).toEqual({ ruleIndex: 0, granted: ['pull'] });
    expect(decide(rules)).toBe('no-match');
    expect(decide([{ match: { account: '/.+/' }, actions: ['pull'] }], { account: '' })).toBe('no-match');
  });

  test('every condition must hold', () => {
    const match = {
      account: 'b*',
      type: 'repository',
      name: `\${account}/*`,
      service: 'Docker*',
      ip: '10.0.0.0/8',
    };
    const rules = [{ match: { ...match, labels: { team: 'o?s' } }, actions: ['*'] }];
    expect(decide(rules)).not.toBe('no-match');
    const misses: Partial<AclRequest>[] = [
      { account: 'alice', name: 'alice/app' },
      { type: 'registry' },
      { name: 'alice/app' },
      { service: 'x' },
      { ip: '11.0.0.1' },
      { ip: undefined },
      { ip: 'nonsense' },
      { labels: {} },
      { labels: { team: [] } },
      { labels: { team: ['dev'] } },
    ];
    for (const miss of misses) expect(decide(rules, miss), JSON.stringify(miss)).toBe('no-match');
  });

  test('a namespace does not cover nested names', () => {
    expect(decide([{ match: { name: `\${account}/*` }, actions: ['*'] }], { name: 'bob/a/b' })).toBe(
      'no-match',
    );
  });

  test('placeholders work in the patterns for labels', () => {
    const rules = [
      { match: { account: '/^(.)ob$/', labels: { team: `\${account:1}-\${type}` } }, actions: ['*'] },
    ];
    expect(decide(rules, { labels: { team: ['x', 'b-repository'] } })).not.toBe('no-match');
    expect(decide(rules)).toBe('no-match');
  });

  test('a captured star stays literal, unless asked for', () => {
    const rules = [{ match: { account: '/^(.+)@test.com$/', name: `\${account:1}/*` }, actions: ['*'] }];
    const request = { ...REQUEST, account: '*@test.com', name: 'any/app' };
    expect(compileAcl(rules).authorize(request)).toBe('no-match');
    expect(compileAcl(rules).authorize({ ...request, name: '*/app' })).not.toBe('no-match');
    expect(compileAcl(rules, { unquotedPlaceholders: true }).authorize(request)).not.toBe('no-match');
  });

  test('a group that took no part is empty', () => {
    const rules = [{ match: { account: '/^bob(x)?$/', name: `\${account:1}bob/*` }, actions: ['*'] }];
    expect(decide(rules)).not.toBe('no-match');
  });

  test('groups of a regex with placeholders are taken as if those had no value', () => {
    const account = `/(\${type}|b)ob/`;
    const rules = [{ match: { account, name: `\${account:1}ob/*` }, actions: ['*'] }];
    expect(decide(rules)).not.toBe('no-match');
    expect(decide(rules, { type: 'x', account: 'xob', name: 'xob/app' })).toBe('no-match');
  });

  test('an empty value does not turn a glob into a regex', () => {
    const rules = [{ match: { name: `\${account}/a/` }, actions: ['*'] }];
    expect(decide(rules, { account: '', name: 'xay' })).toBe('no-match');
  });

  test('names that every object has are no labels', () => {
    for (const label of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const own = JSON.parse(`{"${label}": "*"}`) as Record<string, string>;
      const given = JSON.parse(`{"${label}": ["bob"]}`) as Record<string, string[]>;
      const rules = [{ match: { labels: own }, actions: ['*'] }];
      expect(decide(rules), label).toBe('no-match');
      expect(decide(rules, { labels: given }), label).not.toBe('no-match');
      const templates = [{ match: { name: `\${labels:${label}}/app` }, actions: ['*'] }];
      expect(decide(templates), label).toBe('no-match');
      expect(decide(templates, { labels: given }), label).not.toBe('no-match');
    }
  });

  test('any text is decided', () => {
    const rules: AclRule[] = [
      { match: { account: '/^(.+)-x$/', name: `\${account:1}/\${labels:team}*` }, actions: ['*'] },
      { match: { name: `/^\${account}(\${labels:team})?$/`, service: '*[^a]?' }, actions: ['*'] },
    ];
    for (const text of [
      '',
      '\0',
      '\n',
      '\ud800',
      '😀',
      '../..',
      'a'.repeat(100_000),
      `\${account}`,
      '/',
      '//',
      '-x',
    ]) {
      const labels = { team: [text], other: [text] };
      const request = {
        account: text,
        type: text,
        name: text,
        service: text,
        ip: text,
        labels,
        actions: [text],
      };
      expect(() => decide(rules, request)).not.toThrow();
      expect(() => decide(rules, { ...request, account: `${text}-x` })).not.toThrow();
    }
  });
});

describe('refused', () => {
  const refusal = (rule: unknown) => {
    try {
      compileAcl([{ match: {}, actions: [] }, rule as AclRule]);
    } catch (error) {
      if (error instanceof AclSyntaxError) return { path: error.path, message: error.message };
      throw error;
    }
    return 'accepted';
  };

  test.each<[string, unknown, (string | number)[], RegExp]>([
    [
      'an unknown condition',
      { match: { team: 'x' }, actions: [] },
      ['match', 'team'],
      /labels: \{"team": …\}/,
    ],
    [
      'a missing space',
      { match: { 'account:"a"': null }, actions: [] },
      ['match', 'account:"a"'],
      /write account: "a"/,
    ],
    ['no actions', { match: {} }, ['actions'], /actions: \[\]/],
    ['a null', { match: { account: null }, actions: [] }, ['match', 'account'], /not a text/],
    [
      'a number as a label',
      { match: { labels: { a: 1 } }, actions: [] },
      ['match', 'labels', 'a'],
      /not a text/,
    ],
    ['a bad glob', { match: { name: 'a[' }, actions: [] }, ['match', 'name'], /\\\[ for a bracket/],
    [
      'a bad regex',
      { match: { name: '/a(?!b)/' }, actions: [] },
      ['match', 'name'],
      /no look-around.*`\(\?!`/,
    ],
    [
      'a bad placeholder',
      { match: { name: `\${user}` }, actions: [] },
      ['match', 'name'],
      /write one of \$\{account\}/,
    ],
    ['a bad network', { match: { ip: '1.2.3' }, actions: [] }, ['match', 'ip'], /192\.168\.0\.0\/16/],
    [
      'a label in labels',
      { match: { labels: { a: `\${labels:b}` } }, actions: [] },
      ['match', 'labels', 'a'],
      /write/,
    ],
  ])('%s', (_, rule, path, message) => {
    expect(refusal(rule)).toEqual({ path: [1, ...path], message: expect.stringMatching(message) });
  });
});

describe('warned about', () => {
  test.each<[string, AclRule, (string | number)[], RegExp]>([
    [
      'a forgotten dollar',
      { match: { name: '{account}/*' }, actions: [] },
      ['match', 'name'],
      /write \$\{account\}/,
    ],
    [
      'a group beyond the last',
      { match: { account: '/(a)/', name: `\${account:2}` }, actions: [] },
      ['match', 'name'],
      /1 groups/,
    ],
    [
      'group 0',
      { match: { account: '/(a)/', name: `\${account:0}` }, actions: [] },
      ['match', 'name'],
      /counted from 1/,
    ],
    [
      'a group of a glob',
      { match: { account: 'a*', name: `\${account:1}` }, actions: [] },
      ['match', 'name'],
      /not a regex/,
    ],
    [
      'a group of nothing',
      { match: { labels: { a: `\${account:1}` } }, actions: [] },
      ['match', 'labels', 'a'],
      /no account/,
    ],
    [
      'a group of a template',
      { match: { account: `/(\${type})/`, name: `\${account:1}` }, actions: [] },
      ['match', 'name'],
      /placeholders itself/,
    ],
    ['a star among actions', { match: {}, actions: ['*', 'pull'] }, ['actions'], /alone/],
  ])('%s', (_, rule, path, message) => {
    expect(compileAcl([{ match: {}, actions: [] }, rule]).warnings).toEqual([
      { path: [1, ...path], message: expect.stringMatching(message) },
    ]);
  });

  test('a usual list gives none', () => {
    const rules: AclRule[] = [
      { match: { account: 'admin' }, actions: ['*'], comment: 'Admin has full access to everything.' },
      { match: { account: '/.+/', name: `\${account}/*` }, actions: ['*'] },
      { match: { account: '/^(.+)@test.com$/', name: `\${account:1}/*` }, actions: [] },
      { match: { labels: { group: '/trainee|dev/' } }, actions: ['push', 'pull'] },
      { match: { name: `\${labels:project}/*`, ip: '::1' }, actions: ['pull'] },
    ];
    expect(compileAcl(rules).warnings).toEqual([]);
  });
});
