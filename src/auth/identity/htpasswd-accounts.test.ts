import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { HtpasswdAccounts } from './htpasswd-accounts.ts';
import { PasswordChecker } from './password-checker.ts';
import * as passwordHash from './password-hash.ts';

vi.mock(import('./password-hash.ts'), async (original) => {
  const module = await original();
  return { ...module, verifyPassword: vi.fn(module.verifyPassword) };
});

const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
const verify = vi.mocked(passwordHash.verifyPassword);

let accounts: HtpasswdAccounts;
const login = (password: string, account = 'admin') => accounts.authenticate({ account, password });
beforeEach(() => {
  accounts = new HtpasswdAccounts(new PasswordChecker(new StoppedClock()));
  accounts.replace(new Map([['admin', BADMIN]]));
});
afterEach(() => {
  verify.mockClear();
});

describe('the accounts of a password file', () => {
  test('are nobody before there is one', async () => {
    const none = new HtpasswdAccounts(new PasswordChecker(new StoppedClock()));
    expect(await none.authenticate({ account: '', password: '' })).toBe('no-match');
    expect(none.has('')).toBe(false);
  });

  test('log in, and the hash is computed once', async () => {
    expect(await login('badmin')).toEqual({ account: 'admin', labels: {}, isAdmin: false });
    expect(await login('badmin')).toMatchObject({ account: 'admin' });
    expect(verify).toHaveBeenCalledTimes(1);
    expect(accounts.has('admin')).toBe(true);
  });

  test.each([
    ['admin', 'wrong', 'wrong-password'],
    ['nobody', 'badmin', 'no-match'],
    ['', '', 'no-match'],
    ['__proto__', 'badmin', 'no-match'],
  ])('%j by %j is %s, at the price of a hash', async (account, password, outcome) => {
    expect(await login(password, account)).toBe(outcome);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  test('an unknown one costs as much as the dearest entry', async () => {
    accounts.replace(
      new Map([
        ['admin', BADMIN],
        ['dear', BADMIN.replace('$05$', '$06$')],
      ]),
    );
    await login('x', 'nobody');
    expect(verify.mock.calls[0]?.[0]).toMatch(/^\$2y\$06\$/);
  });

  test('a changed password counts at once, and the remembered one no more', async () => {
    await login('badmin');
    accounts.replace(new Map([['admin', ONE_TWO_THREE]]));
    expect(await login('badmin')).toBe('wrong-password');
    expect(await login('123')).toMatchObject({ account: 'admin' });
  });

  test('an account that is gone is gone at once', async () => {
    await login('badmin');
    accounts.replace(new Map());
    expect(await login('badmin')).toBe('no-match');
    expect(accounts.has('admin')).toBe(false);
  });
});
