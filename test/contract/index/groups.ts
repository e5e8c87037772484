import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { SharedIndex } from './under-test.ts';

/** Groups of accounts. */
export function groupContract(shared: SharedIndex): void {
  const page = { after: undefined, limit: 100 };

  it('are made, listed with the number of their members, and removed', async () => {
    const { groups } = (await shared.openEmpty()).index;
    expect(await groups.create('b', 1)).toBe(true);
    expect(await groups.create('b', 2)).toBe(false);
    expect(await groups.create('a', 3)).toBe(true);
    expect(await groups.join('b', 'jane')).toBe('done');
    expect(await groups.list(page)).toEqual([
      { name: 'a', createdAtMs: 3, members: 0 },
      { name: 'b', createdAtMs: 1, members: 1 },
    ]);
    expect((await groups.list({ after: 'a', limit: 1 })).map(({ name }) => name)).toEqual(['b']);
    expect(await groups.remove('b', 4)).toBe(true);
    expect(await groups.remove('b', 4)).toBe(false);
    await groups.create('b', 5);
    expect(await groups.members('b', page)).toEqual([]);
  });

  it('have members of any provider, who are in as many as they like', async () => {
    const { groups, revocations } = (await shared.openEmpty()).index;
    await groups.create('a', 1);
    await groups.create('b', 1);
    expect(await groups.join('c', 'jane')).toBe('unknown');
    expect(await groups.join('b', 'jane')).toBe('done');
    expect(await groups.join('b', 'jane')).toBe('unchanged');
    expect(await groups.join('a', 'jane')).toBe('done');
    expect(await groups.join('a', 'Bob')).toBe('done');
    expect(await groups.of('jane')).toEqual(['a', 'b']);
    expect(await groups.of('eve')).toEqual([]);
    expect(await groups.members('a', page)).toEqual(['Bob', 'jane']);
    expect(await groups.members('a', { after: 'Bob', limit: 5 })).toEqual(['jane']);
    expect(await groups.leave('a', 'eve', 2)).toBe(false);
    expect(await revocations.generation()).toBe(0);
    expect(await groups.leave('a', 'jane', 2)).toBe(true);
    expect(await groups.of('jane')).toEqual(['b']);
    expect(await revocations.since(0)).toMatchObject([{ kind: 'account', name: 'jane' }]);
  });

  it('stand for values of labels, exactly', async () => {
    const { groups } = (await shared.openEmpty()).index;
    await groups.create('a', 1);
    await groups.create('b', 1);
    const mapping = (value: string, group: string) => ({ label: 'groups', value, group });
    expect(await groups.map(mapping('dev', 'none'))).toBe('unknown');
    expect(await groups.map(mapping('dev', 'b'))).toBe('done');
    expect(await groups.map(mapping('dev', 'b'))).toBe('unchanged');
    expect(await groups.map(mapping('dev', 'a'))).toBe('done');
    expect(await groups.map(mapping('cn=ops,dc=x', 'a'))).toBe('done');
    expect(await groups.mapped('groups', 'dev')).toEqual(['a', 'b']);
    expect(await groups.mapped('groups', 'Dev')).toEqual([]);
    expect(await groups.mapped('group', 'dev')).toEqual([]);
    expect(await groups.mappings()).toEqual([
      mapping('cn=ops,dc=x', 'a'),
      mapping('dev', 'a'),
      mapping('dev', 'b'),
    ]);
    expect(await groups.unmap(mapping('dev', 'a'))).toBe(true);
    expect(await groups.unmap(mapping('dev', 'a'))).toBe(false);
    await groups.remove('b', 2);
    expect(await groups.mappings()).toEqual([mapping('cn=ops,dc=x', 'a')]);
  });

  it('are left by an account that is removed', async () => {
    const { groups, accounts } = shared.index;
    const [group, account] = [randomUUID(), randomUUID()];
    await groups.create(group, 1);
    await accounts.create({ name: account, passwordHash: 'x', isAdmin: false }, 1);
    await groups.join(group, account);
    await accounts.remove(account, 2);
    expect(await groups.of(account)).toEqual([]);
  });
}
