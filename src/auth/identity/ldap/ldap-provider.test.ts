import { describe, expect, test } from 'vitest';
import { StoppedClock } from '../../../../test/support/clock.ts';
import { entry, FakeDirectory } from '../../../../test/support/fake-directory.ts';
import { RecordedLog } from '../../../../test/support/recorded-log.ts';
import { DirectoryError } from './connection.ts';
import { Directory } from './directory.ts';
import { DirectoryHost, type HostOptions } from './host.ts';
import { LdapProvider, type LdapQuestions } from './ldap-provider.ts';
import { parseFilter } from './parse-filter.ts';

const SERVICE = { name: 'cn=berth', password: () => 'service' };
const BOB = { account: 'bob', password: 'right' };

function provider(
  questions: Partial<LdapQuestions> = {},
  searcher: HostOptions['searcher'] = SERVICE,
): { fake: FakeDirectory; log: RecordedLog; ldap: LdapProvider } {
  const fake = new FakeDirectory();
  fake.passwords = { 'cn=berth': 'service', 'uid=bob': 'right' };
  fake.find = () => [entry('uid=bob')];
  const log = new RecordedLog();
  const host = new DirectoryHost({
    endpoint: fake.endpoint,
    connect: fake.connect,
    searcher,
    idleMs: 60_000,
  });
  const clock = new StoppedClock();
  const directory = new Directory({ hosts: [host], maxConnections: 2, clock, log });
  const ldap = new LdapProvider(
    {
      base: 'ou=people',
      filter: parseFilter(`(uid=\${account})`, ['account']),
      labels: new Map(),
      groups: undefined,
      accountBindName: undefined,
      ...questions,
    },
    { directory, clock, log },
  );
  return { fake, log, ldap };
}

test('searches as itself, binds as the entry, and searches as itself again', async () => {
  const { fake, ldap } = provider();
  expect(await ldap.authenticate(BOB)).toEqual({ account: 'bob', labels: {}, isAdmin: false });
  expect(fake.take()).toEqual([
    'connect',
    'bind cn=berth',
    'search ou=people',
    'bind uid=bob',
    'bind cn=berth',
  ]);
  expect(await ldap.authenticate(BOB)).toMatchObject({ account: 'bob' });
  expect(fake.take(), 'on the same connection').toEqual([
    'search ou=people',
    'bind uid=bob',
    'bind cn=berth',
  ]);
});

test('after a wrong password the connection is nobody else’s', async () => {
  const { fake, log, ldap } = provider();
  expect(await ldap.authenticate({ ...BOB, password: 'wrong' })).toBe('wrong-password');
  fake.take();
  await ldap.authenticate(BOB);
  expect(fake.take()[0]).toBe('bind cn=berth');
  expect(JSON.stringify(log.entries)).not.toContain('"wrong"');
  expect(log.at('debug')[0]?.fields).toEqual({
    account: 'bob',
    name: 'uid=bob',
    reason: 'invalidCredentials',
  });
});

test('without a name or a password nobody is asked', async () => {
  const { fake, ldap } = provider();
  expect(await ldap.authenticate({ account: 'bob', password: '' })).toBe('no-match');
  expect(await ldap.authenticate({ account: '', password: 'right' })).toBe('no-match');
  expect(fake.asked).toEqual([]);
});

test('no entry is no match, two are an error that says so', async () => {
  const { fake, ldap } = provider();
  fake.find = () => [];
  expect(await ldap.authenticate(BOB)).toBe('no-match');
  fake.find = () => [entry('uid=bob'), entry('uid=bob,ou=other')];
  await expect(ldap.authenticate(BOB)).rejects.toThrow(
    'more than one entry for the account "bob", uid=bob and uid=bob,ou=other',
  );
  expect(fake.searches[0]).toMatchObject({ enough: 1, attributes: ['1.1'] });
});

test('an entry without a name is not bound as: that is nobody, with any password', async () => {
  const { fake, ldap } = provider();
  fake.find = () => [entry('')];
  await expect(ldap.authenticate(BOB)).rejects.toThrow(DirectoryError);
});

test('an account that there is not costs the same questions as a wrong password', async () => {
  const { fake, log, ldap } = provider();
  const kindsOf = (asked: readonly string[]): unknown => asked.map((one) => one.split(' ')[0]);
  const wrong = { account: 'bob', password: 'wrong' };
  expect(await ldap.authenticate(wrong)).toBe('wrong-password');
  fake.take();
  expect(await ldap.authenticate(wrong)).toBe('wrong-password');
  const asked = fake.take();
  fake.find = () => [];
  expect(await ldap.authenticate({ account: 'nobody', password: 'secret' })).toBe('no-match');
  const askedOfNobody = fake.take();
  expect(kindsOf(askedOfNobody)).toEqual(kindsOf(asked));
  expect(askedOfNobody.at(-1), 'below the base').toMatch(/^bind cn=[0-9a-f-]{36},ou=people$/);
  expect(log.at('debug'), 'of somebody who is there alone').toHaveLength(2);

  fake.nextFault = undefined;
  fake.find = () => {
    fake.nextFault = new DirectoryError('noSuchObject');
    return [];
  };
  expect(await ldap.authenticate({ account: 'nobody', password: 'secret' }), 'whatever is said to it').toBe(
    'no-match',
  );
});

test('anonymous searches stay anonymous', async () => {
  const { fake, ldap } = provider({}, 'nobody');
  await ldap.authenticate(BOB);
  expect(fake.take()).toEqual(['connect', 'search ou=people', 'bind uid=bob', 'bind ']);
});

test('initial_bind_as_user: the entry decides, whoever could bind', async () => {
  const { fake, ldap } = provider({ accountBindName: `\${account}@example.com` }, 'accounts');
  fake.passwords['bob@example.com'] = 'right';
  expect(await ldap.authenticate(BOB)).toMatchObject({ account: 'bob' });
  expect(fake.take()).toEqual(['connect', 'bind bob@example.com', 'search ou=people', 'bind uid=bob']);
  fake.passwords['uid=bob'] = 'another';
  expect(await ldap.authenticate(BOB)).toBe('wrong-password');
  fake.take();
  expect(await ldap.authenticate({ ...BOB, password: 'x' })).toBe('wrong-password');
  expect(fake.take(), 'whoever could not bind does not search').toEqual(['bind bob@example.com']);
});

test('a service account that is refused is an error, and no wrong password', async () => {
  const { fake, ldap } = provider();
  fake.passwords['cn=berth'] = 'changed';
  await expect(ldap.authenticate(BOB)).rejects.toThrow(
    'ldap://ldap.example.com:389 does not let bind_dn "cn=berth" in: invalidCredentials',
  );
});

describe('labels', () => {
  const source = (attribute: string, parseCn = false, lowerCase = false) => ({
    attribute,
    parseCn,
    lowerCase,
  });

  test('two of the same attribute do not change each other, and the case of its name is of no matter', async () => {
    const { fake, ldap } = provider({
      labels: new Map([
        ['dns', source('memberOf')],
        ['names', source('memberof', true)],
        ['small', source('MEMBEROF', true, true)],
        ['none', source('title')],
      ]),
    });
    fake.find = () => [entry('uid=bob', { memberof: ['CN=Admins,DC=x', 'CN=Dev,DC=x'] })];
    expect(await ldap.authenticate(BOB)).toMatchObject({
      labels: {
        dns: ['CN=Admins,DC=x', 'CN=Dev,DC=x'],
        names: ['Admins', 'Dev'],
        small: ['admins', 'dev'],
        none: [],
      },
    });
  });

  test.each([
    [
      'too many',
      { memberof: Array.from({ length: 1_501 }, (_, index) => `g${index}`) },
      'more than 1500 values',
    ],
    ['a part of them', { 'memberof;range=0-1499': ['a'] }, 'more than 1500 values'],
    ['one that is too long', { memberof: ['x'.repeat(5_000)] }, 'longer than 4096 characters'],
  ])('%s is an error', async (_, attributes, message) => {
    const { fake, ldap } = provider({ labels: new Map([['groups', source('memberOf')]]) });
    fake.find = () => [entry('uid=bob', attributes)];
    await expect(ldap.authenticate(BOB)).rejects.toThrow(message);
  });

  test('groups join those of an attribute', async () => {
    const { fake, ldap } = provider({
      labels: new Map([['groups', source('ou')]]),
      groups: {
        base: 'ou=groups',
        filter: parseFilter(`(member=\${dn})`, ['dn']),
        attribute: 'cn',
        label: 'groups',
        nested: 'no',
      },
    });
    fake.find = ({ base }) =>
      base === 'ou=people' ? [entry('uid=bob', { ou: ['a'] })] : [entry('cn=b', { cn: ['b', 'a'] })];
    expect(await ldap.authenticate(BOB)).toMatchObject({ labels: { groups: ['a', 'b'] } });
  });
});

describe('what has become of an account, without its password', () => {
  const lookup = async (attributes: Readonly<Record<string, readonly string[]>>) => {
    const { fake, log, ldap } = provider();
    fake.find = () => [entry('uid=bob', attributes)];
    return { standing: await ldap.lookup?.('bob'), fake, log };
  };

  test('it is searched for, and nobody binds but the service account', async () => {
    const { standing, fake } = await lookup({ pwdlastset: ['1'], modifytimestamp: ['2'] });
    expect(standing).toEqual({
      identity: { account: 'bob', labels: {}, isAdmin: false },
      version: 'pwdLastSet=1',
    });
    expect(fake.take()).toEqual(['connect', 'bind cn=berth', 'search ou=people']);
  });

  test('where nothing tells of a changed password, the log says so once', async () => {
    const { fake, log, ldap } = provider();
    fake.find = () => [entry('uid=bob')];
    for (let time = 0; time < 2; time += 1) expect(await ldap.lookup?.('bob')).toMatchObject({ version: '' });
    expect(log.at('warn')).toHaveLength(1);
  });

  // 2030-01-01, the time of the test, in units of 100 ns since 1601.
  const now = (BigInt(Date.UTC(2030, 0, 1)) + 11_644_473_600_000n) * 10_000n;

  test.each([
    [{ useraccountcontrol: ['514'] }, true],
    [{ useraccountcontrol: ['512'] }, false],
    [{ accountexpires: [`${now}`] }, true],
    [{ accountexpires: [`${now + 10_000n}`] }, false],
    [{ accountexpires: ['0'] }, false],
    [{ accountexpires: ['9223372036854775807'] }, false],
    [{ nsaccountlock: ['TRUE'] }, true],
    [{ nsaccountlock: ['false'] }, false],
    [{ pwdaccountlockedtime: ['000001010000Z'] }, true],
    [{ pwdaccountlockedtime: ['20300101000000Z'] }, false],
  ])('%j is gone: %s', async (attributes, isGone) => {
    const { standing } = await lookup({ modifytimestamp: ['1'], ...attributes });
    expect(standing === 'gone').toBe(isGone);
  });

  test('no entry is gone, and where accounts search for themselves there is no telling', async () => {
    const { fake, ldap } = provider();
    fake.find = () => [];
    expect(await ldap.lookup?.('bob')).toBe('gone');
    expect(provider({ accountBindName: 'x' }, 'accounts').ldap.lookup).toBeUndefined();
  });
});
