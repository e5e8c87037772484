import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, attempt, nearly, textOver } from '../../test/support/grammar.ts';
import { type Access, covers, formatScope, parseResourceScope, parseScopes } from './scope.ts';

const repository = (name: string, ...actions: string[]): Access => ({ type: 'repository', name, actions });

describe('reading a resource scope', () => {
  test.each<[string, Access]>([
    ['repository:app:pull', repository('app', 'pull')],
    ['repository:team/app:pull,push', repository('team/app', 'pull', 'push')],
    ['repository:team/app:push,pull', repository('team/app', 'push', 'pull')],
    ['repository:app:pull,pull,push,pull', repository('app', 'pull', 'push')],
    ['repository:app:*', repository('app', '*')],
    ['repository:app:pull,*', repository('app', 'pull', '*')],
    ['repository:app:', repository('app')],
    ['repository:localhost:5000/team/app:pull', repository('localhost:5000/team/app', 'pull')],
    ['repository(plugin):app:pull', repository('app', 'pull')],
    ['registry:catalog:*', { type: 'registry', name: 'catalog', actions: ['*'] }],
    ['0a:b:c', { type: '0a', name: 'b', actions: ['c'] }],
  ])('%j', (text, expected) => {
    expect(parseResourceScope(text)).toEqual(expected);
  });

  test.each([
    '',
    ':',
    '::',
    'repository',
    'repository:app',
    'repository::pull',
    ':app:pull',
    'Repository:app:pull',
    'repository(:app:pull',
    'repository():app:pull',
    'repository(plugin)x:app:pull',
    'repository(Plugin):app:pull',
    're-pository:app:pull',
    'repository:app:Pull',
    'repository:app:pull push',
    'repository:app:pull;push',
    'repository:app:pull,"',
    'repository:app:**',
    'repository:app:pull\n',
    `repository:${'a'.repeat(4096)}:pull`,
  ])('refuses %j', (text) => {
    expect(() => parseResourceScope(text)).toThrow(expect.objectContaining({ kind: 'scope' }));
    expect(() => parseResourceScope(text)).toThrow(/is not a scope: write type:name:action,action/);
  });

  test('takes a list with an empty action: the grammar of spec/auth/scope.md says action := /[a-z]*/', () => {
    expect(parseResourceScope('repository:app:pull,')).toMatchObject({ type: 'repository', name: 'app' });
  });

  // distribution, spec/auth/scope.md, with actions that are not empty.
  const component = '[a-z0-9]{1,4}(?:[._-][a-z0-9]{1,4}){0,2}';
  const SPEC = new RegExp(
    `^([a-z0-9]{1,9})(\\([a-z0-9]{1,5}\\))?:((?:[a-zA-Z0-9]{1,5}(?:\\.[a-zA-Z0-9]{1,5})?(?::[0-9]{1,5})?/)?${component}(?:/${component}){0,2}):([a-z]{1,6}(?:,[a-z]{1,6}){0,3})$`,
  );

  test('takes what the grammar takes', () => {
    fc.assert(
      fc.property(fc.stringMatching(SPEC), (text) => {
        const [, type = '', , name = '', actions = ''] = SPEC.exec(text) ?? [];
        expect(parseResourceScope(text)).toEqual({ type, name, actions: [...new Set(actions.split(','))] });
      }),
    );
  });

  test('reads its own text back, and never throws anything else', () => {
    const valid = fc.stringMatching(SPEC);
    fc.assert(
      fc.property(fc.oneof(valid, nearly(valid), textOver('repo()a/:,*A '), anyText()), (text) => {
        const scope = attempt(() => parseResourceScope(text), 'scope');
        if (scope === undefined) return;
        expect(scope.type).toMatch(/^[a-z0-9]+$/);
        expect(scope.name).not.toBe('');
        for (const action of scope.actions) expect(action).toMatch(/^([a-z]+|\*)$/);
        expect(new Set(scope.actions).size).toBe(scope.actions.length);
        expect(parseResourceScope(formatScope(scope))).toEqual(scope);
      }),
      { numRuns: 500 },
    );
  });
});

describe('reading scope parameters', () => {
  test('each holds any number of scopes; their order stays', () => {
    expect(parseScopes(['repository:a:pull repository:b:push', 'registry:catalog:*'])).toEqual([
      repository('a', 'pull'),
      repository('b', 'push'),
      { type: 'registry', name: 'catalog', actions: ['*'] },
    ]);
  });

  test('nothing in them is no scope', () => {
    expect(parseScopes([])).toEqual([]);
    expect(parseScopes(['', ' ', '   '])).toEqual([]);
    expect(parseScopes(['', 'repository:a:pull '])).toEqual([repository('a', 'pull')]);
  });

  test('one that is malformed spoils all', () => {
    expect(() => parseScopes(['repository:a:pull', 'b'])).toThrow(expect.objectContaining({ kind: 'scope' }));
  });
});

describe('covering', () => {
  const required = repository('team/app', 'pull', 'push');

  test.each<[boolean, string, Access[]]>([
    [true, 'the same', [required]],
    [true, 'more', [repository('team/app', 'delete', 'push', 'pull')]],
    [true, 'everything', [repository('team/app', '*')]],
    [true, 'two entries together', [repository('team/app', 'pull'), repository('team/app', 'push')]],
    [false, 'nothing', []],
    [false, 'no action', [repository('team/app')]],
    [false, 'a part', [repository('team/app', 'pull')]],
    [false, 'push alone, as in registry:2 (#2932)', [repository('team/app', 'push')]],
    [false, 'another name', [repository('team/app2', 'pull', 'push')]],
    [false, 'a name that is no pattern', [repository('*', '*'), repository('team/*', '*')]],
    [false, 'another case', [repository('team/App', '*')]],
    [false, 'another type', [{ type: 'registry', name: 'team/app', actions: ['*'] }]],
    [false, 'parts of two repositories', [repository('team/app', 'pull'), repository('team/b', 'push')]],
  ])('%j: %s', (expected, _, granted) => {
    expect(covers(granted, required)).toBe(expected);
  });

  test('the catalog wants a star, literally', () => {
    const catalog: Access = { type: 'registry', name: 'catalog', actions: ['*'] };
    expect(covers([catalog], catalog)).toBe(true);
    expect(covers([{ ...catalog, actions: ['pull', 'push', 'delete'] }], catalog)).toBe(false);
  });

  test('needs nothing where nothing is required', () => {
    expect(covers([], repository('app'))).toBe(true);
  });

  test('whatever is granted covers itself; removing an action that is required uncovers', () => {
    const actions = fc.uniqueArray(fc.constantFrom('pull', 'push', 'delete'), { minLength: 1 });
    fc.assert(
      fc.property(actions, actions, (granted, wanted) => {
        expect(covers([repository('a', ...granted)], repository('a', ...wanted))).toBe(
          wanted.every((action) => granted.includes(action)),
        );
      }),
    );
  });
});
