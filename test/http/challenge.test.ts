import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustedKeys } from '../../src/auth/token/trust.ts';
import { TokenVerifier } from '../../src/auth/token/verify.ts';
import { createApp } from '../../src/http/app.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { TokenAccess } from '../../src/http/v2/access.ts';
import {
  ADMIN_PASSWORD,
  type Answer,
  BUILTIN,
  type FrontDoor,
  openFrontDoor,
  recordedLog,
  sendTo,
} from '../support/front-door.ts';
import { digestOf, pushBlob, pushImage, targetOf } from '../support/oci-content.ts';

/* 401 and the way to a token (distribution, spec/auth/token.md), and addresses in headers. */

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly detail: unknown;
}

const challengeOf = (answer: Answer): string | undefined => answer.headers['www-authenticate'];
const problemOf = (answer: Answer): Problem | undefined => answer.json<{ errors: Problem[] }>().errors[0];
const record = (Name: string, Action: string, Type = 'repository') => ({ Type, Class: '', Name, Action });

describe('the challenge', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN });
  });
  afterAll(() => door.close());

  const REALM = 'Bearer realm="http://registry.test:5000/auth/token",service="berth"';

  it('of GET /v2/ is the one of registry:2, byte for byte', async () => {
    const published = door.auth?.keys.published() ?? [];
    const log = recordedLog();
    const clock = { now: Date.now };
    const trusted = await TrustedKeys.create(
      [],
      published.map(({ publicKey }) => publicKey),
      clock,
    );
    const app = createApp({
      endpoints: new Map(),
      prefix: '',
      headers: {},
      log,
      clock,
      accessLog: undefined,
      requestMetrics: undefined,
      proxies: new TrustedProxies([], recordedLog()),
      isUnhealthy: () => false,
      v2: {
        registry: undefined as never,
        limits: { maxCatalogEntries: 1, maxTags: 1 },
        isReadOnly: false,
        urlOf: (_, path) => path,
        access: new TokenAccess({
          verifier: new TokenVerifier({
            keys: trusted,
            issuer: 'Acme auth server',
            audience: 'Docker registry',
            clock,
          }),
          service: 'Docker registry',
          realm: () => 'https://localhost:5001/auth',
        }),
      },
    });
    const answer = await sendTo(app, 'GET', '/v2/');
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'docker-distribution-api-version': 'registry/2.0',
      'www-authenticate': 'Bearer realm="https://localhost:5001/auth",service="Docker registry"',
    });
    expect(answer.text).toBe(
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}',
    );
  });

  it.each<[string, string, string, readonly unknown[]]>([
    ['GET', '/v2/a/b/manifests/v1', 'repository:a/b:pull', [record('a/b', 'pull')]],
    ['HEAD', '/v2/a/b/manifests/v1', 'repository:a/b:pull', [record('a/b', 'pull')]],
    ['GET', '/v2/a/b/tags/list', 'repository:a/b:pull', [record('a/b', 'pull')]],
    ['GET', `/v2/a/b/referrers/${digestOf('x')}`, 'repository:a/b:pull', [record('a/b', 'pull')]],
    [
      'PUT',
      '/v2/a/b/manifests/v1',
      'repository:a/b:pull,push',
      [record('a/b', 'pull'), record('a/b', 'push')],
    ],
    [
      'POST',
      '/v2/a/b/blobs/uploads/',
      'repository:a/b:pull,push',
      [record('a/b', 'pull'), record('a/b', 'push')],
    ],
    [
      'PATCH',
      '/v2/a/b/blobs/uploads/id',
      'repository:a/b:pull,push',
      [record('a/b', 'pull'), record('a/b', 'push')],
    ],
    ['DELETE', '/v2/a/b/manifests/v1', 'repository:a/b:delete', [record('a/b', 'delete')]],
    ['DELETE', `/v2/a/b/blobs/${digestOf('x')}`, 'repository:a/b:delete', [record('a/b', 'delete')]],
    ['GET', '/v2/_catalog', 'registry:catalog:*', [record('catalog', '*', 'registry')]],
    [
      'POST',
      `/v2/a/b/blobs/uploads/?mount=${digestOf('x')}&from=c/d`,
      'repository:a/b:pull,push repository:c/d:pull',
      [record('a/b', 'pull'), record('a/b', 'push'), record('c/d', 'pull')],
    ],
    [
      'POST',
      '/v2/a/b/blobs/uploads/?mount=x&from=a/b',
      'repository:a/b:pull,push',
      [record('a/b', 'pull'), record('a/b', 'push')],
    ],
  ])('of %s %s asks for %s and lists the records', async (method, target, scope, records) => {
    const answer = await door.send(method, target);
    expect([answer.status, challengeOf(answer)]).toEqual([401, `${REALM},scope="${scope}"`]);
    expect(problemOf(answer)).toEqual({
      code: 'UNAUTHORIZED',
      message: 'authentication required',
      detail: records,
    });
  });

  it('names error="invalid_token" and the reason for a token that is not accepted', async () => {
    const answer = await door.send('GET', '/v2/a/b/tags/list', { token: 'a.b.c' });
    expect(challengeOf(answer)).toBe(
      `${REALM},scope="repository:a/b:pull",error="invalid_token",error_description="the token is malformed"`,
    );
    expect(problemOf(answer)).toMatchObject({ code: 'UNAUTHORIZED', message: 'the token is malformed' });
  });

  it('names error="insufficient_scope", and the message says who may what', async () => {
    const token = await door.token([{ type: 'repository', name: 'a/b', actions: ['pull'] }], {
      subject: 'test',
    });
    const answer = await door.send('PUT', '/v2/a/b/manifests/v1', { token, body: '{}' });
    expect([answer.status, challengeOf(answer)]).toEqual([
      401,
      `${REALM},scope="repository:a/b:pull,push",error="insufficient_scope",error_description="'test' may not push a/b; the token grants pull there"`,
    ]);
    expect(problemOf(answer)).toEqual({
      code: 'DENIED',
      message: '"test" may not push a/b; the token grants pull there',
      detail: [record('a/b', 'pull'), record('a/b', 'push')],
    });
    const anonymous = await door.token([], { subject: '' });
    expect(problemOf(await door.send('GET', '/v2/a/b/tags/list', { token: anonymous }))?.message).toBe(
      'an anonymous caller may not pull a/b; the token grants nothing there',
    );
  });

  it('the name of the scheme is taken in any case (RFC 9110, section 11.1)', async () => {
    const token = await door.token([]);
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(
        (await door.send('GET', '/v2/', { headers: { authorization: `${scheme} ${token}` } })).status,
      ).toBe(200);
    }
  });

  it('what is not there and what is not allowed look the same: 404 against 401', async () => {
    const admin = await door.token([{ type: 'repository', name: 'secret/app', actions: ['*'] }]);
    await pushImage(door, 'secret/app', 'v1', { token: admin });
    const strip = (
      { status, headers: { 'x-request-id': _, ...headers }, text }: Answer,
      name: string,
    ): string => JSON.stringify({ status, headers, text }).replaceAll(name, 'NAME');
    for (const token of [undefined, await door.token([])]) {
      for (const path of ['manifests/v1', 'tags/list', `blobs/${digestOf('x')}`, 'blobs/uploads/some-id']) {
        const existing = await door.send('GET', `/v2/secret/app/${path}`, { token });
        const missing = await door.send('GET', `/v2/nobody/here/${path}`, { token });
        expect(strip(existing, 'secret/app')).toBe(strip(missing, 'nobody/here'));
      }
    }
  });

  describe('a mount reads from another repository', () => {
    it('and needs pull there; without it the answer is 401, whether or not the blob exists', async () => {
      const owner = await door.token([
        { type: 'repository', name: 'private/app', actions: ['pull', 'push'] },
      ]);
      const digest = await pushBlob(door, 'private/app', 'a secret layer', { token: owner });
      const own = { type: 'repository', name: 'mine/app', actions: ['pull', 'push'] };
      const attacker = await door.token([own]);
      const pushOnly = await door.token([
        own,
        { type: 'repository', name: 'private/app', actions: ['push'] },
      ]);
      const target = (blob: string): string => `/v2/mine/app/blobs/uploads/?mount=${blob}&from=private/app`;
      for (const token of [attacker, pushOnly]) {
        for (const blob of [digest, digestOf('never pushed')]) {
          const answer = await door.send('POST', target(blob), { token });
          expect([answer.status, answer.codes]).toEqual([401, ['DENIED']]);
          expect(challengeOf(answer)).toContain(
            'scope="repository:mine/app:pull,push repository:private/app:pull"',
          );
        }
      }
      expect((await door.send('HEAD', `/v2/mine/app/blobs/${digest}`, { token: attacker })).status).toBe(404);
      const friend = await door.token([own, { type: 'repository', name: 'private/app', actions: ['pull'] }]);
      expect((await door.send('POST', target(digest), { token: friend })).status).toBe(201);
    });

    it('cannot be had by naming from twice, or the digest alone, or by a single POST', async () => {
      const owner = await door.token([
        { type: 'repository', name: 'private/two', actions: ['pull', 'push'] },
      ]);
      const digest = await pushBlob(door, 'private/two', 'another secret layer', { token: owner });
      const token = await door.token([
        { type: 'repository', name: 'mine/app', actions: ['pull', 'push'] },
        { type: 'repository', name: 'mine/other', actions: ['pull'] },
      ]);
      const base = '/v2/mine/app/blobs/uploads/?';
      for (const [query, status] of [
        [`mount=${digest}&from=mine/other&from=private/two`, 202],
        [`mount=${digest}&from=mine%2Fapp`, 202],
        [`mount=${digest}`, 202],
        [`mount=${digest}&from=`, 400],
        [`mount=${digest}&from=PRIVATE/two`, 400],
        [`mount=${digest}&from=mine/../private/two`, 400],
        [`digest=${digest}`, 400],
        [`mount=x&mount=${digest}&from=private%2ftwo`, 401],
      ] as const) {
        const answer = await door.send('POST', base + query, { token, body: '' });
        expect([query, answer.status], answer.text).toEqual([query, status]);
        expect((await door.send('GET', `/v2/mine/app/blobs/${digest}`, { token })).status).toBe(404);
      }
    });

    it('a manifest cannot draw in a blob of another repository (CVE-2024-39897)', async () => {
      const owner = await door.token([
        { type: 'repository', name: 'private/three', actions: ['pull', 'push'] },
      ]);
      const image = await pushImage(door, 'private/three', 'v1', { token: owner });
      const token = await door.token([{ type: 'repository', name: 'mine/app', actions: ['pull', 'push'] }]);
      const answer = await door.send('PUT', '/v2/mine/app/manifests/v1', {
        token,
        body: image.text,
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      });
      expect(answer.codes?.[0]).toBe('MANIFEST_BLOB_UNKNOWN');
    });
  });
});

const HOSTILE_HOSTS = [
  'evil.com"',
  'evil.com",error="x',
  'evil.com/path',
  'user@evil.com',
  'evil.com\\',
  'evil com',
  'evil.com:99999999',
  'evil.com:',
  'evil.com#',
  'evil.com?x',
  '[::1',
  'a,b',
  '<script>',
  'ünïcode.example',
  '',
  undefined,
];

describe('addresses', () => {
  const realmOf = async (
    door: FrontDoor,
    headers: Record<string, string | undefined>,
    path = '/v2/',
  ): Promise<string | undefined> =>
    /realm="([^"]*)"/.exec(challengeOf(await door.send('GET', path, { headers })) ?? '')?.[1];

  it('the realm follows the Host that the client used', async () => {
    const door = await openFrontDoor({ config: BUILTIN });
    for (const host of [
      'localhost:5000',
      '127.0.0.1:5000',
      '[::1]:5000',
      'registry.example.com',
      'my_host-1.lan:80',
    ]) {
      expect(await realmOf(door, { host })).toBe(`http://${host}/auth/token`);
    }
    await door.close();
  });

  it('a hostile Host does not get into any header', async () => {
    const door = await openFrontDoor({
      config: `${BUILTIN}\nhttp: {addr: "127.0.0.1:5000", relativeurls: false}`,
    });
    const token = await door.token([{ type: 'repository', name: 'a/b', actions: ['*'] }]);
    for (const host of HOSTILE_HOSTS) {
      const answer = await door.send('GET', '/v2/', { headers: { host } });
      expect([host, answer.status, challengeOf(answer)]).toEqual([
        host,
        401,
        'Bearer realm="http://127.0.0.1:5000/auth/token",service="berth"',
      ]);
      const upload = await door.send('POST', '/v2/a/b/blobs/uploads/', { token, headers: { host } });
      expect(upload.headers['location']).toMatch(
        /^http:\/\/127\.0\.0\.1:5000\/v2\/a\/b\/blobs\/uploads\/[0-9a-f-]{36}$/,
      );
    }
    await door.close();
  });

  it('X-Forwarded headers of anybody are not believed', async () => {
    const door = await openFrontDoor({ config: BUILTIN });
    const headers = {
      'x-forwarded-host': 'evil.com',
      'x-forwarded-proto': 'gopher',
      forwarded: 'host=evil.com',
    };
    const answer = await door.send('GET', '/v2/', { headers, from: '192.0.2.7' });
    expect(challengeOf(answer)).toContain('realm="http://registry.test:5000/auth/token"');
    await door.close();
  });

  it('http.host stands in every address, whatever the Host says', async () => {
    const door = await openFrontDoor({
      config: `${BUILTIN}\nhttp: {addr: ":5000", host: "https://registry.example.com:8443/"}`,
    });
    expect(await realmOf(door, { host: 'evil.com' })).toBe('https://registry.example.com:8443/auth/token');
    const token = await door.token([{ type: 'repository', name: 'a/b', actions: ['*'] }]);
    const upload = await door.send('POST', '/v2/a/b/blobs/uploads/', {
      token,
      headers: { host: 'evil.com' },
    });
    expect(upload.headers['location']).toMatch(
      /^https:\/\/registry\.example\.com:8443\/v2\/a\/b\/blobs\/uploads\//,
    );
    expect((await door.send('GET', targetOf(upload.headers['location']), { token })).status).toBe(204);
    await door.close();
  });

  it.each([
    ['relativeurls: true', /^\/v2\//],
    ['relativeurls: false', /^http:\/\/registry\.test:5000\/v2\//],
    ['relativeurls: true, host: "https://x.example"', /^\/v2\//],
  ])('%s decides on Location and Link', async (setting, pattern) => {
    const door = await openFrontDoor({ config: `http: {addr: ":5000", ${setting}}` });
    const image = await pushImage(door, 'a/b', 'v1');
    await pushImage(door, 'a/b', 'v2', { seed: 2 });
    const answers = [
      await door.send('POST', '/v2/a/b/blobs/uploads/'),
      await door.send('POST', `/v2/a/b/blobs/uploads/?digest=${digestOf('x')}`, { body: 'x' }),
      await door.send('PUT', '/v2/a/b/manifests/v3', {
        body: image.text,
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      }),
    ];
    for (const { headers } of answers) expect(headers['location']).toMatch(pattern);
    const list = await door.send('GET', '/v2/a/b/tags/list?n=1');
    expect(list.headers['link']?.slice(1)).toMatch(pattern);
    await door.close();
  });

  it('behind a prefix everything works, and without it nothing', async () => {
    const door = await openFrontDoor({
      admin: true,
      config: `${BUILTIN}\nhttp: {addr: ":5000", prefix: /registry/}`,
    });
    expect(await realmOf(door, {}, '/registry/v2/')).toBe('http://registry.test:5000/registry/auth/token');
    for (const path of [
      '/v2/',
      '/registry',
      '/registryv2/',
      '/registry2/v2/',
      '/auth/token',
      '/healthz',
      '/REGISTRY/v2/',
    ]) {
      expect([path, (await door.send('GET', path)).status]).toEqual([path, 404]);
    }
    const basic = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;
    const login = await door.send(
      'GET',
      '/registry/auth/token?service=berth&scope=repository:a/b:pull,push',
      {
        headers: { authorization: basic },
      },
    );
    const { token } = login.json<{ token: string }>();
    const upload = await door.send('POST', '/registry/v2/a/b/blobs/uploads/', { token });
    expect(upload.headers['location']).toMatch(/^\/registry\/v2\/a\/b\/blobs\/uploads\//);
    expect((await door.send('GET', targetOf(upload.headers['location']), { token })).status).toBe(204);
    await door.close();
  });

  it('http.headers are on every answer, refusals too', async () => {
    const door = await openFrontDoor({
      config: 'http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff], X-Two: [a, b]}}',
    });
    for (const path of ['/v2/', '/nothing', '/v2/a/b/manifests/x']) {
      expect((await door.send('GET', path)).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-two': 'a, b',
      });
    }
    await door.close();
  });
});
