import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CLIENT_NAMES, newClient } from './clients/all.ts';
import { type Client, REFUSED } from './clients/client.ts';
import { ADMIN, basic, TEST } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { htpasswdEnvironment, passwordFile, removeAccount, setPassword } from './support/htpasswd.ts';
import { type Answer, send } from './support/http.ts';
import { planImage } from './support/images.ts';
import type { Registry } from './support/registry.ts';
import { steps } from './support/steps.ts';

/*
 * Password files and `auth.silly`: every request with every kind of credentials put before the real registry and
 * before Berth, which answer alike; then the real clients, with and without `anonymous: pull`.
 */

const DELETE = { REGISTRY_STORAGE_DELETE_ENABLED: 'true' };
const DIGEST = `sha256:${'0'.repeat(64)}`;

const REQUESTS: readonly (readonly [string, string])[] = [
  ['GET', '/v2/'],
  ['HEAD', '/v2/'],
  ['GET', '/v2/_catalog'],
  ['GET', '/v2/a/b/tags/list'],
  ['GET', '/v2/a/b/manifests/v1'],
  ['HEAD', '/v2/a/b/manifests/v1'],
  ['PUT', '/v2/a/b/manifests/v1'],
  ['DELETE', `/v2/a/b/manifests/${DIGEST}`],
  ['GET', `/v2/a/b/blobs/${DIGEST}`],
  ['HEAD', `/v2/a/b/blobs/${DIGEST}`],
  ['DELETE', `/v2/a/b/blobs/${DIGEST}`],
  ['POST', '/v2/a/b/blobs/uploads/'],
];

/** bcrypt looks at 72 bytes. */
const LONG = { account: 'long', password: 'x'.repeat(80) };
const ODD = { account: 'zoë', password: 'a:b ç' };

const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const CREDENTIALS: Readonly<Record<string, string | undefined>> = {
  none: undefined,
  right: basic(ADMIN),
  'right, of another account': basic(TEST),
  'right, the scheme in lower case': basic(ADMIN).replace('Basic', 'basic'),
  'a password of 80 bytes': basic(LONG),
  'its first 72 bytes': encoded(`long:${'x'.repeat(72)}`),
  'its first 71 bytes': encoded(`long:${'x'.repeat(71)}`),
  'a password with more behind a NUL': encoded('admin:badmin\0more'),
  'letters of any script, and a colon': basic(ODD),
  'a wrong password': encoded('admin:wrong'),
  'no password': encoded('admin:'),
  'an unknown account': encoded('nobody:badmin'),
  'the name in another case': encoded('Admin:badmin'),
  'an entry that is MD5': encoded('old:old'),
  'neither name nor password': encoded(':'),
  'no colon': encoded('admin'),
  'no base64': 'Basic !!!',
  'a scheme alone': 'Basic',
  'a token': 'Bearer abc.def.ghi',
};

/** What must be alike: of a refusal its body and challenge, of the rest the status and the codes. */
function seen(method: string, { status, headers, text }: Answer) {
  const challenge = headers['www-authenticate'];
  if (method === 'HEAD' || !text.startsWith('{"errors"')) return { status, challenge };
  const { errors }: { errors: { code: string; detail: unknown }[] } = JSON.parse(text);
  return { status, challenge, errors: status === 401 ? errors : errors.map(({ code }) => code) };
}

for (const [kind, environment] of [
  [
    'htpasswd',
    async () => {
      const file = await passwordFile();
      await setPassword(file, { account: 'old', password: 'old' }, '-m');
      for (const added of [LONG, ODD]) await setPassword(file, added);
      return htpasswdEnvironment(file);
    },
  ],
  [
    'silly',
    async () => ({
      REGISTRY_AUTH: 'silly',
      REGISTRY_AUTH_SILLY_REALM: 'https://localhost:5001/token',
      REGISTRY_AUTH_SILLY_SERVICE: 'test "quoted"',
    }),
  ],
] as const) {
  describe(`${kind}: Berth answers as docker-registry 2.8.2`, () => {
    let theirs: Registry;
    let ours: BerthServe;
    beforeAll(async () => {
      const env = { ...(await environment()), ...DELETE };
      [theirs, ours] = await Promise.all([dockerRegistry(env), berthServe({ env })]);
    });
    afterAll(() => Promise.all([theirs?.stop(), ours?.stop()]));

    test.for(Object.entries(CREDENTIALS))('credentials: %s', async ([, authorization]) => {
      for (const [method, path] of REQUESTS) {
        const ask = { method, headers: authorization === undefined ? {} : { authorization } };
        const [expected, actual] = await Promise.all(
          [theirs.port, ours.port].map((port) => send(`http://127.0.0.1:${port}${path}`, ask)),
        );
        if (expected === undefined || actual === undefined) throw new Error('no answer');
        expect(seen(method, actual), `${method} ${path}`).toEqual(seen(method, expected));
      }
    });
  });
}

for (const anonymous of [false, true]) {
  describe(anonymous ? 'real clients with anonymous: pull' : 'real clients with htpasswd', () => {
    let serve: BerthServe;
    let host: string;
    steps(() => serve.output());
    beforeAll(async () => {
      const env = htpasswdEnvironment(await passwordFile());
      serve = await berthServe({
        env: anonymous ? { ...env, REGISTRY_AUTH_HTPASSWD_ANONYMOUS: 'pull' } : env,
      });
      host = `127.0.0.1:${serve.port}`;
    });
    afterAll(() => serve?.stop());

    describe.each(CLIENT_NAMES)('%s', (name) => {
      let client: Client;
      let digest: string | undefined;
      const ref = () => `${host}/team/${name}:v1`;
      beforeAll(() => {
        client = newClient(name, inject('bed').dockerHost);
      });
      afterAll(async () => {
        await client.logout(host);
        await client.empty();
      });

      test('without a login it is refused a push', async () => {
        await client.build(ref(), planImage(2));
        const { outcome } = await client.push(ref());
        expect(outcome.code, outcome.all).not.toBe(0);
        expect(outcome.all).toMatch(
          anonymous ? REFUSED : /unauthorized|no basic auth|authentication required/i,
        );
      });

      test.each([
        ['a wrong password', ADMIN.account, 'wrong'],
        ['an unknown account', 'nobody', ADMIN.password],
      ])('%s is refused at login', async (_, account, password) => {
        const outcome = await client.login(host, account, password);
        expect(outcome.code, outcome.all).not.toBe(0);
        expect(outcome.all).toMatch(/unauthorized|invalid username\/password/i);
      });

      test('logs in, pushes, and pulls the same', async () => {
        const login = await client.login(host, ADMIN.account, ADMIN.password);
        expect(login.code, login.all).toBe(0);
        expect(login.stdout).toContain('Login Succeeded');
        const pushed = await client.push(ref());
        expect(pushed.outcome.code, pushed.outcome.all).toBe(0);
        digest = pushed.digest;
        await client.empty();
        const pulled = await client.pull(ref());
        expect(pulled.outcome.code, pulled.outcome.all).toBe(0);
        expect(pulled.digest).toBe(digest);
      });

      test(`after logout it is ${anonymous ? 'given' : 'refused'} a pull`, async () => {
        expect((await client.logout(host)).code).toBe(0);
        await client.empty();
        const { outcome, digest: got } = await client.pull(ref());
        expect(outcome.code === 0, outcome.all).toBe(anonymous);
        if (anonymous) expect(got).toBe(digest);
      });
    });
  });
}

describe('a password file that changes under a running registry', () => {
  let serve: BerthServe;
  let file: string;
  const status = async (credentials: { account: string; password: string }) =>
    (await send(`${serve.url}/v2/`, { headers: { authorization: basic(credentials) } })).status;
  beforeAll(async () => {
    file = await passwordFile();
    serve = await berthServe({ env: htpasswdEnvironment(file) });
  });
  afterAll(() => serve?.stop());

  test('by htpasswd: a new account gets in, a removed one is out, an unchanged one stays', async () => {
    const added = { account: 'added', password: 'later' };
    expect([await status(added), await status(TEST), await status(ADMIN)]).toEqual([401, 200, 200]);
    await setPassword(file, added);
    await removeAccount(file, TEST.account);
    await expect.poll(() => status(added), { timeout: 10_000 }).toBe(200);
    await expect.poll(() => status(TEST), { timeout: 10_000 }).toBe(401);
    expect(await status(ADMIN)).toBe(200);
  });

  test('an entry that is not bcrypt is named in the log, with what to write', async () => {
    await setPassword(file, { account: 'old', password: 'old' }, '-m');
    await expect.poll(() => serve.output(), { timeout: 10_000 }).toContain(`htpasswd -B ${file}`);
    expect(serve.output()).not.toContain('$apr1$');
  });
});

test('a missing password file is made, and the account in the log logs in', async () => {
  const file = `${await passwordFile()}.new`;
  const serve = await berthServe({ env: htpasswdEnvironment(file) });
  try {
    const shown = () => / user=docker password=(\S+)/.exec(serve.output())?.[1] ?? '';
    await expect.poll(shown, { timeout: 10_000 }).toHaveLength(43);
    const password = shown();
    const headers = { authorization: basic({ account: 'docker', password }) };
    expect((await send(`${serve.url}/v2/`, { headers })).status).toBe(200);
    const theirs = await dockerRegistry(htpasswdEnvironment(file));
    expect((await send(`http://127.0.0.1:${theirs.port}/v2/`, { headers })).status).toBe(200);
    await theirs.stop();
  } finally {
    await serve.stop();
  }
});
