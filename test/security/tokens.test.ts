import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/auth/identity/password-hash.ts';
import {
  ADMIN_PASSWORD,
  type Answer,
  BUILTIN,
  type FrontDoor,
  openFrontDoor,
} from '../support/front-door.ts';
import { decodeToken, encodePart, signToken } from '../support/jws.ts';
import { digestOf, OCI_IMAGE, pushImage } from '../support/oci-content.ts';

/* Advisories of other registries and of token libraries that concern who is let in: one test a class. */

const ALICE = 'alice';
const PASSWORD = 'correct horse battery staple';

function basic(account: string, password: string): string {
  return `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`;
}

function ask(door: FrontDoor, account: string, password: string, query = ''): Promise<Answer> {
  return door.send('GET', `/auth/token?service=berth${query}`, {
    headers: { authorization: basic(account, password) },
  });
}

/** The actions that a token grants, on whatever it may be. */
function grantedIn(claims: Record<string, unknown>): string[] {
  return (claims['access'] as { actions: string[] }[]).flatMap(({ actions }) => actions);
}

async function withAlice(): Promise<FrontDoor> {
  const door = await openFrontDoor({ config: BUILTIN, admin: true });
  const account = { name: ALICE, passwordHash: await hashPassword(PASSWORD), isAdmin: false };
  await door.state.index.accounts.create(account, Date.now());
  return door;
}

describe('forged tokens', () => {
  let door: FrontDoor;
  let good: string;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN });
    good = await door.token([{ type: 'registry', name: 'catalog', actions: ['*'] }]);
  });
  afterAll(() => door.close());

  async function statusOf(token: string): Promise<number> {
    return (await door.send('GET', '/v2/_catalog', { token })).status;
  }

  function ecPair(): { privateKey: KeyObject; publicKey: KeyObject } {
    return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  it('the one they are made from is accepted', async () => {
    expect(await statusOf(good)).toBe(200);
  });

  it('CVE-2022-23540: alg none, and an HMAC whose secret is the public key', async () => {
    const { header, claims } = decodeToken(good);
    for (const alg of ['none', 'None', 'NONE', '']) {
      expect(await statusOf(`${encodePart({ ...header, alg })}.${encodePart(claims)}.`)).toBe(401);
    }
    const spki = door.auth?.keys[0]?.publicKey.export({ type: 'spki', format: 'pem' }).toString() ?? '';
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const data = `${encodePart({ ...header, alg })}.${encodePart(claims)}`;
      const signature = createHmac(alg.replace('HS', 'sha'), spki).update(data).digest('base64url');
      expect(await statusOf(`${data}.${signature}`)).toBe(401);
    }
  });

  it('CVE-2025-24976: a key in the token’s own header opens nothing', async () => {
    const { header, claims } = decodeToken(good);
    const { privateKey, publicKey } = ecPair();
    const jwk = publicKey.export({ format: 'jwk' });
    for (const forged of [
      { alg: 'ES256', jwk },
      { ...header, jwk },
      { alg: 'ES256', jwk: { ...jwk, kid: header['kid'] }, kid: header['kid'] },
      { alg: 'ES256', jku: 'http://127.0.0.1:1/keys' },
      { alg: 'ES256', x5u: 'http://127.0.0.1:1/chain' },
      { alg: 'ES256', x5c: [publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
    ]) {
      expect(await statusOf(signToken(forged, claims, privateKey))).toBe(401);
    }
  });

  it('CVE-2023-27584: each installation has a key of its own; another’s token opens nothing', async () => {
    const other = await openFrontDoor({ config: BUILTIN });
    const token = await other.token([{ type: 'registry', name: 'catalog', actions: ['*'] }]);
    expect((await other.send('GET', '/v2/_catalog', { token })).status).toBe(200);
    expect(await statusOf(token)).toBe(401);
    await other.close();
  });

  it('GHSA-95c3-6vvw-4mrq: a token for another service, or of another issuer, is refused', async () => {
    const key = door.auth?.keys[0];
    if (key === undefined) throw new Error('there is no key');
    const { header, claims } = decodeToken(good);
    const signed = (changes: object): string => signToken(header, { ...claims, ...changes }, key.privateKey);
    expect(await statusOf(signed({}))).toBe(200);
    for (const changes of [
      { aud: 'another registry' },
      { aud: '' },
      { aud: ['another registry'] },
      { aud: undefined },
      { iss: 'another issuer' },
      { iss: undefined },
      { exp: undefined },
      { exp: 'never' },
      { nbf: Math.floor(Date.now() / 1000) + 3600 },
    ]) {
      expect([changes, await statusOf(signed(changes))]).toEqual([changes, 401]);
    }
  });

  it.each([
    ['a path', '../../../../etc/passwd'],
    ['a device', '/dev/null'],
    ['a query', "' OR 1=1 --"],
    ['a control character', '\u0000'],
    ['a long text', 'x'.repeat(10_000)],
  ])('kid as %s finds no key', async (_, kid) => {
    const { privateKey } = ecPair();
    expect(await statusOf(signToken({ alg: 'ES256', kid }, decodeToken(good).claims, privateKey))).toBe(401);
  });

  it('CVE-2022-31668, CVE-2024-22278, CVE-2026-28744: a token for one repository, or to pull, does nothing more', async () => {
    const push = await door.token([{ type: 'repository', name: 'a/b', actions: ['pull', 'push', 'delete'] }]);
    const { digest } = await pushImage(door, 'a/b', 'v1', { token: push });
    const pull = await door.token([{ type: 'repository', name: 'a/b', actions: ['pull'] }]);
    const elsewhere = await door.token([{ type: 'repository', name: 'a/c', actions: ['*'] }]);
    const changes: readonly [string, string][] = [
      ['POST', '/v2/a/b/blobs/uploads/'],
      ['PATCH', '/v2/a/b/blobs/uploads/x'],
      ['PUT', `/v2/a/b/blobs/uploads/x?digest=${digest}`],
      ['DELETE', '/v2/a/b/blobs/uploads/x'],
      ['PUT', '/v2/a/b/manifests/v1'],
      ['DELETE', '/v2/a/b/manifests/v1'],
      ['DELETE', `/v2/a/b/blobs/${digest}`],
    ];
    const reads: readonly [string, string][] = [
      ['GET', '/v2/a/b/manifests/v1'],
      ['HEAD', '/v2/a/b/manifests/v1'],
      ['GET', `/v2/a/b/blobs/${digest}`],
      ['GET', '/v2/a/b/tags/list'],
      ['GET', `/v2/a/b/referrers/${digest}`],
      ['GET', '/v2/_catalog'],
    ];
    const headers = { 'content-type': OCI_IMAGE };
    for (const [method, target] of [...changes, ...reads]) {
      const answer = await door.send(method, target, { token: elsewhere, headers });
      expect([method, target, answer.status]).toEqual([method, target, 401]);
    }
    for (const [method, target] of changes) {
      const answer = await door.send(method, target, { token: pull, headers });
      expect([method, target, answer.status]).toEqual([method, target, 401]);
    }
  });
});

describe('accounts', () => {
  it('CVE-2026-4404: there is no default password', async () => {
    const config = `${BUILTIN}\nthrottle: {enabled: false}`;
    const door = await openFrontDoor({ config, admin: true });
    for (const password of ['', 'admin', 'password', 'Harbor12345', 'berth', 'changeme', 'root', 'docker']) {
      expect((await ask(door, 'admin', password)).status).toBe(401);
    }
    await door.close();
  });

  it('CVE-2020-13794, CVE-2019-19030: unknown account and wrong password answer the same', async () => {
    const door = await withAlice();
    const [wrong, unknown] = [await ask(door, ALICE, 'wrong'), await ask(door, 'nobody', 'wrong')];
    const shape = ({ status, text, headers }: Answer): unknown => [
      status,
      text,
      { ...headers, 'x-request-id': undefined },
    ];
    expect(shape(wrong)).toEqual(shape(unknown));
    await door.close();
  });

  it('CVE-2019-16097: nothing that a caller sends makes it an administrator', async () => {
    const door = await withAlice();
    const wish = 'is_admin=1&isAdmin=true&admin=true&role=admin&account=alice&sub=admin';
    const answer = await ask(door, ALICE, PASSWORD, `&${wish}&scope=registry:catalog:*`);
    expect(answer.status).toBe(200);
    const { claims } = decodeToken(answer.json<{ token: string }>().token);
    expect([claims['sub'], grantedIn(claims)]).toEqual([ALICE, []]);
    for (const method of ['POST', 'PUT']) {
      for (const target of ['/api/v1/users', '/users', '/auth/users']) {
        expect((await door.send(method, target, { body: '{"name":"x","isAdmin":true}' })).status).toBe(404);
      }
    }
    await door.close();
  });

  it('CVE-2025-23208: rights are looked up at each token, not remembered from the last', async () => {
    const door = await withAlice();
    expect((await ask(door, ALICE, PASSWORD)).status).toBe(200);
    await door.state.index.accounts.remove(ALICE, Date.now());
    expect((await ask(door, ALICE, PASSWORD)).status).toBe(401);
    await door.close();
  });

  it('CVE-2025-48374, GHSA-prh4-vhfh-24mj: no password, token or key reaches the log, at any level', async () => {
    const door = await withAlice();
    const token = (await ask(door, ALICE, PASSWORD)).json<{ token: string }>().token;
    const wrong = 'a wrong password of somebody';
    await ask(door, ALICE, wrong);
    await door.send('GET', '/v2/', { token });
    await door.send('GET', '/v2/', { token: `${token}x` });
    await door.send('GET', `/v2/_catalog?access_token=${token}&password=${PASSWORD}`, { token });
    await door.send('POST', '/auth/token', {
      body: new URLSearchParams({ grant_type: 'password', username: ALICE, password: PASSWORD }).toString(),
    });
    const written = JSON.stringify([door.log.lines, door.accessed], (_key, value: unknown) =>
      value instanceof Error ? { message: value.message, stack: value.stack, cause: value.cause } : value,
    );
    expect(door.log.lines.length).toBeGreaterThan(1);
    expect(door.accessed.length).toBeGreaterThan(5);
    const [, , signature = ''] = token.split('.');
    for (const secret of [
      PASSWORD,
      ADMIN_PASSWORD,
      wrong,
      signature,
      basic(ALICE, PASSWORD),
      'PRIVATE KEY',
    ]) {
      expect(written).not.toContain(secret);
    }
    await door.close();
  });

  it('CVE-2020-13794: who asks without a password for the rights of an account gets none', async () => {
    const door = await withAlice();
    const scope = 'repository:alice/app:pull,push';
    const claimed = await door.send('GET', `/auth/token?service=berth&account=${ALICE}&scope=${scope}`);
    expect(claimed.status).toBe(401);
    const anonymous = await door.send('GET', `/auth/token?service=berth&scope=${scope}`);
    expect(
      anonymous.status === 401 || decodeToken(anonymous.json<{ token: string }>().token).claims['access'],
    ).toSatisfy((result: unknown) => result === true || (Array.isArray(result) && result.length === 0));
    expect((await door.send('GET', `/v2/alice/app/blobs/${digestOf('x')}`)).status).toBe(401);
    await door.close();
  });
});
