import { writeFileSync } from 'node:fs';
import { createServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { Attribute, Change, Client } from 'ldapts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { docker } from './clients/docker.ts';
import { basic, SERVICE } from './support/accounts.ts';
import { BERTH } from './support/berth.ts';
import { answers, send } from './support/http.ts';
import { ldifOf, type Person, personDn } from './support/people.ts';
import { folder } from './support/root.ts';
import { freePort, startServer } from './support/server.ts';
import {
  mostConnections,
  OWNER_DN,
  OWNER_PASSWORD,
  SERVICE_DN,
  SERVICE_PASSWORD,
  type Slapd,
  SUFFIX,
  startSlapd,
} from './support/slapd.ts';
import { type TokenService, tokenService } from './support/token-service.ts';

/* `ldap_auth` with two real directories of OpenLDAP, by way of `berth auth` and of Berth's own registry. */

const SPECIAL = 'o\'b*(r)\\i,e+n "x" <é;ü=> #ß';
const CROWD = Array.from({ length: 50 }, (_, index) => person(`crowd${index}`));
/** One for each test that needs somebody whom no answer is remembered of. */
const FRESH = Array.from({ length: 40 }, (_, index) => person(`fresh${index}`));
const PEOPLE: readonly Person[] = [
  { ...person('alice'), title: 'Captain' },
  person('bob'),
  person(SPECIAL),
  { ...person('zoë'), title: '*' },
  { ...person('twin1'), title: 'twin' },
  { ...person('twin2'), title: 'twin' },
  ...CROWD,
  ...FRESH,
];
const GROUPS = [
  { cn: 'developers', members: ['alice', SPECIAL] },
  { cn: 'staff', members: ['cn=developers', 'zoë'] },
  { cn: 'everybody', members: ['cn=staff', 'bob', 'cn=circle'] },
  { cn: 'circle', members: ['cn=everybody'] },
];
const RULES = `
acl:
  - {match: {labels: {title: captain}, name: "deck/*"}, actions: [pull, push]}
  - {match: {labels: {groups: circle}, name: "circle/*"}, actions: [pull]}
  - {match: {labels: {groups: staff}, name: "staff/*"}, actions: [pull]}
  - {match: {labels: {groups: developers}, name: "dev/*"}, actions: ["*"]}
  - {match: {name: "open/*"}, actions: [pull]}
`;
const OPEN = 'repository:open/x:pull';

function person(uid: string): Person {
  return { uid, password: `pw of ${uid}` };
}

/** Logs in as somebody of the directory. */
const as = ({ uid, password }: Person) => ({ account: uid, password });
let used = 0;
const somebodyNew = () => {
  const next = FRESH[used];
  used += 1;
  if (next === undefined) throw new Error('there are too few accounts for the tests');
  return as(next);
};
const named = (uid: string) => as(person(uid));

let passwordFile: string;
let first: Slapd;
let second: Slapd;
const services: TokenService[] = [];

/** A token service with these lines of `ldap_auth`, beside the ones that all tests have in common. */
async function withLdap(lines: readonly string[], more = ''): Promise<TokenService> {
  const keys = new Map(
    [
      `bind_dn: "${SERVICE_DN}"`,
      `bind_password_file: ${passwordFile}`,
      `base: "ou=people,${SUFFIX}"`,
      `filter: "(&(uid=\${account})(objectClass=person))"`,
      ...lines,
    ].map((line) => [line.split(':')[0], line]),
  );
  const section = [...keys.values()].filter((line) => !line.endsWith(': null'));
  const service = await tokenService(
    inject('bed').ec,
    `ldap_auth:\n${section.map((line) => `  ${line}\n`).join('')}${RULES}${more}`,
  );
  services.push(service);
  return service;
}

const plain = (...slapds: readonly { readonly port: number }[]) =>
  `addr: "${slapds.map(({ port }) => `127.0.0.1:${port}`).join(', ')}"`;

const hung: TcpServer = createServer((socket) => socket.on('error', () => undefined));
let hungPort: number;

beforeAll(async () => {
  passwordFile = join(folder('ldap'), 'password');
  writeFileSync(passwordFile, `${SERVICE_PASSWORD}\n`);
  const ldif = ldifOf(PEOPLE, GROUPS);
  const { ec } = inject('bed');
  [first, second] = await Promise.all([startSlapd(ldif, ec), startSlapd(ldif, ec)]);
  await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve));
  const address = hung.address();
  hungPort = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await Promise.all([first?.stop(), second?.stop()]);
  hung.close();
  for (const service of services) {
    for (const secret of [SERVICE_PASSWORD, 'pw of ', 'Basic ']) {
      expect(service.output(), 'no password is in any log').not.toContain(secret);
    }
  }
});

describe('accounts of a directory', () => {
  let auth: TokenService;
  beforeAll(async () => {
    auth = await withLdap([
      plain(first),
      'labels: {title: {attribute: TITLE, lower_case: true}}',
      `groups: {base: "ou=groups,${SUFFIX}", filter: "(&(objectClass=groupOfNames)(member=\${dn}))", nested: true}`,
    ]);
  });

  test('the right password lets in, any other does not, nor does none', async () => {
    expect((await auth.ask(named('alice'))).status).toBe(200);
    expect((await auth.ask({ account: 'alice', password: 'wrong' })).status).toBe(401);
    expect((await auth.ask({ account: 'alice', password: '' })).status).toBe(401);
    expect((await auth.ask({ account: 'nobody', password: 'pw of nobody' })).status).toBe(401);
    expect((await auth.ask(undefined)).status).toBe(401);
  });

  test('an account that there is not costs the directory the same operations as a wrong password', async () => {
    const operations = () =>
      first
        .output()
        .match(/op=\d+ (BIND|SRCH|UNBIND)/g)
        ?.map((one) => one.slice(-4)) ?? [];
    const askedBy = async (account: string): Promise<readonly string[]> => {
      const before = operations().length;
      expect((await auth.ask({ account, password: `wrong for ${account}` })).status).toBe(401);
      const seen = () => operations().slice(before);
      // Three questions at least, on a connection on which somebody else was bound.
      await expect.poll(() => seen().length).toBeGreaterThanOrEqual(3);
      return seen();
    };
    await askedBy('bob');
    const ofBob = await askedBy('alice');
    expect(await askedBy('nobody at all')).toEqual(ofBob);
    expect(ofBob.filter((one) => one === 'BIND').length).toBeGreaterThanOrEqual(2);
  });

  test('an attribute becomes a label, groups and groups of groups too, also in a circle', async () => {
    const scope = (name: string) => `repository:${name}:pull,push`;
    expect(await auth.grants(named('alice'), scope('deck/x'))).toBe('deck/x: pull,push');
    expect(await auth.grants(named('alice'), scope('dev/x'))).toBe('dev/x: pull,push');
    expect(await auth.grants(named('alice'), scope('staff/x'))).toBe('staff/x: pull');
    expect(await auth.grants(named('alice'), scope('circle/x'))).toBe('circle/x: pull');
    expect(await auth.grants(named('bob'), scope('circle/x'))).toBe('circle/x: pull');
    expect(await auth.grants(named('bob'), scope('staff/x'))).toBe('staff/x: ');
    expect(await auth.grants(named('zoë'), scope('dev/x'))).toBe('dev/x: ');
    // The title of this one is an asterisk, which is text and no pattern.
    expect(await auth.grants(named('zoë'), scope('deck/x'))).toBe('deck/x: ');
  });

  test('an account of special characters is itself, groups included, and no pattern', async () => {
    expect(await auth.grants(named(SPECIAL), 'repository:dev/x:pull')).toBe('dev/x: pull');
    for (const account of ['*', 'ali*', 'alice)(uid=*', 'alice\\2a', '*)(|(uid=*']) {
      expect((await auth.ask({ account, password: 'pw of alice' })).status, account).toBe(401);
    }
    // An asterisk that reached the filter would have found many.
    expect(auth.output()).not.toContain('more than one entry');
  });

  test('fifty logins at once share ten connections', async () => {
    const answers = await Promise.all(CROWD.map((each) => auth.ask(as(each))));
    expect(answers.map(({ status }) => status)).toEqual(CROWD.map(() => 200));
    expect(mostConnections(first.output())).toBeLessThanOrEqual(11);
    expect(mostConnections(first.output())).toBeGreaterThan(1);
  });

  test('who was in is asked for once within a minute', async () => {
    const somebody = somebodyNew();
    await auth.ask(somebody);
    const before = first.output().length;
    expect((await auth.ask(somebody)).status).toBe(200);
    expect(first.output().slice(before)).not.toContain('BIND');
  });

  test('connections that the directory ended are opened again', async () => {
    await first.stop();
    await first.start();
    expect((await auth.ask(somebodyNew())).status).toBe(200);
  });
});

test('connections that nobody needs end', async () => {
  const auth = await withLdap([plain(second), 'idle_timeout: 200ms']);
  const open = () => second.output().split(' ACCEPT ').length - second.output().split(/fd=\d+ closed/).length;
  const before = open();
  expect((await auth.ask(somebodyNew())).status).toBe(200);
  await expect.poll(open, { timeout: 5_000 }).toBe(before);
});

test('more than one entry is an error that the log explains', async () => {
  const auth = await withLdap([plain(first), `filter: "(title=\${account})"`]);
  const answer = await auth.ask({ account: 'twin', password: 'pw of twin1' });
  expect([answer.status, answer.text.includes('twin')]).toEqual([500, false]);
  await expect.poll(auth.output).toContain('the filter finds more than one entry for the account');
  await expect.poll(auth.output).toContain('twin2');
});

test('initial_bind_as_user: accounts of any characters bind first, and nobody as another', async () => {
  const auth = await withLdap([
    plain(first),
    'bind_password_file: null',
    'initial_bind_as_user: true',
    `bind_dn: "uid=\${account},ou=people,${SUFFIX}"`,
    'labels: {title: {attribute: title, lower_case: true}}',
  ]);
  expect(await auth.grants(named('alice'), 'repository:deck/x:pull')).toBe('deck/x: pull');
  expect((await auth.ask({ account: 'alice', password: 'wrong' })).status).toBe(401);
  expect(await auth.grants(named(SPECIAL), OPEN)).toBe('open/x: pull');
  const account = `bob,ou=people,${SUFFIX}`;
  expect((await auth.ask({ account, password: 'pw of bob' })).status).toBe(401);
  expect(first.output()).not.toContain(`BIND dn="uid=bob,ou=people,${SUFFIX},ou=people`);
});

test('anonymous searches, where a directory allows them', async () => {
  const open = await startSlapd(ldifOf(PEOPLE, GROUPS), inject('bed').ec, [
    'access to attrs=userPassword by anonymous auth by * none',
    'access to * by anonymous read by * none',
  ]);
  const auth = await withLdap([plain(open), 'bind_dn: null', 'bind_password_file: null']);
  // With as many as there are connections, each of them comes after somebody else.
  for (const each of [named('alice'), named('bob'), named('zoë')]) {
    expect((await auth.ask(each)).status, open.output()).toBe(200);
  }
  await open.stop();
});

describe('TLS', () => {
  const ca = () => `ca_certificate: ${inject('bed').ec.certificateFile}`;

  test.each([
    ['ldaps://', () => [`addr: "ldaps://localhost:${first.securePort}"`]],
    ['tls: always', () => [`addr: "127.0.0.1:${first.securePort}"`, 'tls: always']],
    ['tls: starttls', () => [`addr: "localhost:${first.port}"`, 'tls: starttls']],
  ])('%s', async (_, lines) => {
    const auth = await withLdap([...lines(), ca()]);
    const before = first.output().length;
    expect((await auth.ask(somebodyNew())).status, auth.output()).toBe(200);
    const seen = first.output().slice(before);
    expect(seen).toContain('TLS established');
    // Before that, nobody said a name.
    expect(seen.indexOf('TLS established')).toBeLessThan(seen.indexOf('BIND'));
    expect(auth.output()).not.toContain('unencrypted');
  });

  test.each([
    ['ldaps', () => [`addr: "ldaps://localhost:${first.securePort}"`]],
    ['starttls', () => [`addr: "localhost:${first.port}"`, 'tls: starttls']],
  ])('a certificate of a stranger gets no password (%s)', async (_, lines) => {
    const auth = await withLdap([...lines(), `ca_certificate: ${inject('bed').stranger.certificateFile}`]);
    const before = first.output().length;
    expect((await auth.ask(somebodyNew())).status).toBe(503);
    await expect.poll(auth.output).toMatch(/out of reach.*self-signed certificate/);
    expect(first.output().slice(before)).not.toContain('BIND');
    const unverified = await withLdap([...lines(), 'insecure_tls_skip_verify: true']);
    expect((await unverified.ask(somebodyNew())).status).toBe(200);
    await expect.poll(unverified.output).toMatch(/auth\.yml:\d+:\d+: insecure_tls_skip_verify/);
  });

  test('without, a warning at the start names the line', async () => {
    const auth = await withLdap([plain(first)]);
    await expect.poll(auth.output).toMatch(/auth\.yml:\d+:\d+: passwords go to 127\.0\.0\.1 unencrypted/);
  });
});

describe('directories that are away', () => {
  test('the next one is asked, and the first again once it is back', async () => {
    const auth = await withLdap([plain(first, second)]);
    expect((await auth.ask(somebodyNew())).status).toBe(200);
    await first.stop();
    expect((await auth.ask(somebodyNew())).status, auth.output()).toBe(200);
    await expect.poll(auth.output).toMatch(/out of reach.*ECONNREFUSED/);
    await second.stop();
    const refused = await auth.ask(somebodyNew());
    expect([refused.status, refused.text.includes('ldap')]).toEqual([503, false]);
    await expect
      .poll(auth.output)
      .toMatch(
        new RegExp(`no directory is in reach: ldap://127\\.0\\.0\\.1:${first.port}: .*${second.port}: `),
      );
    await second.start();
    expect((await auth.ask(somebodyNew())).status, 'the next login tries again').toBe(200);
    await first.start();
    const asksFirst = async () => {
      await auth.ask(somebodyNew());
      return first.output().includes('SRCH');
    };
    await expect.poll(asksFirst, { timeout: 20_000, interval: 2_500 }).toBe(true);
    await expect.poll(auth.output).toContain('a directory is back');
  });

  test('one that does not answer holds nobody up for longer than it may take', async () => {
    const lines = ['operation_timeout: 500ms', 'connect_timeout: 500ms'];
    const auth = await withLdap([plain({ port: hungPort }, second), ...lines]);
    const beginning = Date.now();
    const crowd = CROWD.map((each) => auth.ask(as(each)));
    expect((await Promise.all(crowd)).map(({ status }) => status)).toEqual(CROWD.map(() => 200));
    // One after the other would have taken 25 s.
    expect(Date.now() - beginning).toBeLessThan(10_000);
    const secure = await withLdap([`addr: "ldaps://127.0.0.1:${hungPort}"`, ...lines]);
    expect((await secure.ask(somebodyNew())).status).toBe(503);
    await expect.poll(secure.output).toContain('no connection within 0.5 s');
    const alone = await withLdap([plain({ port: hungPort }), ...lines]);
    expect((await alone.ask(somebodyNew())).status).toBe(503);
    await expect
      .poll(alone.output)
      .toMatch(/no directory is in reach: ldap:\/\/127\.0\.0\.1:\d+: no answer to a bind/);
  });

  test('a changed password of the account that searches counts without a restart', async () => {
    const own = join(folder('ldap'), 'password');
    writeFileSync(own, 'an old one\n');
    const auth = await withLdap([plain(first), `bind_password_file: ${own}`]);
    const somebody = somebodyNew();
    expect((await auth.ask(somebody)).status).toBe(500);
    await expect.poll(auth.output).toMatch(/does not let bind_dn .* in: invalidCredentials/);
    expect(auth.output()).not.toContain('an old one');
    writeFileSync(own, SERVICE_PASSWORD);
    await expect.poll(async () => (await auth.ask(somebody)).status, { timeout: 10_000 }).toBe(200);
  });
});

describe('a login that is kept', () => {
  const somebody = person('bob');
  let auth: TokenService;
  let refreshToken: string;
  const refreshed = async () => {
    const form = {
      grant_type: 'refresh_token',
      service: SERVICE,
      client_id: 'e2e',
      refresh_token: refreshToken,
    };
    const scope = 'repository:dev/x:pull';
    const answer = await send(`${auth.url}/auth/token`, {
      method: 'POST',
      body: `${new URLSearchParams({ ...form, scope })}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    return answer.status === 200 ? (JSON.parse(answer.text) as { scope: string }).scope : answer.status;
  };

  test('follows the groups of today, and ends when the password is changed', async () => {
    auth = await withLdap(
      [plain(first), `groups: {base: "ou=groups,${SUFFIX}", filter: "(member=\${dn})"}`],
      `data: ${join(folder('ldap'), 'data')}\n`,
    );
    const query = new URLSearchParams({ service: SERVICE, client_id: 'e2e', offline_token: 'true' });
    const answer = await send(`${auth.url}/auth?${query}`, {
      headers: { authorization: basic(as(somebody)) },
    });
    refreshToken = (JSON.parse(answer.text) as { refresh_token: string }).refresh_token;
    expect(refreshToken, answer.text).toBeDefined();
    expect(await refreshed()).toBe('');
    const change = async (dn: string, operation: 'add' | 'replace', type: string, value: string) => {
      const owner = new Client({ url: `ldap://127.0.0.1:${first.port}` });
      await owner.bind(OWNER_DN, OWNER_PASSWORD);
      await owner.modify(
        dn,
        new Change({ operation, modification: new Attribute({ type, values: [value] }) }),
      );
      await owner.unbind();
      await auth.reload();
    };
    await change(`cn=developers,ou=groups,${SUFFIX}`, 'add', 'member', personDn(somebody.uid));
    expect(await refreshed()).toBe('repository:dev/x:pull');
    await change(personDn(somebody.uid), 'replace', 'userPassword', 'another');
    expect(await refreshed()).toBe(401);
  });
});

test('docker logs in to a registry of Berth, with an account of special characters', async () => {
  const port = await freePort();
  const place = folder('serve');
  const file = join(place, 'config.yml');
  writeFileSync(
    file,
    `version: 0.1
storage: {filesystem: {rootdirectory: ${join(place, 'data')}}}
http: {addr: "127.0.0.1:${port}"}
auth:
  builtin:
    ldap_auth:
      addr: ["ldaps://localhost:${first.securePort}", "ldaps://localhost:${second.securePort}"]
      ca_certificate: ${inject('bed').ec.certificateFile}
      bind_dn: "${SERVICE_DN}"
      bind_password_file: ${passwordFile}
      base: "ou=people,${SUFFIX}"
      filter: "(uid=\${account})"
`,
  );
  const url = `http://127.0.0.1:${port}`;
  const serve = await startServer({
    name: 'berth-serve',
    command: BERTH,
    args: ['serve', file],
    cwd: place,
    ready: () => answers(`${url}/v2/`),
  });
  try {
    const client = docker(inject('bed').dockerHost);
    const wrong = await client.login(`127.0.0.1:${port}`, SPECIAL, 'wrong');
    expect(wrong.code, wrong.all).not.toBe(0);
    expect(wrong.all).toContain('wrong user name or password');
    const right = await client.login(`127.0.0.1:${port}`, SPECIAL, person(SPECIAL).password);
    expect(right.all).toContain('Login Succeeded');
  } finally {
    await serve.stop();
  }
  expect(serve.output()).not.toContain('pw of');
});
