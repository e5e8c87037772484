import { hash } from '@node-rs/bcrypt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { RecordedLog } from '../../../test/support/recorded-log.ts';
import { TooManyLogins } from '../slots.ts';
import { Unreachable } from '../unreachable.ts';
import { PasswordChecker } from './password-checker.ts';
import { hashPassword } from './password-hash.ts';
import { type AccountTable, type StoredAccount, StoredAccounts } from './stored-accounts.ts';

const ALICE = { account: 'alice', password: 'secret' };

async function staged(row?: Partial<StoredAccount>) {
  const stored: StoredAccount = {
    place: 'row 7 of t',
    passwordHash: await hash('secret', 4),
    labels: null,
    ...row,
  };
  const table = {
    find: vi.fn<AccountTable['find']>(async (account) => (account === 'alice' ? stored : undefined)),
    sampleHash: vi.fn<AccountTable['sampleHash']>(async () => stored.passwordHash),
    close: vi.fn<AccountTable['close']>(async () => undefined),
  };
  const log = new RecordedLog();
  const passwords = new PasswordChecker(new StoppedClock());
  const accounts = new StoredAccounts({ name: 'xorm_auth', table, passwords, log });
  return { table, log, accounts, passwords };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('accounts of a database', () => {
  it('have their labels, as JSON or as the database reads it', async () => {
    const labels = { team: ['a', 'b'], none: [] };
    for (const stored of [labels, JSON.stringify(labels)]) {
      const { accounts } = await staged({ labels: stored });
      expect(await accounts.authenticate(ALICE)).toEqual({ account: 'alice', labels, isAdmin: false });
    }
    for (const stored of [null, undefined, '', '{}', 'null', {}]) {
      const { accounts } = await staged({ labels: stored });
      expect(await accounts.authenticate(ALICE)).toMatchObject({ labels: {} });
    }
  });

  it.each(['{', '[]', '{"team":"a"}', '{"team":[1]}', 5])(
    'cannot log in with labels such as %s',
    async (labels) => {
      const { accounts } = await staged({ labels });
      await expect(accounts.authenticate(ALICE)).rejects.toThrow(
        /xorm_auth: the labels of row 7 of t cannot be used/,
      );
    },
  );

  it('are let in by bcrypt and by Argon2id, and by nothing else', async () => {
    const { accounts } = await staged();
    expect(await accounts.authenticate({ ...ALICE, password: 'Secret' })).toBe('wrong-password');
    expect(await accounts.authenticate({ ...ALICE, account: 'bob' })).toBe('no-match');
    const other = await staged({ passwordHash: await hashPassword('secret') });
    expect(await other.accounts.authenticate(ALICE)).toMatchObject({ account: 'alice' });
  });

  it.each(['secret', '', undefined, '$1$salt$hash', '$2y$05$short'])(
    'are refused with %s in place of a hash',
    async (passwordHash) => {
      const { accounts, log } = await staged({ passwordHash });
      for (const password of ['secret', passwordHash ?? '', 'x']) {
        expect(await accounts.authenticate({ ...ALICE, password: password || 'x' })).toBe('wrong-password');
      }
      expect(log.at('warn')[0]?.fields).toEqual({ provider: 'xorm_auth', account: 'row 7 of t' });
      expect(await accounts.lookup('alice')).toBe('gone');
    },
  );

  it('are not looked for without a name or a password', async () => {
    const { accounts, table } = await staged();
    expect(await accounts.authenticate({ account: '', password: 'secret' })).toBe('no-match');
    expect(await accounts.authenticate({ ...ALICE, password: '' })).toBe('no-match');
    expect(table.find).not.toHaveBeenCalled();
  });

  it('cost as much where there is none: a hash like the one that was seen last', async () => {
    const { accounts, passwords } = await staged();
    const pretend = vi.spyOn(passwords, 'pretend');
    await accounts.authenticate({ ...ALICE, account: 'bob' });
    expect(pretend.mock.lastCall?.[1]).toMatch(/^\$2y\$10\$/);
    await accounts.probe();
    await accounts.authenticate({ ...ALICE, account: 'bob' });
    expect(pretend.mock.lastCall?.[1]).toMatch(/^\$2[by]\$04\$/);
  });

  it('can be looked up without a password; another password is another version', async () => {
    const { accounts } = await staged({ labels: { team: ['a'] } });
    const other = await staged({ passwordHash: await hash('other', 4) });
    const found = await accounts.lookup('alice');
    expect(found).toEqual({
      identity: { account: 'alice', labels: { team: ['a'] }, isAdmin: false },
      version: expect.any(String),
    });
    expect(await accounts.lookup('alice')).toEqual(found);
    expect(await other.accounts.lookup('alice')).not.toMatchObject({
      version: found === 'gone' ? '' : found.version,
    });
    expect(await accounts.lookup('bob')).toBe('gone');
    expect(await accounts.lookup('')).toBe('gone');
  });
});

describe('a database that is away', () => {
  const away = new Unreachable('mysql at h:1 cannot be reached: ECONNREFUSED');

  it('is not asked again for a second, and then it is', async () => {
    const { accounts, table } = await staged();
    table.find.mockRejectedValueOnce(away);
    await expect(accounts.authenticate(ALICE)).rejects.toBe(away);
    await expect(accounts.authenticate(ALICE)).rejects.toBe(away);
    await expect(accounts.lookup('alice')).rejects.toBe(away);
    expect(table.find).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    expect(await accounts.authenticate(ALICE)).toMatchObject({ account: 'alice' });
  });

  it('is asked by those that come meanwhile where only one question was refused', async () => {
    const { accounts, table } = await staged();
    table.find.mockRejectedValueOnce(new Error('refused'));
    await expect(accounts.authenticate(ALICE)).rejects.toThrow('refused');
    expect(await accounts.authenticate(ALICE)).toMatchObject({ account: 'alice' });
  });

  it('is told of at the start, and keeps nobody waiting for long', async () => {
    const { accounts, table, log } = await staged();
    table.sampleHash.mockRejectedValueOnce(away);
    await accounts.probe();
    expect(log.at('error')[0]?.fields).toEqual({ reason: away.message, provider: 'xorm_auth' });
  });

  it('is asked ten questions at a time, and 500 wait', async () => {
    const { accounts, table } = await staged();
    let fail: (error: Error) => void = () => undefined;
    const pending = new Promise<never>((_, reject) => {
      fail = reject;
    });
    table.find.mockReturnValue(pending);
    const asked = Promise.allSettled(
      Array.from({ length: 600 }, (_, index) => accounts.authenticate({ ...ALICE, account: `a${index}` })),
    );
    await vi.waitFor(() => expect(table.find).toHaveBeenCalledTimes(10));
    fail(away);
    const reasons = (await asked).map((each) => (each.status === 'rejected' ? each.reason : undefined));
    expect(reasons.filter((reason) => reason === away)).toHaveLength(510);
    expect(reasons.filter((reason) => reason instanceof TooManyLogins)).toHaveLength(90);
    expect(table.find).toHaveBeenCalledTimes(10);
  });
});
