import { afterEach, describe, expect, test, vi } from 'vitest';
import { accountRecord } from '../../../test/support/account-record.ts';
import { StoppedClock } from '../../../test/support/clock.ts';
import { RecordedLog } from '../../../test/support/recorded-log.ts';
import type { AccessTokenRecord } from '../../index/access-tokens.ts';
import type { AccountRecord, Use } from '../../index/accounts.ts';
import { newAccessToken } from '../accounts/secrets.ts';
import { LastUses } from '../accounts/uses.ts';
import { OwnAccounts } from './own-accounts.ts';
import { PasswordChecker } from './password-checker.ts';
import * as passwordHash from './password-hash.ts';

vi.mock(import('./password-hash.ts'), async (original) => {
  const module = await original();
  return { ...module, verifyPassword: vi.fn(module.verifyPassword) };
});

const verify = vi.mocked(passwordHash.verifyPassword);
const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';

const TOKEN = newAccessToken();
const clock = new StoppedClock();

function accountsOf(...records: AccountRecord[]) {
  const stored = new Map(records.map((record) => [record.name, record]));
  const tokens = new Map<string, AccessTokenRecord>();
  const find = vi.fn(async (name: string) => stored.get(name));
  const rehashPassword = vi.fn(async () => false);
  const findByHash = vi.fn(async (hash: string) => {
    const token = tokens.get(hash);
    const account = token && stored.get(token.account);
    return token && account && { token, account };
  });
  const recordUses = vi.fn(async (_: readonly Use[]) => undefined);
  const uses = new LastUses({ index: { recordUses }, clock, log: new RecordedLog() });
  const accounts = new OwnAccounts({
    accounts: { find, rehashPassword },
    accessTokens: { findByHash },
    passwords: new PasswordChecker(clock),
    clock,
    uses,
  });
  const used = async () => {
    await uses.flush();
    return recordUses.mock.calls.flatMap(([noted]) => noted);
  };
  return { stored, tokens, find, rehashPassword, accounts, used };
}

const ADMIN = accountRecord({ name: 'admin', passwordHash: BADMIN, isAdmin: true });
const BOB = accountRecord({ name: 'bob', passwordHash: ONE_TWO_THREE, isAdmin: false });
const PAT: AccessTokenRecord = {
  ...{ id: 't1', account: 'bob', name: 'ci', limits: undefined, createdAtMs: 1 },
  ...{ expiresAtMs: undefined, usedAtMs: undefined },
};

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

describe('hashes of bcrypt', () => {
  test('are replaced at the first login that is right, and no other', async () => {
    const { accounts, rehashPassword } = accountsOf(ADMIN);
    await accounts.authenticate({ account: 'admin', password: 'wrong' });
    expect(rehashPassword).not.toHaveBeenCalled();
    await accounts.authenticate({ account: 'admin', password: 'badmin' });
    expect(rehashPassword).toHaveBeenCalledExactlyOnceWith(
      'admin',
      BADMIN,
      expect.stringMatching(/^\$argon2id\$/),
    );
  });

  test('stay where that cannot be kept, and the login is right all the same', async () => {
    const { accounts, rehashPassword } = accountsOf(ADMIN);
    rehashPassword.mockRejectedValue(new Error('the disk is full'));
    expect(await accounts.authenticate({ account: 'admin', password: 'badmin' })).toMatchObject({
      account: 'admin',
    });
  });
});

describe('accounts that are closed', () => {
  test.each<[string, Partial<AccountRecord>]>([
    ['disabled', { isDisabled: true }],
    ['whose time is over', { expiresAtMs: clock.now() }],
  ])('%s: neither password nor token lets in, and the answer is that to a wrong one', async (_, closed) => {
    const { accounts, tokens, used } = accountsOf({ ...BOB, ...closed });
    tokens.set(TOKEN.hash, PAT);
    expect(await accounts.authenticate({ account: 'bob', password: '123' })).toBe('wrong-password');
    expect(await accounts.authenticate({ account: 'bob', password: TOKEN.secret })).toBe('wrong-password');
    expect(await used()).toEqual([]);
  });

  test('a disabled account costs a hash like any other', async () => {
    const { accounts } = accountsOf({ ...BOB, isDisabled: true });
    await accounts.authenticate({ account: 'bob', password: '123' });
    expect(verify).toHaveBeenCalledTimes(1);
  });
});

describe('access tokens', () => {
  const login = (accounts: OwnAccounts, account: string, password = TOKEN.secret) =>
    accounts.authenticate({ account, password });

  test('stand in for the password of their account, say what they are, and cost no hash', async () => {
    const { accounts, tokens, used } = accountsOf(ADMIN, BOB);
    tokens.set(TOKEN.hash, PAT);
    expect(await login(accounts, 'bob')).toEqual({
      ...{ account: 'bob', labels: {}, isAdmin: false, proof: 'token', grant: 't1' },
    });
    expect(verify).not.toHaveBeenCalled();
    expect(await used()).toEqual([{ name: 'bob', tokenId: 't1', atMs: clock.now() }]);
  });

  test('are good for no other account, and tell nobody which there are', async () => {
    const { accounts, tokens } = accountsOf(ADMIN, BOB);
    tokens.set(TOKEN.hash, PAT);
    expect(await login(accounts, 'admin')).toBe('wrong-password');
    expect(await login(accounts, 'nobody')).toBe('no-match');
    expect(await login(accounts, 'bob', newAccessToken().secret)).toBe('wrong-password');
    expect(await login(accounts, 'nobody', newAccessToken().secret)).toBe('no-match');
    expect(verify).not.toHaveBeenCalled();
  });

  test('end with their own time, and what is issued for them with them', async () => {
    const { accounts, tokens } = accountsOf({ ...BOB, expiresAtMs: clock.now() + 2_000 });
    tokens.set(TOKEN.hash, { ...PAT, expiresAtMs: clock.now() + 1_000 });
    expect(await login(accounts, 'bob')).toMatchObject({ untilMs: clock.now() + 1_000 });
    tokens.set(TOKEN.hash, { ...PAT, expiresAtMs: clock.now() + 3_000 });
    expect(await login(accounts, 'bob')).toMatchObject({ untilMs: clock.now() + 2_000 });
    tokens.set(TOKEN.hash, { ...PAT, expiresAtMs: clock.now() });
    expect(await login(accounts, 'bob')).toBe('wrong-password');
  });

  test('narrow what is granted, in repositories to what they name, and elsewhere to nothing', async () => {
    const { accounts, tokens } = accountsOf(ADMIN);
    const limits = [
      { pattern: 'team/**', actions: ['pull'] },
      { pattern: 'team/app', actions: ['push'] },
      { pattern: 'own', actions: ['*'] },
    ];
    tokens.set(TOKEN.hash, { ...PAT, account: 'admin', limits });
    const who = await login(accounts, 'admin');
    const limit = typeof who === 'string' ? undefined : who.limit;
    const narrowed = (type: string, name: string, granted: readonly string[]) =>
      limit?.({ type, name, actions: granted }, granted);
    const all = ['pull', 'push', 'delete', '*'];
    expect(narrowed('repository', 'team/app', all)).toEqual(['pull', 'push']);
    expect(narrowed('repository', 'team/other', all)).toEqual(['pull']);
    expect(narrowed('repository', 'own', all)).toEqual(all);
    expect(narrowed('repository', 'own', ['pull'])).toEqual(['pull']);
    expect(narrowed('repository', 'elsewhere', all)).toEqual([]);
    expect(narrowed('registry', 'admin', ['*'])).toEqual([]);
    expect(narrowed('registry', 'own', ['*'])).toEqual([]);
  });

  test('a robot has no password, and costs a hash like any other', async () => {
    const robot = accountRecord({ name: 'ci', passwordHash: '', isAdmin: false, kind: 'robot' });
    const { accounts, tokens } = accountsOf(robot);
    expect(await login(accounts, 'ci', '')).toBe('wrong-password');
    expect(await login(accounts, 'ci', 'anything')).toBe('wrong-password');
    expect(verify).toHaveBeenCalledTimes(2);
    tokens.set(TOKEN.hash, { ...PAT, account: 'ci' });
    expect(await login(accounts, 'ci')).toMatchObject({ account: 'ci', isRobot: true });
  });
});
