import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { AccountRecord, NewAccount } from '../../../src/index/accounts.ts';
import type { SharedIndex } from './under-test.ts';

/** Accounts of the built-in token service. */
export function accountContract(shared: SharedIndex): void {
  const account = (name: string, isAdmin = false): NewAccount => ({
    name,
    passwordHash: `hash of ${name}`,
    isAdmin,
  });
  const made = (given: NewAccount, atMs = 1): AccountRecord => ({
    ...{ kind: 'user', isDisabled: false, labels: {}, expiresAtMs: undefined, usedAtMs: undefined },
    ...given,
    createdAtMs: atMs,
  });
  const page = { after: undefined, limit: 100 };

  it('are created once, found, listed and removed', async () => {
    const { index: empty } = await shared.openEmpty();
    const { accounts } = empty;
    expect(await accounts.isEmpty()).toBe(true);
    expect(await accounts.list(page)).toEqual([]);
    expect(await accounts.find('bob')).toBeUndefined();
    expect(await accounts.create(account('bob'), 1)).toBe(true);
    expect(await accounts.create(account('Bob', true), 1)).toBe(true);
    expect(await accounts.create({ ...account('bob', true), passwordHash: 'other' }, 2)).toBe(false);
    expect(await accounts.isEmpty()).toBe(false);
    expect(await accounts.find('bob')).toEqual(made(account('bob')));
    expect(await accounts.find('Bob')).toEqual(made(account('Bob', true)));
    expect(await accounts.list(page)).toEqual([made(account('Bob', true)), made(account('bob'))]);
    expect(await accounts.list({ after: 'Bob', limit: 5 })).toEqual([made(account('bob'))]);
    expect(await accounts.list({ ...page, limit: 1 })).toEqual([made(account('Bob', true))]);
    expect(await accounts.remove('bob', 3)).toBe('done');
    expect(await accounts.remove('bob', 3)).toBe('unknown');
    expect(await accounts.find('bob')).toBeUndefined();
    expect(await accounts.remove('Bob', 3, true)).toBe('done');
    expect(await accounts.isEmpty()).toBe(true);
  });

  it('of robots have an end and labels, and are listed by themselves', async () => {
    const { accounts } = (await shared.openEmpty()).index;
    const robot: NewAccount = {
      ...{ name: 'ci', passwordHash: '', isAdmin: false, kind: 'robot', expiresAtMs: 99 },
      labels: { groups: ['a', 'b'] },
    };
    await accounts.create(robot, 5);
    await accounts.create(account('bob'), 5);
    expect(await accounts.find('ci')).toEqual(made(robot, 5));
    expect(await accounts.list(page, 'robot')).toEqual([made(robot, 5)]);
    expect(await accounts.list(page, 'user')).toEqual([made(account('bob'), 5)]);
    expect(await accounts.list({ after: 'ci', limit: 5 }, 'robot')).toEqual([]);
  });

  it('take a new password and keep the rest; what was issued before is void', async () => {
    const { accounts, revocations } = (await shared.openEmpty()).index;
    expect(await accounts.setPassword('x', 'new', 1)).toBe(false);
    expect(await accounts.find('x')).toBeUndefined();
    expect(await revocations.generation()).toBe(0);
    await accounts.create(account('x', true), 1);
    expect(await accounts.setPassword('x', 'new', 2)).toBe(true);
    expect(await accounts.find('x')).toEqual({ ...made(account('x', true)), passwordHash: 'new' });
    expect(await revocations.since(0)).toMatchObject([{ kind: 'account', name: 'x' }]);
  });

  it('have a hash replaced only where it is still the one that was read, and nothing ends', async () => {
    const { accounts, revocations } = (await shared.openEmpty()).index;
    await accounts.create(account('x'), 1);
    expect(await accounts.rehashPassword('x', 'another', 'new')).toBe(false);
    expect(await accounts.rehashPassword('y', 'hash of x', 'new')).toBe(false);
    expect(await accounts.rehashPassword('x', 'hash of x', 'new')).toBe(true);
    expect(await accounts.find('x')).toMatchObject({ passwordHash: 'new' });
    expect(await revocations.generation()).toBe(0);
  });

  it('are disabled and enabled; disabled or removed, what was issued is void', async () => {
    const { accounts, revocations } = (await shared.openEmpty()).index;
    expect(await accounts.setDisabled('x', true, 1)).toBe('unknown');
    await accounts.create(account('x'), 1);
    expect(await accounts.setDisabled('x', true, 2)).toBe('done');
    expect(await accounts.find('x')).toMatchObject({ isDisabled: true });
    expect(await revocations.since(0)).toEqual([{ kind: 'account', name: 'x', generation: 1 }]);
    expect(await accounts.setDisabled('x', false, 3)).toBe('done');
    expect(await accounts.find('x')).toMatchObject({ isDisabled: false });
    expect(await revocations.generation()).toBe(1);
    await accounts.remove('x', 4);
    expect(await revocations.since(1)).toEqual([{ kind: 'account', name: 'x', generation: 2 }]);
  });

  it('the last administrator who can log in stays, unless somebody insists', async () => {
    const { accounts, revocations } = (await shared.openEmpty()).index;
    expect(await accounts.firstAdmin()).toBeUndefined();
    for (const name of ['a', 'b']) await accounts.create(account(name, true), 1);
    await accounts.create(account('c'), 1);
    expect(await accounts.firstAdmin()).toBe('a');
    expect(await accounts.setDisabled('a', true, 2)).toBe('done');
    expect(await accounts.firstAdmin()).toBe('b');
    const before = await revocations.generation();
    expect(await accounts.setDisabled('b', true, 3)).toBe('last-admin');
    expect(await accounts.remove('b', 3)).toBe('last-admin');
    expect(await accounts.find('b')).toMatchObject({ isDisabled: false });
    expect(await revocations.generation()).toBe(before);
    expect(await accounts.remove('c', 3)).toBe('done');
    expect(await accounts.setDisabled('b', true, 4, true)).toBe('done');
    expect(await accounts.setDisabled('b', false, 4)).toBe('done');
    expect(await accounts.remove('b', 5, true)).toBe('done');
    expect(await accounts.firstAdmin()).toBeUndefined();
  });

  it('of two administrators who are removed at once, one stays', async () => {
    const { accounts } = (await shared.openEmpty()).index;
    for (const name of ['a', 'b']) await accounts.create(account(name, true), 1);
    const outcomes = await Promise.all(['a', 'b'].map((name) => accounts.remove(name, 2)));
    expect(outcomes.toSorted()).toEqual(['done', 'last-admin']);
  });

  it('tell when they and their tokens were used last, whatever comes in which order', async () => {
    const { accounts, accessTokens } = (await shared.openEmpty()).index;
    await accounts.create(account('x'), 1);
    const token = {
      ...{ id: 't', account: 'x', name: 't', hash: 'h', limits: undefined },
      ...{ createdAtMs: 1, expiresAtMs: undefined },
    };
    await accessTokens.create(token);
    await accounts.recordUses([
      { name: 'x', tokenId: 't', atMs: 20 },
      { name: 'x', tokenId: undefined, atMs: 30 },
      { name: 'gone', tokenId: 'gone', atMs: 30 },
    ]);
    await accounts.recordUses([{ name: 'x', tokenId: 't', atMs: 10 }]);
    expect(await accounts.find('x')).toMatchObject({ usedAtMs: 30 });
    expect(await accessTokens.list('x')).toMatchObject([{ usedAtMs: 20 }]);
    expect(await accounts.find('gone')).toBeUndefined();
  });

  it('may have any name', async () => {
    const { index: empty } = await shared.openEmpty();
    const names = ['', "o'brien", 'ünï', '%', 'a:b', '😀', randomUUID()];
    for (const name of names) expect(await empty.accounts.create(account(name), 1), name).toBe(true);
    for (const name of names) expect(await empty.accounts.find(name), name).toEqual(made(account(name)));
  });
}
