import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OWN_NAMESPACE } from './authorizer.ts';
import type { Identity } from './identity/provider.ts';

const CONTEXT = { service: 'berth', address: '192.0.2.1' };
const ANY = ['pull', 'push', 'delete', '*'];

const person = (account: string, isAdmin = false): Identity => ({ account, labels: {}, isAdmin });
const granted = (who: Identity, type: string, name: string, actions: readonly string[] = ANY) => {
  const verdict = OWN_NAMESPACE.authorize(who, { type, name, actions }, CONTEXT);
  return typeof verdict === 'object' && 'granted' in verdict ? verdict.granted : verdict;
};

describe('an administrator', () => {
  const admin = person('admin', true);
  test.each([
    ['repository', 'team/app'],
    ['repository', 'admin/app'],
    ['registry', 'catalog'],
    ['anything', 'else'],
  ])('may do everything to %s %s', (type, name) => {
    expect(granted(admin, type, name)).toEqual(ANY);
    expect(granted(admin, type, name, [])).toEqual([]);
  });

  test('is one by the account’s record and not by its name', () => {
    expect(granted(person('admin'), 'repository', 'team/app')).toEqual([]);
    expect(granted(person('bob', true), 'repository', 'team/app')).toEqual(ANY);
  });
});

describe('a user', () => {
  const bob = person('bob');

  test.each(['bob/app', 'bob/team/app', 'bob/bob', 'bob/x/y/z'])('may do everything to %s', (name) => {
    expect(granted(bob, 'repository', name)).toEqual(ANY);
    expect(granted(bob, 'repository', name, ['push', 'pull'])).toEqual(['push', 'pull']);
  });

  test.each([
    'bob',
    'bobby/x',
    'bobby',
    'bo/b',
    'bob-x/app',
    'bob.x/app',
    'BOB/app',
    'Bob/app',
    'alice/bob/app',
    'alice/app',
    '/bob/app',
    ' bob/app',
    'localhost:5000/bob/app',
    '*',
    '',
  ])('may do nothing to %j', (name) => {
    expect(granted(bob, 'repository', name)).toEqual([]);
  });

  test.each([
    ['registry', 'catalog'],
    ['registry', 'bob/app'],
    ['Repository', 'bob/app'],
    ['', 'bob/app'],
  ])('may do nothing to %j %s', (type, name) => {
    expect(granted(bob, type, name, ['*'])).toEqual([]);
  });

  test('whose name has characters of a pattern has a namespace of that very name', () => {
    for (const name of ['*', '.*', '[a-z]', '$account', 'b?b']) {
      expect(granted(person(name), 'repository', 'bob/app')).toEqual([]);
    }
  });
});

test('nobody in particular may do nothing', () => {
  for (const name of ['app', '/app', '/', '', 'library/app']) {
    expect(granted(person(''), 'repository', name)).toEqual([]);
  }
  expect(granted(person(''), 'registry', 'catalog', ['*'])).toEqual([]);
});

test('a user is never granted anything outside, and always decided upon', () => {
  const name = fc.stringMatching(/^[a-z]{1,3}(\/[a-z]{1,3}){0,2}$/);
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{0,3}$/), name, (account, repository) => {
      const isOwn =
        account !== '' && repository.split('/').length > 1 && repository.split('/')[0] === account;
      expect(granted(person(account), 'repository', repository)).toEqual(isOwn ? ANY : []);
    }),
    { numRuns: 500 },
  );
});
