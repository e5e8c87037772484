import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_PASSWORD,
  type Answer,
  BUILTIN,
  type FrontDoor,
  openFrontDoor,
  type Sent,
} from '../support/front-door.ts';
import { digestOf, OCI_IMAGE, pushBlob, pushImage, startUpload } from '../support/oci-content.ts';

/*
 * Every row of the table of routes with every method and every role. What must come out follows from three facts a
 * row: the methods that there are, what each asks for, and what it answers to whoever may.
 */

const REPOSITORY = 'team/app';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

type Need = 'pull' | 'push' | 'delete' | 'catalog' | 'a token';

/** A request made ready for one caller, and its status. */
interface Prepared {
  readonly target: string;
  readonly sent?: Sent;
}

interface Row {
  readonly route: string;
  /** Sent by whoever is refused. */
  readonly target: string;
  readonly methods: Readonly<
    Record<string, { needs: Need; status: number; prepare?: (number: number) => Promise<Prepared> }>
  >;
}

const MISSING = digestOf('nobody pushed this');

const ROLES: Readonly<Record<string, readonly Need[]>> = {
  'no token': [],
  'garbage for a token': [],
  'another scheme': [],
  'a token without scopes': ['a token'],
  pull: ['a token', 'pull'],
  'push without pull': ['a token'],
  'pull and push': ['a token', 'pull', 'push'],
  delete: ['a token', 'delete'],
  '*': ['a token', 'pull', 'push', 'delete'],
  'everything in another repository': ['a token'],
  'everything in a repository below': ['a token'],
  'everything in a repository whose name begins alike': ['a token'],
  'catalog *': ['a token', 'catalog'],
  'catalog pull': ['a token'],
  'type registry, the name of the repository': ['a token'],
  administrator: ['a token', 'pull', 'push', 'delete', 'catalog'],
};

/** Roles without a token that is accepted; the others are told that theirs does not suffice. */
const UNKNOWN_ROLES = new Set(['no token', 'garbage for a token', 'another scheme']);

describe('every route with every method and role', () => {
  let door: FrontDoor;
  let all: string;
  let image: { digest: string; config: string };
  const headers: Record<string, string | undefined> = {};

  const grants: Readonly<Record<string, readonly [string, string, readonly string[]]>> = {
    pull: ['repository', REPOSITORY, ['pull']],
    'push without pull': ['repository', REPOSITORY, ['push']],
    'pull and push': ['repository', REPOSITORY, ['pull', 'push']],
    delete: ['repository', REPOSITORY, ['delete']],
    '*': ['repository', REPOSITORY, ['*']],
    'everything in another repository': ['repository', 'other/app', ['pull', 'push', 'delete', '*']],
    'everything in a repository below': ['repository', `${REPOSITORY}/sub`, ['*']],
    'everything in a repository whose name begins alike': ['repository', 'team', ['*']],
    'catalog *': ['registry', 'catalog', ['*']],
    'catalog pull': ['registry', 'catalog', ['pull']],
    'type registry, the name of the repository': ['registry', REPOSITORY, ['*']],
  };

  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN, admin: true });
    for (const [role, [type, name, actions]] of Object.entries(grants)) {
      headers[role] = `Bearer ${await door.token([{ type, name, actions }])}`;
    }
    headers['a token without scopes'] = `Bearer ${await door.token([])}`;
    headers['garbage for a token'] = 'Bearer garbage.for.you';
    headers['another scheme'] = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;
    const answer = await door.send(
      'GET',
      `/auth/token?service=berth&scope=repository:${REPOSITORY}:pull,push,delete&scope=registry:catalog:*`,
      { headers: { authorization: headers['another scheme'] } },
    );
    all = answer.json<{ token: string }>().token;
    headers['administrator'] = `Bearer ${all}`;
    image = await pushImage(door, REPOSITORY, 'v1', { token: all });
    await pushBlob(door, REPOSITORY, 'a blob', { token: all });
  });
  afterAll(() => door.close());

  const upload = async (): Promise<Prepared> => ({
    target: await startUpload(door, REPOSITORY, { token: all }),
  });
  const manifestOf = (number: number): string =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: { mediaType: 'a/b', digest: image.config, size: 46 },
      layers: [],
      annotations: { number: String(number) },
    });
  const base = `/v2/${REPOSITORY}`;

  const rows: readonly Row[] = [
    ...['/v2/', '/v2'].map(
      (target): Row => ({
        route: `end-1, ping at ${target}`,
        target,
        methods: { GET: { needs: 'a token', status: 200 }, HEAD: { needs: 'a token', status: 200 } },
      }),
    ),
    {
      route: 'the catalog',
      target: '/v2/_catalog',
      methods: { GET: { needs: 'catalog', status: 200 } },
    },
    ...['/', ''].map(
      (end): Row => ({
        route: `end-4, blobs/uploads${end}`,
        target: `${base}/blobs/uploads${end}`,
        methods: { POST: { needs: 'push', status: 202 } },
      }),
    ),
    {
      route: 'end-5, end-6, end-13, end-14, an upload',
      target: `${base}/blobs/uploads/3b0a5a9c-4e5b-4d5f-9f63-0f62a6dcf8a5`,
      methods: {
        GET: { needs: 'pull', status: 204, prepare: upload },
        HEAD: { needs: 'pull', status: 204, prepare: upload },
        PATCH: {
          needs: 'push',
          status: 202,
          prepare: async () => ({ ...(await upload()), sent: { body: 'bytes' } }),
        },
        PUT: {
          needs: 'push',
          status: 201,
          prepare: async (number) => {
            const { target } = await upload();
            const body = `the whole blob ${number}`;
            return { target: `${target}?digest=${digestOf(body)}`, sent: { body } };
          },
        },
        DELETE: { needs: 'push', status: 204, prepare: upload },
      },
    },
    {
      route: 'end-2, end-10, a blob',
      target: `${base}/blobs/${digestOf('a blob')}`,
      methods: {
        GET: { needs: 'pull', status: 200 },
        HEAD: { needs: 'pull', status: 200 },
        DELETE: {
          needs: 'delete',
          status: 202,
          prepare: async (number) => ({
            target: `${base}/blobs/${await pushBlob(door, REPOSITORY, `to go ${number}`, { token: all })}`,
          }),
        },
      },
    },
    ...['v1', 'digest'].map(
      (kind): Row => ({
        route: `end-3, end-7, end-9, a manifest by ${kind === 'v1' ? 'tag' : 'digest'}`,
        // The digest is not known yet; it is put in below.
        target: `${base}/manifests/${kind}`,
        methods: {
          GET: { needs: 'pull', status: 200 },
          HEAD: { needs: 'pull', status: 200 },
          PUT: {
            needs: 'push',
            status: 201,
            prepare: async (number) => {
              const body = manifestOf(number);
              const reference = kind === 'v1' ? `put-${number}` : digestOf(body);
              return {
                target: `${base}/manifests/${reference}`,
                sent: { body, headers: { 'content-type': OCI_IMAGE } },
              };
            },
          },
          DELETE: {
            needs: 'delete',
            status: 202,
            prepare: async (number) => {
              const body = manifestOf(1000 + number);
              const target = `${base}/manifests/gone-${number}`;
              await door.send('PUT', target, { body, token: all, headers: { 'content-type': OCI_IMAGE } });
              return { target: kind === 'v1' ? target : `${base}/manifests/${digestOf(body)}` };
            },
          },
        },
      }),
    ),
    {
      route: 'end-8, the tags',
      target: `${base}/tags/list`,
      methods: { GET: { needs: 'pull', status: 200 } },
    },
    {
      route: 'end-12, the referrers',
      target: `${base}/referrers/${MISSING}`,
      methods: { GET: { needs: 'pull', status: 200 } },
    },
    {
      route: 'the extensions of the registry',
      target: '/v2/_oci/ext/discover',
      methods: { GET: { needs: 'a token', status: 200 } },
    },
    {
      route: 'the extensions of a repository',
      target: `${base}/_oci/ext/discover`,
      methods: { GET: { needs: 'pull', status: 200 } },
    },
    {
      route: 'the history of a tag',
      target: `${base}/_oci/tag-history/v1`,
      methods: { GET: { needs: 'pull', status: 200 } },
    },
  ];

  const describeAnswer = (answer: Answer): string =>
    [
      answer.status,
      ...(answer.codes ?? []),
      /error="(\w+)"/.exec(answer.headers['www-authenticate'] ?? '')?.[1],
      answer.headers['allow'],
    ]
      .filter((part) => part !== undefined)
      .join(' ');

  let number = 0;
  for (const { route, target, methods } of rows) {
    const allow = Object.keys(methods).join(', ');
    it.each(METHODS)(`${route}: %s`, async (method) => {
      const action = methods[method];
      const expected: Record<string, string> = {};
      const actual: Record<string, string> = {};
      for (const [role, may] of Object.entries(ROLES)) {
        number += 1;
        const isAllowed = action !== undefined && may.includes(action.needs);
        const prepared = (isAllowed ? await action.prepare?.(number) : undefined) ?? {
          target: target.endsWith('/digest') ? `${base}/manifests/${image.digest}` : target,
        };
        const answer = await door.send(method, prepared.target, {
          ...prepared.sent,
          headers: { ...prepared.sent?.headers, authorization: headers[role] },
        });
        actual[role] = describeAnswer(answer);
        expected[role] =
          action === undefined
            ? `405 UNSUPPORTED ${allow}`
            : isAllowed
              ? String(action.status)
              : role === 'garbage for a token'
                ? '401 UNAUTHORIZED invalid_token'
                : UNKNOWN_ROLES.has(role)
                  ? '401 UNAUTHORIZED'
                  : '401 DENIED insufficient_scope';
        if (answer.headers['docker-distribution-api-version'] !== 'registry/2.0')
          actual[role] += ' no version';
        if (!/^[0-9a-f-]{36}$/.test(answer.headers['x-request-id'] ?? '')) actual[role] += ' no request id';
      }
      expect(actual).toEqual(expected);
    });
  }

  it.each(METHODS)('what is no route is 404 for everybody: %s', async (method) => {
    const targets = [
      '/v2/x',
      '/v2/team/app',
      '/v2/team/app/',
      '/v2/team/app/tags',
      '/v2/team/app/tags/',
      '/v2/team/app/tags/list/',
      '/v2/team/app/manifests',
      '/v2/team/app/manifests/v1/',
      '/v2/_catalog/',
      '/v2/manifests/v1',
      '/v2/blobs/uploads/',
      '/v2/tags/list',
      '/v1/_ping',
      '/v2x/',
      '/V2/',
      '//v2/',
      '/v2//',
      '/favicon.ico',
    ];
    const statuses: Record<string, number> = {};
    for (const target of targets) {
      const answer = await door.send(method, target, { token: all });
      statuses[target] = answer.status;
      expect(answer.codes).toEqual([answer.status === 400 ? 'NAME_INVALID' : 'UNSUPPORTED']);
    }
    expect(statuses).toEqual(Object.fromEntries(targets.map((target) => [target, 404])));
  });

  it('a token without its end, of another service or issuer, or too long is refused with the reason', async () => {
    const expired = await door.token([], { lifetimeSeconds: -120 });
    const inLeeway = await door.token([], { lifetimeSeconds: -30 });
    expect((await door.send('GET', '/v2/', { token: inLeeway })).status).toBe(200);
    for (const token of [
      expired,
      `${all}x`,
      `${all.slice(0, -8)}AAAAAAAA`,
      'x'.repeat(70_000),
      all.split('.').slice(0, 2).join('.'),
    ]) {
      const answer = await door.send('GET', '/v2/', { token });
      expect([answer.status, answer.codes]).toEqual([401, ['UNAUTHORIZED']]);
      expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    }
    expect((await door.send('GET', '/v2/', { token: expired })).text).toContain('the token has expired');
  });

  it('alg none and HS256 with the public key are refused (CVE-2022-23540)', async () => {
    const { createHmac } = await import('node:crypto');
    const key = door.auth?.keys.current()?.publicKey.export({ type: 'spki', format: 'pem' }) ?? '';
    const [header = '', payload = ''] = all.split('.');
    const change = (alg: string): string => {
      const parsed = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
      return `${Buffer.from(JSON.stringify({ ...parsed, alg })).toString('base64url')}.${payload}`;
    };
    const hs256 = change('HS256');
    const signature = createHmac('sha256', key).update(hs256).digest('base64url');
    for (const token of [`${change('none')}.`, `${hs256}.${signature}`]) {
      expect((await door.send('GET', '/v2/', { token })).status).toBe(401);
    }
  });
});

describe('the end points outside of /v2/', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN });
  });
  afterAll(() => door.close());

  const ROWS: readonly [string, string, number][] = [
    ['/', 'GET, HEAD', 200],
    ['/healthz', 'GET, HEAD', 200],
    ['/readyz', 'GET, HEAD', 200],
    ['/.well-known/jwks.json', 'GET, HEAD', 200],
    ['/auth', 'GET, POST', 401],
    ['/auth/token', 'GET, POST', 401],
  ];
  it.each(ROWS)('%s has %s', async (target, allow, status) => {
    for (const method of METHODS) {
      const answer = await door.send(method, target);
      if (allow.split(', ').includes(method)) expect([method, answer.status]).toEqual([method, status]);
      else {
        expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, allow]);
        expect(answer.codes).toEqual(['UNSUPPORTED']);
      }
    }
  });

  it('/readyz tells which part fails, and not why', async () => {
    const broken = await openFrontDoor({
      wrap: (state) => ({
        ...state,
        content: { ...state.content, ping: () => Promise.reject(new Error('secret reason')) },
      }),
    });
    const answer = await broken.send('GET', '/readyz');
    expect([answer.status, answer.json()]).toEqual([503, { status: 'failing', failed: ['content'] }]);
    expect((await broken.send('GET', '/healthz')).status).toBe(200);
    await broken.close();
  });
});

describe('switches that refuse whole groups of requests', () => {
  const REFERENCE = digestOf('whatever');
  const CHANGES: readonly [string, string][] = [
    ['POST', '/v2/a/b/blobs/uploads/'],
    ['POST', `/v2/a/b/blobs/uploads/?digest=${REFERENCE}`],
    ['POST', `/v2/a/b/blobs/uploads/?mount=${REFERENCE}&from=c/d`],
    ['PATCH', '/v2/a/b/blobs/uploads/some-id'],
    ['PUT', `/v2/a/b/blobs/uploads/some-id?digest=${REFERENCE}`],
    ['DELETE', '/v2/a/b/blobs/uploads/some-id'],
    ['PUT', '/v2/a/b/manifests/v1'],
    ['DELETE', '/v2/a/b/manifests/v1'],
    ['DELETE', `/v2/a/b/manifests/${REFERENCE}`],
    ['DELETE', `/v2/a/b/blobs/${REFERENCE}`],
  ];

  it('read-only: whatever would change something is 405, and reading goes on', async () => {
    const writable = await openFrontDoor();
    const image = await pushImage(writable, 'a/b', 'v1');
    const location = await startUpload(writable, 'a/b');
    const door = await openFrontDoor({
      folder: writable.folder,
      storage: '  maintenance: {readonly: {enabled: true}}\n  delete: {enabled: true}',
    });
    for (const [method, target] of CHANGES) {
      const answer = await door.send(method, target, { body: 'x' });
      expect([method, target, answer.status, answer.codes]).toEqual([method, target, 405, ['UNSUPPORTED']]);
      expect(answer.text).toContain('read-only');
    }
    for (const target of [
      '/v2/',
      '/v2/_catalog',
      '/v2/a/b/tags/list',
      '/v2/a/b/manifests/v1',
      `/v2/a/b/blobs/${image.layer}`,
      `/v2/a/b/referrers/${image.digest}`,
    ]) {
      expect([target, (await door.send('GET', target)).status]).toEqual([target, 200]);
    }
    expect((await door.send('GET', location)).status).toBe(204);
    await door.close();
    await writable.close();
  });

  it('deletes switched off: every route that deletes content is 405 (CVE-2026-41888)', async () => {
    const door = await openFrontDoor({ storage: '  delete: {enabled: false}' });
    const image = await pushImage(door, 'a/b', 'v1');
    for (const target of [
      'manifests/v1',
      `manifests/${image.digest}`,
      `blobs/${image.layer}`,
      'manifests/missing',
      `blobs/${MISSING}`,
    ]) {
      const answer = await door.send('DELETE', `/v2/a/b/${target}`);
      expect([target, answer.status, answer.codes]).toEqual([target, 405, ['UNSUPPORTED']]);
    }
    expect((await door.send('GET', '/v2/a/b/manifests/v1')).status).toBe(200);
    expect((await door.send('GET', `/v2/a/b/blobs/${image.layer}`)).status).toBe(200);
    // Cancelling one's own upload deletes no content.
    expect((await door.send('DELETE', await startUpload(door, 'a/b'))).status).toBe(204);
    await door.close();
  });

  it('deleting is off where a configuration does not speak of it, as in distribution', async () => {
    const door = await openFrontDoor({ storage: '  cache: {blobdescriptor: inmemory}' });
    await pushImage(door, 'a/b', 'v1');
    expect((await door.send('DELETE', '/v2/a/b/manifests/v1')).status).toBe(405);
    await door.close();
  });
});
