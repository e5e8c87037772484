import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BerthProcess, Workplace } from '../support/berth-process.ts';
import { formsOf, leaksIn, marker } from '../support/markers.ts';
import { shellScript } from '../support/script.ts';
import { selfSigned } from '../support/self-signed.ts';

/*
 * Nothing secret is in what a program writes or answers, at its most verbose: each secret has a marker of its own, whose
 * spellings are looked for in all of it.
 */

const HASH = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC'; // badmin
const PASSWORD = `${marker('password')} with+signs`;
const TIMEOUT_MS = 60_000;

let place: Workplace;
let gone: number;
beforeAll(async () => {
  place = new Workplace();
  const { certificate, key } = selfSigned();
  writeFileSync(join(place.folder, 'server.pem'), certificate);
  writeFileSync(join(place.folder, 'server.key'), key);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  gone = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
});
afterAll(() => place.clear());

const file = (name: string, text: string): string => {
  writeFileSync(join(place.folder, name), text);
  return name;
};

/** All that a program said: to its streams, to its files, and in answers. */
class Heard {
  readonly process: BerthProcess;
  readonly answers: string[] = [];
  readonly #files: readonly string[];

  constructor(process: BerthProcess, files: readonly string[]) {
    this.process = process;
    this.#files = files;
  }

  async ask(url: string, init: RequestInit = {}): Promise<number> {
    const answer = await fetch(url, { redirect: 'manual', ...init });
    this.answers.push(JSON.stringify([...answer.headers]), await answer.text());
    return answer.status;
  }

  /** Ends the program and looks. @returns the markers that were found, each with where it was */
  async leaks(): Promise<readonly string[]> {
    const { stdout, stderr } = await this.process.stop();
    const files = this.#files.map((name) => join(place.folder, name)).filter(existsSync);
    return leaksIn({
      stdout,
      stderr,
      answers: this.answers.join('\n'),
      ...Object.fromEntries(files.map((name) => [name, readFileSync(name, 'utf8')])),
    });
  }
}

let configurations = 0;

async function auth(sections: string): Promise<{ heard: Heard; url: string; debug: string; config: string }> {
  configurations += 1;
  const audit = `audit-${configurations}.log`;
  const config = file(
    `auth-${configurations}.yml`,
    `
server: {addr: "127.0.0.1:0"}
debug: {addr: "127.0.0.1:0", prometheus: {enabled: true}}
token: {issuer: i, expiration: 900, certificate: server.pem, key: server.key}
throttle: {enabled: false}
audit: {file: ${audit}, webhook: {url: "http://127.0.0.1:${gone}/${marker('webhookpath')}", headers: {Authorization: "Bearer ${marker('webhookheader')}"}}}
acl: [{match: {}, actions: [pull]}]
${sections}
`,
  );
  const process = place.start(['auth', '--v=5', '--alsologtostderr', config]);
  const url = await process.says(/at (http:\/\/127\.0\.0\.1:\d+)\/auth/);
  const debug = await process.says(/The debug server is at (\S+)/);
  return { heard: new Heard(process, [audit]), url, debug, config };
}

const basic = (account: string, password: string) =>
  `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`;

/** Every way in which a secret can come with a request for a token. */
async function everyLogin(heard: Heard, url: string, account: string): Promise<void> {
  const at = `${url}/auth?service=s&scope=repository:a:pull`;
  const form = (fields: Record<string, string>): RequestInit => ({
    method: 'POST',
    body: new URLSearchParams({ service: 's', client_id: 'c', ...fields }),
  });
  await heard.ask(at, { headers: { authorization: basic(account, PASSWORD) } });
  await heard.ask(at, { headers: { authorization: `Basic ${PASSWORD.replaceAll(' ', '')}` } });
  await heard.ask(at, { headers: { authorization: `Bearer ${marker('bearer')}` } });
  await heard.ask(`${url}/auth`, form({ grant_type: 'password', username: account, password: PASSWORD }));
  await heard.ask(`${url}/auth?password=${marker('querypassword')}`, form({ username: account }));
  await heard.ask(`${url}/auth`, form({ grant_type: 'refresh_token', refresh_token: marker('refresh') }));
  await heard.ask(
    `${url}/auth?refresh_token=${marker('queryrefresh')}`,
    form({ grant_type: 'refresh_token' }),
  );
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  };
  await heard.ask(`${url}/auth`, form({ ...exchange, subject_token: `eyJ.${marker('assertion')}.x` }));
  await heard.ask(`${url}/auth`, form({ ...exchange, subject_token: '' }));
  await heard.ask(`${url}/auth?subject_token=${marker('queryassertion')}`, form(exchange));
  await heard.ask(at, { headers: { authorization: basic(account, `berth_pat_${marker('accesstoken')}`) } });
  await heard.ask(`${url}/auth?code=${marker('code')}&state=${marker('state')}`);
}

describe('berth auth --v=5', { timeout: TIMEOUT_MS }, () => {
  const cases: readonly (readonly [name: string, sections: () => string, paths?: readonly string[]])[] = [
    ['users', () => `users: {bob: {password: "${HASH}"}}`],
    [
      'a program that crashes with the password in its standard error',
      () => {
        const command = shellScript(place.folder, 'crash', [
          'read -r u p',
          'echo "checking $u $p" >&2',
          'printf "%s:%s" "$u" "$p" | base64 -w0 >&2',
          'exit 9',
        ]);
        return `ext_auth: {command: ${command}}`;
      },
    ],
    [
      'a plugin whose error quotes the password',
      () =>
        `plugin_authn: {plugin_path: ${file('plugin.mjs', 'export const authenticate = ({ account, password }) => { console.log(password); console.error(encodeURIComponent(password)); throw new Error(account + password); };')}}`,
    ],
    [
      'an HTTP service that is away',
      () =>
        `http_auth: {url: "http://127.0.0.1:${gone}/${marker('hookpath')}?key=${marker('hookquery')}", headers: {Authorization: "Bearer ${marker('hookheader')}"}}`,
    ],
    [
      'an LDAP directory that is away',
      () =>
        `ldap_auth: {addr: "127.0.0.1:${gone}", base: o=x, filter: "(uid=\${account})", bind_dn: cn=berth, bind_password_file: ${file('ldap-password', marker('ldap'))}}`,
    ],
    [
      'MySQL that is away',
      () =>
        `xorm_auth: {database_type: mysql, conn_string: "u:${marker('mysql')}@tcp(127.0.0.1:${gone})/berth"}`,
    ],
    [
      'PostgreSQL that is away',
      () =>
        `xorm_auth: {database_type: postgres, conn_string: "postgres://u:${marker('postgres')}@127.0.0.1:${gone}/berth?sslmode=disable"}`,
    ],
    [
      'MongoDB that is away',
      () =>
        `mongo_auth: {dial_info: {addrs: ["127.0.0.1:${gone}"], timeout: 1s, database: d, username: u, password_file: ${file('mongo-password', marker('mongo'))}}, collection: c}`,
    ],
    [
      'an OpenID provider and a Redis that are away',
      () =>
        `oidc_auth: {issuer: "http://127.0.0.1:${gone}", redirect_url: "http://127.0.0.1/oidc_auth", client_id: c, client_secret: "${marker('clientsecret')}", redis_token_db: {redis_options: {addr: "127.0.0.1:${gone}", password: "${marker('redis')}"}}}`,
      [
        `/oidc_auth?begin`,
        `/oidc_auth?code=${marker('oidccode')}&state=${marker('oidcstate')}`,
        `/oidc_auth?error=access_denied&error_description=x&state=${marker('oidcstate')}`,
      ],
    ],
  ];

  it.each(cases.map(([name, sections, paths = []]) => ({ name, sections, paths })))(
    '$name',
    async ({ sections, paths }) => {
      const { heard, url, debug, config } = await auth(sections());
      for (const account of ['bob', 'nobody']) await everyLogin(heard, url, account);
      for (const path of paths) await heard.ask(`${url}${path}`);
      for (const path of ['/metrics', '/readyz', '/debug/auth', '/debug/vars'])
        await heard.ask(`${debug}${path}`);
      for (const path of ['/readyz', '/healthz', '/']) await heard.ask(`${url}${path}`);
      const checked = await place.run(['auth', '--check', config]);
      heard.answers.push(checked.stdout, checked.stderr);
      expect(await heard.leaks()).toEqual([]);
      expect(heard.process.stderr, 'it is as verbose as it can be').toMatch(/a request was refused/);
    },
  );
});

describe('berth serve, loglevel: debug', { timeout: TIMEOUT_MS }, () => {
  it('shows nothing that its configuration, its clients or its administrators know', async () => {
    const config = file(
      'config.yml',
      `
version: 0.1
log: {level: debug, formatter: json}
http:
  addr: 127.0.0.1:0
  secret: ${marker('httpsecret')}
  debug: {addr: 127.0.0.1:0, prometheus: {enabled: true}}
storage: {filesystem: {rootdirectory: ./data}}
throttle: {enabled: false}
audit: {file: audit-serve.log}
auth:
  builtin:
    users: {bob: {password: "${HASH}"}}
    acl: [{match: {account: bob}, actions: ["*"]}]
health: {http: [{uri: "http://u:${marker('healthuser')}@127.0.0.1:${gone}/", headers: {Authorization: ["${marker('healthheader')}"]}, interval: 1s, threshold: 100}]}
notifications:
  endpoints:
    - {name: e, url: "http://u:${marker('eventuser')}@127.0.0.1:${gone}/", timeout: 1s, threshold: 1, backoff: 1s, headers: {Authorization: ["Bearer ${marker('eventheader')}"]}}
`,
    );
    const process = place.start(['serve', config], { env: { BERTH_ADMIN_PASSWORD: marker('admin') } });
    const url = await process.says(/Berth is ready at (\S+)/);
    const debug = await process.says(/The debug server is at (\S+)/);
    const heard = new Heard(process, ['audit-serve.log']);
    await everyLogin(heard, url, 'bob');
    await everyLogin(heard, url, 'nobody');
    const admin = (method: string, path: string, body?: object, password = 'badmin') =>
      heard.ask(`${url}/api/v1/${path}`, {
        method,
        headers: { authorization: basic('bob', password), 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
    expect(await admin('POST', 'accounts', { name: 'carol', password: marker('newpassword') })).toBe(200);
    await admin('POST', 'accounts', { name: 'carol', password: marker('newpassword') });
    await admin('POST', 'accounts', { name: 'x/../y', password: [marker('listpassword')] });
    await admin('GET', 'accounts', undefined, PASSWORD);
    await admin('GET', `accounts?password=${marker('apiquery')}`);
    for (const path of ['accounts', 'logins', 'events']) await admin('GET', path);
    const bearer = { headers: { authorization: `Bearer eyJ.${marker('forged')}.x` } };
    await heard.ask(`${url}/v2/`, bearer);
    await heard.ask(`${url}/v2/a/blobs/uploads/?_state=${marker('uploadstate')}`, {
      method: 'POST',
      ...bearer,
    });
    for (const path of ['/metrics', '/readyz', '/debug/auth', '/debug/vars', '/debug/health']) {
      await heard.ask(`${debug}${path}`);
    }
    const checked = await place.run(['check-config', config]);
    heard.answers.push(checked.stdout, checked.stderr);
    expect(await heard.leaks()).toEqual([]);
    expect(process.stderr, 'it is as verbose as it can be').toMatch(/"level":"debug"/);
  });
});

describe('the search itself', () => {
  it('finds a marker in whichever spelling, and in what a real process writes', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const planted = marker('planted');
    for (const form of formsOf(planted)) {
      expect(leaksIn({ log: `a line with ${form} in it` }), form).toEqual([`planted in log`]);
    }
    for (const prefix of ['', 'b', 'bo', 'bob:']) {
      expect(leaksIn({ log: Buffer.from(`${prefix}${planted}x`).toString('base64') })).toEqual([
        'planted in log',
      ]);
    }
    const { heard, url } = await auth(`users: {bob: {password: "${HASH}", labels: {}}}`);
    // What a client calls itself is in the audit log, as it should.
    await heard.ask(`${url}/auth?service=s&client_id=${marker('planted')}`);
    expect(await heard.leaks()).toContainEqual(expect.stringMatching(/^planted in .*audit/));
  });
});
