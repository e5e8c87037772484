import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ACCESS, Forge, REPOSITORY, type TrustedIssuer } from '../support/forgeries/forge.ts';
import { FORGERIES, fits, judge, type Lure, openLure } from '../support/forgeries/judge.ts';
import { ADMIN, basic, TEST } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import type { Certificate } from './support/certificates.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { send } from './support/http.ts';
import { libtrustKid } from './support/jwt.ts';
import type { Registry } from './support/registry.ts';
import { folder } from './support/root.ts';
import { session } from './support/session.ts';

/*
 * The table of test/security before the real registry, with Berth's keys and a token that Berth really issued; and
 * what becomes of good tokens that are taken back, on two replicas of Berth and on the real registry.
 */

let replicas: readonly [BerthServe, BerthServe];
let registry: Registry;
let lure: Lure;

/** `auth: builtin` whose tokens also the real registry can verify: it takes keys from certificates only. */
async function replica(data: string): Promise<BerthServe> {
  const { certificateFile, keyFile } = inject('bed').ec;
  return berthServe({
    data,
    env: {
      BERTH_ADMIN_PASSWORD: ADMIN.password,
      REGISTRY_AUTH_BUILTIN_TOKEN_CERTIFICATE: certificateFile,
      REGISTRY_AUTH_BUILTIN_TOKEN_KEY: keyFile,
    },
  });
}

beforeAll(async () => {
  const { ec, rsa } = inject('bed');
  const data = join(folder('berth'), 'data');
  const first = await replica(data);
  replicas = [first, await replica(data)];
  const bundle = join(folder('bundle'), 'bundle.pem');
  writeFileSync(bundle, `${ec.certificate}\n${rsa.certificate}`);
  registry = await dockerRegistry({
    REGISTRY_AUTH: 'token',
    REGISTRY_AUTH_TOKEN_REALM: `${first.url}/auth/token`,
    REGISTRY_AUTH_TOKEN_SERVICE: 'berth',
    REGISTRY_AUTH_TOKEN_ISSUER: 'berth',
    REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: bundle,
  });
  lure = await openLure();
});
afterAll(async () => {
  await Promise.all([registry?.stop(), lure?.close(), ...(replicas ?? []).map((one) => one.stop())]);
});

function trustedBy(own: Certificate): TrustedIssuer {
  return {
    key: createPrivateKey(own.key),
    keyId: libtrustKid(createPublicKey(own.certificate)),
    issuer: 'berth',
    service: 'berth',
    certificate: new X509Certificate(own.certificate),
  };
}

describe.each(['ec', 'rsa'] as const)('docker-registry 2.8.2 with a certificate of Berth’s, %s', (kind) => {
  let forge: Forge;
  beforeAll(async () => {
    const trusted = trustedBy(inject('bed')[kind]);
    const admin = session(replicas[0].url, { credentials: ADMIN });
    const issued = kind === 'ec' && (await admin.token(`repository:${REPOSITORY}:pull,push`));
    forge = new Forge(issued === false ? trusted : { ...trusted, issued }, lure.url);
  });

  test.for(FORGERIES)('%s', async ([, row]) => {
    if (fits(row, forge)) expect(await judge(registry.port, forge, row, 'registry:2')).toEqual([]);
    expect(lure.visits()).toBe(0);
  });
});

describe('a good token, replayed', () => {
  const pullsAt = async (port: number, token: string) =>
    (await send(`http://127.0.0.1:${port}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status;
  const everywhere = async (token: string) =>
    Promise.all([...replicas.map(({ port }) => port), registry.port].map((port) => pullsAt(port, token)));
  const admin = (path: string, body: unknown) =>
    send(`${replicas[0].url}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: basic(ADMIN), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const tokenFor = (account: string, password: string) =>
    session(replicas[1].url, { credentials: { account, password } }).token('');

  test('is good on every replica, and on the real registry', async () => {
    expect((await admin('accounts', { name: TEST.account, password: 'a password' })).status).toBe(200);
    expect(await everywhere(await tokenFor(TEST.account, 'a password'))).toEqual([200, 200, 200]);
  });

  test.each([
    ['its account is disabled', 'accounts/disable', { name: TEST.account }],
    ['its account gets another password', 'accounts/password', { name: TEST.account, password: 'another' }],
    ['its account is removed', 'accounts/remove', { name: TEST.account }],
  ])(
    'is refused by every replica within a second when %s; the real registry takes it until it expires',
    async (_, path, body) => {
      if (path !== 'accounts/disable') await admin('accounts/enable', { name: TEST.account });
      const token = await tokenFor(TEST.account, path === 'accounts/remove' ? 'another' : 'a password');
      expect(await everywhere(token)).toEqual([200, 200, 200]);
      expect((await admin(path, body)).status).toBe(200);
      await expect.poll(() => everywhere(token), { timeout: 1_000, interval: 20 }).toEqual([401, 401, 200]);
    },
  );

  test('is refused when the personal access token that it came from is revoked', async () => {
    const made = await admin('tokens', { account: 'admin', name: 'ci' });
    expect(made.status, made.text).toBe(201);
    const { secret } = JSON.parse(made.text) as { secret: string };
    const [token, other] = [await tokenFor('admin', secret), await tokenFor('admin', ADMIN.password)];
    expect(await everywhere(token)).toEqual([200, 200, 200]);
    expect((await admin('tokens/revoke', { account: 'admin', name: 'ci' })).status).toBe(200);
    await expect.poll(() => everywhere(token), { timeout: 1_000, interval: 20 }).toEqual([401, 401, 200]);
    expect(await everywhere(other)).toEqual([200, 200, 200]);
  });

  test('is refused everywhere once it has expired', async () => {
    const forge = new Forge(trustedBy(inject('bed').ec), lure.url);
    // Both registries allow clocks to differ by a minute.
    const token = forge.signed({ exp: forge.now - 58, access: ACCESS });
    expect(await everywhere(token)).toEqual([200, 200, 200]);
    await sleep(2_500);
    expect(await everywhere(token)).toEqual([401, 401, 401]);
  });
});
