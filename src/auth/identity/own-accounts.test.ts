import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import type { AccountRecord } from '../../index/accounts.ts';
import { OwnAccounts } from './own-accounts.ts';
import { PasswordChecker } from './password-checker.ts';
import * as passwordHash from './password-hash.ts';

vi.mock(import('./password-hash.ts'), async (original) => {
  const { hashPassword, verifyPassword } = await original();
  return { hashPassword, verifyPassword: vi.fn(verifyPassword) };
});

const verify = vi.mocked(passwordHash.verifyPassword);
const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';

function accountsOf(...records: AccountRecord[]) {
  const stored = new Map(records.map((record) => [record.name, record]));
  const find = vi.fn(async (name: string) => stored.get(name));
  const unused = () => expect.unreachable('logging in only looks accounts up');
  const index = { find, list: unused, isEmpty: unused, create: unused, setPassword: unused, remove: unused };
  return { stored, find, accounts: new OwnAccounts(index, new PasswordChecker(new StoppedClock())) };
}

const ADMIN: AccountRecord = { name: 'admin', passwordHash: BADMIN, isAdmin: true };
const BOB: AccountRecord = { name: 'bob', passwordHash: ONE_TWO_THREE, isAdmin: false };

afterEach(() => {
  verify.mockClear();
});

describe('accounts of the index', () => {
  test('log in, as what they are', async () => {
    const { accounts } = accountsOf(ADMIN, BOB);
    const admin = { account: 'admin', labels: {}, isAdmin: true };
    const bob = { account: 'bob', labels: {}, isAdmin: false };
    expect(await accounts.authenticate({ account: 'admin', password: 'badmin' })).toEqual(admin);
    expect(await accounts.authenticate({ account: 'bob', password: '123' })).toEqual(bob);
    expect(await accounts.authenticate({ account: 'bob', password: 'badmin' })).toBe('wrong-password');
    expect(await accounts.authenticate({ account: 'eve', password: 'badmin' })).toBe('no-match');
  });

  test('log in with what the program itself hashed', async () => {
    const hash = await passwordHash.hashPassword('secret');
    const { accounts } = accountsOf({ ...BOB, passwordHash: hash });
    expect(await accounts.authenticate({ account: 'bob', password: 'secret' })).toMatchObject({
      account: 'bob',
    });
    expect(await accounts.authenticate({ account: 'bob', password: 'Secret' })).toBe('wrong-password');
  });

  test('are looked up each time, so that a change counts at once', async () => {
    const { accounts, stored, find } = accountsOf(ADMIN);
    const login = () => accounts.authenticate({ account: 'admin', password: 'badmin' });
    expect(await login()).toMatchObject({ isAdmin: true });
    stored.set('admin', { ...ADMIN, isAdmin: false });
    expect(await login()).toMatchObject({ isAdmin: false });
    expect(verify).toHaveBeenCalledTimes(1);
    stored.set('admin', { ...ADMIN, passwordHash: ONE_TWO_THREE });
    expect(await login()).toBe('wrong-password');
    stored.delete('admin');
    expect(await login()).toBe('no-match');
    expect(find).toHaveBeenCalledTimes(4);
  });

  test('know no caller without credentials', () => {
    expect('anonymous' in accountsOf(ADMIN).accounts).toBe(false);
  });
});

test('somebody unknown takes the hash path each time, with a hash of the kind that accounts have', async () => {
  const { accounts } = accountsOf(ADMIN);
  for (const password of ['x', 'x', 'nobody has this account']) {
    expect(await accounts.authenticate({ account: 'nobody', password })).toBe('no-match');
  }
  expect(verify.mock.calls.map(([, password]) => password)).toEqual(['x', 'x', 'nobody has this account']);
  const shape = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;
  for (const [hash] of verify.mock.calls) expect(hash).toMatch(shape);
});

test('an index that fails is no answer', async () => {
  const { accounts, find } = accountsOf(ADMIN);
  find.mockRejectedValueOnce(new Error('the database is closed'));
  await expect(accounts.authenticate({ account: 'admin', password: 'badmin' })).rejects.toThrow('closed');
});
