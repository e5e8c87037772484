import { expect, it } from 'vitest';
import type { RoleRecord } from '../../../src/index/roles.ts';
import type { SharedIndex } from './under-test.ts';

/** Who may do what where. */
export function roleContract(shared: SharedIndex): void {
  const role = (kind: 'account' | 'group', name: string, pattern = 'app', what = 'pull'): RoleRecord => ({
    ...{ kind, name, pattern, role: what },
  });

  it('are granted once, listed, and found for an account with its groups', async () => {
    const { roles, groups } = (await shared.openEmpty()).index;
    await groups.create('dev', 1);
    expect(await roles.grant(role('group', 'none'), 1)).toBe('unknown');
    expect(await roles.grant(role('group', 'dev', 'team/**', 'push'), 1)).toBe('done');
    expect(await roles.grant(role('group', 'dev', 'team/**', 'push'), 1)).toBe('unchanged');
    expect(await roles.grant(role('account', 'dev'), 1)).toBe('done');
    expect(await roles.grant(role('account', 'dev', 'app', 'delete'), 1)).toBe('done');
    expect(await roles.of('dev', [])).toEqual([
      role('account', 'dev', 'app', 'delete'),
      role('account', 'dev'),
    ]);
    expect(await roles.of('jane', ['dev', 'other'])).toEqual([role('group', 'dev', 'team/**', 'push')]);
    expect(await roles.of('jane', [])).toEqual([]);
    expect(await roles.list({})).toHaveLength(3);
    expect(await roles.list({ kind: 'group' })).toEqual([role('group', 'dev', 'team/**', 'push')]);
    expect(await roles.list({ kind: 'account', name: 'jane' })).toEqual([]);
  });

  it('taken away, end what was issued to the account or to the members', async () => {
    const { roles, groups, revocations } = (await shared.openEmpty()).index;
    await groups.create('dev', 1);
    for (const member of ['eve', 'jane']) await groups.join('dev', member);
    await roles.grant(role('group', 'dev'), 1);
    await roles.grant(role('account', 'bob'), 1);
    expect(await roles.revoke(role('account', 'bob', 'app', 'push'), 2)).toBe(false);
    expect(await revocations.generation()).toBe(0);
    expect(await roles.revoke(role('account', 'bob'), 2)).toBe(true);
    expect(await roles.revoke(role('group', 'dev'), 2)).toBe(true);
    expect(await roles.list({})).toEqual([]);
    expect((await revocations.since(0)).map(({ name }) => name)).toEqual(['bob', 'eve', 'jane']);
  });

  it('go with the account or the group that has them', async () => {
    const { roles, groups, accounts } = (await shared.openEmpty()).index;
    await groups.create('x', 1);
    await accounts.create({ name: 'x', passwordHash: 'x', isAdmin: false }, 1);
    await roles.grant(role('group', 'x'), 1);
    await roles.grant(role('account', 'x'), 1);
    await accounts.remove('x', 2);
    expect(await roles.list({})).toEqual([role('group', 'x')]);
    await groups.remove('x', 2);
    expect(await roles.list({})).toEqual([]);
  });
}
