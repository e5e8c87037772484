import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { SharedIndex } from './under-test.ts';

/** Accounts of the built-in token service. */
export function accountContract(shared: SharedIndex): void {
  const account = (name: string, isAdmin = false) => ({ name, passwordHash: `hash of ${name}`, isAdmin });

  it('are created once, found, listed and removed', async () => {
    const { index: empty } = await shared.openEmpty();
    const { accounts } = empty;
    expect(await accounts.isEmpty()).toBe(true);
    expect(await accounts.list()).toEqual([]);
    expect(await accounts.find('bob')).toBeUndefined();
    expect(await accounts.create(account('bob'), 1)).toBe(true);
    expect(await accounts.create(account('Bob', true), 1)).toBe(true);
    expect(await accounts.create({ ...account('bob', true), passwordHash: 'other' }, 2)).toBe(false);
    expect(await accounts.isEmpty()).toBe(false);
    expect(await accounts.find('bob')).toEqual(account('bob'));
    expect(await accounts.find('Bob')).toEqual(account('Bob', true));
    expect(await accounts.list()).toEqual([account('Bob', true), account('bob')]);
    expect(await accounts.remove('bob')).toBe(true);
    expect(await accounts.remove('bob')).toBe(false);
    expect(await accounts.find('bob')).toBeUndefined();
    expect(await accounts.remove('Bob')).toBe(true);
    expect(await accounts.isEmpty()).toBe(true);
  });

  it('take a new password and keep the rest', async () => {
    const name = randomUUID();
    expect(await shared.index.accounts.setPassword(name, 'new', 1)).toBe(false);
    expect(await shared.index.accounts.find(name)).toBeUndefined();
    await shared.index.accounts.create(account(name, true), 1);
    expect(await shared.index.accounts.setPassword(name, 'new', 2)).toBe(true);
    expect(await shared.index.accounts.find(name)).toEqual({ name, passwordHash: 'new', isAdmin: true });
  });

  it('may have any name', async () => {
    const { index: empty } = await shared.openEmpty();
    const names = ['', "o'brien", 'ünï', '%', 'a:b', '😀'];
    for (const name of names) expect(await empty.accounts.create(account(name), 1), name).toBe(true);
    for (const name of names) expect(await empty.accounts.find(name), name).toEqual(account(name));
  });
}
