import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { PasswordChecker } from './password-checker.ts';
import * as passwordHash from './password-hash.ts';
import { type StaticUser, StaticUsers } from './static-users.ts';

vi.mock(import('./password-hash.ts'), async (original) => {
  const { hashPassword, verifyPassword } = await original();
  return { hashPassword, verifyPassword: vi.fn(verifyPassword) };
});

const verify = vi.mocked(passwordHash.verifyPassword);
const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';

function usersOf(users: Record<string, Partial<StaticUser>>): StaticUsers {
  const entries = Object.entries(users).map(([account, user]): [string, StaticUser] => [
    account,
    { passwordHash: undefined, labels: {}, ...user },
  ]);
  return new StaticUsers(new Map(entries), new PasswordChecker(new StoppedClock()));
}

const simple = () =>
  usersOf({
    admin: { passwordHash: BADMIN, labels: { group: ['VIP'] } },
    test: { passwordHash: ONE_TWO_THREE },
  });

afterEach(() => {
  verify.mockClear();
});

describe('the users of simple.yml', () => {
  test('log in', async () => {
    expect(await simple().authenticate({ account: 'admin', password: 'badmin' })).toEqual({
      account: 'admin',
      labels: { group: ['VIP'] },
      isAdmin: false,
    });
    expect(await simple().authenticate({ account: 'test', password: '123' })).toEqual({
      account: 'test',
      labels: {},
      isAdmin: false,
    });
  });

  test.each([
    ['admin', '123'],
    ['admin', ''],
    ['admin', BADMIN],
    ['test', 'badmin'],
  ])('%s does not by %j', async (account, password) => {
    expect(await simple().authenticate({ account, password })).toBe('wrong-password');
  });

  test.each(['Admin', 'admin ', 'ADMIN', 'nobody', '__proto__', 'constructor', 'toString'])(
    'there is no %j: names are exact, as in docker_auth',
    async (account) => {
      expect(await simple().authenticate({ account, password: 'badmin' })).toBe('no-match');
    },
  );
});

describe('somebody unknown', () => {
  test('takes the hash path, each time', async () => {
    const users = simple();
    await users.authenticate({ account: 'nobody', password: 'x' });
    await users.authenticate({ account: 'nobody', password: 'x' });
    expect(verify.mock.calls.map(([, password]) => password)).toEqual(['x', 'x']);
  });

  test.each<[Record<string, string>, string]>([
    [{ a: BADMIN }, '05'],
    [{ a: BADMIN, b: BADMIN.replace('$05$', '$11$'), c: BADMIN.replace('$05$', '$08$') }, '11'],
    [{ a: BADMIN.replace('$2y$05$', '$2b$04$') }, '05'],
    [{}, '05'],
  ])('costs as much as the dearest account: %j', async (hashes, cost) => {
    const users = usersOf(
      Object.fromEntries(Object.entries(hashes).map(([name, hash]) => [name, { passwordHash: hash }])),
    );
    verify.mockResolvedValueOnce(false);
    expect(await users.authenticate({ account: 'nobody', password: 'x' })).toBe('no-match');
    // 53 characters of salt and hash, or the library would refuse it without computing anything.
    expect(verify.mock.calls[0]?.[0]).toMatch(new RegExp(`^\\$2y\\$${cost}\\$[./A-Za-z0-9]{53}$`));
  });

  test('is not let in by the stand-in’s password', async () => {
    const users = usersOf({});
    for (const password of ['badmin', '', 'nobody has this account']) {
      expect(await users.authenticate({ account: 'nobody', password })).toBe('no-match');
    }
  });
});

describe('callers without credentials', () => {
  test('are let in by the entry "" alone', () => {
    expect(simple().anonymous()).toBeUndefined();
    expect(usersOf({}).anonymous()).toBeUndefined();
    expect(usersOf({ '': { labels: { group: ['guests'] } } }).anonymous()).toEqual({
      account: '',
      labels: { group: ['guests'] },
      isAdmin: false,
    });
  });

  test('who name themselves "" with a password do not log in, and take the hash path', async () => {
    const users = usersOf({ '': {} });
    expect(await users.authenticate({ account: '', password: '' })).toBe('no-match');
    expect(await users.authenticate({ account: '', password: 'x' })).toBe('no-match');
    expect(verify).toHaveBeenCalledTimes(2);
  });
});
