import { describe, expect, test, vi } from 'vitest';
import type { RoleRecord } from '../../index/roles.ts';
import { OWN_NAMESPACE } from '../authorizer.ts';
import type { Identity } from '../identity/provider.ts';
import { CompiledPatterns } from './patterns.ts';
import { roleAuthorizer } from './role-authorizer.ts';

const JANE: Identity = { account: 'jane', labels: {}, isAdmin: false };
const CONTEXT = { service: 'berth', address: undefined };
const ALL = ['pull', 'push', 'delete', '*'];

function authorizerOf(roles: RoleRecord[], beside = true) {
  const of = vi.fn(async (account: string, groups: readonly string[]) =>
    roles.filter(({ kind, name }) => (kind === 'account' ? name === account : groups.includes(name))),
  );
  const authorizer = roleAuthorizer({ of }, new CompiledPatterns(), beside ? OWN_NAMESPACE : undefined);
  const may = async (who: Identity, name: string, actions = ALL, type = 'repository') => {
    const verdict = await authorizer.authorize(who, { type, name, actions }, CONTEXT);
    return verdict === 'no-match' ? verdict : verdict.granted;
  };
  return { may, of, authorizer };
}

const role = (name: string, pattern: string, what: string, kind: 'account' | 'group' = 'account') => ({
  ...{ kind, name, pattern, role: what },
});

describe('roles', () => {
  test.each([
    ['pull', ['pull']],
    ['push', ['pull', 'push']],
    ['delete', ['pull', 'delete']],
    ['admin', ALL],
    ['owner', []],
  ])('%s allows %j', async (what, expected) => {
    const { may } = authorizerOf([role('jane', 'team/**', what)]);
    expect(await may(JANE, 'team/app')).toEqual(expected);
    expect(await may(JANE, 'other/app')).toEqual([]);
    expect(await may(JANE, 'team')).toEqual([]);
    expect(await may({ ...JANE, account: 'eve' }, 'team/app')).toEqual([]);
  });

  test('add up, with one another and with the own namespace', async () => {
    const { may } = authorizerOf([
      role('jane', 'team/*', 'pull'),
      role('jane', 'team/app', 'delete'),
      role('jane', 'jane/**', 'pull'),
      role('dev', 'team/app', 'push', 'group'),
    ]);
    expect(await may({ ...JANE, groups: ['dev'] }, 'team/app')).toEqual(['pull', 'push', 'delete']);
    expect(await may(JANE, 'team/app')).toEqual(['pull', 'delete']);
    expect(await may(JANE, 'jane/app')).toEqual(ALL);
  });

  test('of a group are for whoever is in it, and not for an account or a label of that name', async () => {
    const { may } = authorizerOf([role('dev', 'app', 'push', 'group')]);
    expect(await may({ ...JANE, groups: ['dev'] }, 'app')).toEqual(['pull', 'push']);
    expect(await may({ ...JANE, account: 'dev' }, 'app')).toEqual([]);
    expect(await may({ ...JANE, labels: { groups: ['dev'] } }, 'app')).toEqual([]);
  });

  test('are about repositories alone, and never for a caller without an account', async () => {
    const { may } = authorizerOf([role('', '**', 'admin'), role('jane', '**', 'admin')]);
    expect(await may(JANE, 'catalog', ['*'], 'registry')).toEqual([]);
    expect(await may({ ...JANE, account: '' }, 'app')).toEqual([]);
  });

  test('a robot has nothing of its own', async () => {
    const { may } = authorizerOf([role('jane', 'jane/app', 'pull')]);
    expect(await may({ ...JANE, isRobot: true }, 'jane/app')).toEqual(['pull']);
    expect(await may({ ...JANE, isRobot: true }, 'jane/other')).toEqual([]);
    expect(await may(JANE, 'jane/other')).toEqual(ALL);
  });

  test('behind other rules leave to the next what no role is about', async () => {
    const { may } = authorizerOf([role('jane', 'app', 'pull')], false);
    expect(await may(JANE, 'app')).toEqual(['pull']);
    expect(await may(JANE, 'app', ['push'])).toBe('no-match');
    expect(await may(JANE, 'jane/app')).toBe('no-match');
    expect(await may(JANE, 'catalog', ['*'], 'registry')).toBe('no-match');
  });

  test('are named, each that counted', async () => {
    const { authorizer } = authorizerOf([role('jane', 'app', 'pull'), role('dev', 'a*', 'push', 'group')]);
    const who = { ...JANE, groups: ['dev'] };
    const wanted = { type: 'repository', name: 'app', actions: ['pull'] };
    expect(await authorizer.authorize(who, wanted, CONTEXT)).toEqual({
      granted: ['pull'],
      rule: 'role pull of account jane on app; role push of group dev on a*',
    });
  });

  test('are not asked for where everything is granted already', async () => {
    const { may, of } = authorizerOf([]);
    await may({ ...JANE, isAdmin: true }, 'app');
    expect(of).not.toHaveBeenCalled();
  });
});
