import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { newClient } from './clients/all.ts';
import { ADMIN, basic } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { type Ask, send } from './support/http.ts';
import { planImage } from './support/images.ts';
import { type Nginx, nginxBlocks, startNginx } from './support/nginx.ts';
import { must } from './support/run.ts';
import { challengeOf } from './support/session.ts';

/* Berth behind a real nginx that ends TLS, configured as docs/how-to/reverse-proxy.md says. */

const ENV = { BERTH_ADMIN_PASSWORD: ADMIN.password };

interface Front {
  readonly berth: BerthServe;
  readonly nginx: Nginx;
}

const started: Front[] = [];

async function front(env: Record<string, string> = {}, locations = ''): Promise<Front> {
  const berth = await berthServe({ env: { ...ENV, ...env } });
  const nginx = await startNginx(berth.port, inject('bed').rsa, locations);
  started.push({ berth, nginx });
  return { berth, nginx };
}

async function stopAll(): Promise<void> {
  for (const { berth, nginx } of started.splice(0)) {
    await nginx.stop();
    await berth.stop();
  }
}

const ask = (url: string, options: Ask = {}) => send(url, { ca: inject('bed').rsa.certificate, ...options });

async function tokenFor(base: string, scope: string): Promise<string> {
  const { realm, service = '' } = challengeOf(await ask(`${base}/v2/`));
  const query = new URLSearchParams({ service, scope });
  const answer = await ask(`${realm}?${query}`, { headers: { authorization: basic(ADMIN) } });
  expect(answer.status, answer.text).toBe(200);
  return (JSON.parse(answer.text) as { token: string }).token;
}

/** A request by curl, from an address of this machine. @returns its answer's headers by lower-case name */
async function curl(
  url: string,
  {
    method = 'GET',
    token,
    body,
    from = '127.0.0.1',
    headers = [],
  }: {
    method?: string;
    token?: string;
    body?: string;
    from?: string;
    headers?: readonly string[];
  } = {},
): Promise<{ status: number; headers: Map<string, string> }> {
  const { stdout } = await must('curl', [
    ...['-sS', '--cacert', inject('bed').rsa.certificateFile, '--interface', from],
    ...['--request', method, '--dump-header', '-', '--output', '/dev/null'],
    ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
    ...headers.flatMap((header) => ['--header', header]),
    ...(body === undefined
      ? []
      : ['--data-binary', body, '--header', 'Content-Type: application/octet-stream']),
    url,
  ]);
  const [status = '', ...lines] = stdout.trim().split('\r\n');
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
  });
  return { status: Number(status.split(' ')[1]), headers: new Map(pairs) };
}

/** POST, PATCH and PUT of a blob, each to where the answer before it points. @returns the Locations as they came */
async function pushByLocations(base: string, repository: string): Promise<string[]> {
  const token = await tokenFor(base, `repository:${repository}:pull,push`);
  const content = randomBytes(1000).toString('hex');
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const locations: string[] = [];
  let url = `${base}/v2/${repository}/blobs/uploads/`;
  const step = async (method: string, status: number, body?: string) => {
    const answer = await curl(url, { method, token, ...(body !== undefined && { body }) });
    expect([method, url, answer.status]).toEqual([method, url, status]);
    const location = answer.headers.get('location') ?? '';
    locations.push(location);
    url = new URL(location, url).href;
  };
  await step('POST', 202);
  await step('PATCH', 202, content);
  url += `${url.includes('?') ? '&' : '?'}digest=${digest}`;
  await step('PUT', 201);
  const found = await curl(url, { method: 'GET', token });
  expect([url, found.status]).toEqual([url, 200]);
  return locations;
}

describe('clients through nginx with TLS, own tokens', () => {
  let it: Front;
  beforeAll(async () => {
    it = await front();
  });
  afterAll(stopAll);

  test.each(['docker', 'podman', 'skopeo'] as const)('%s logs in, pushes and pulls', async (name) => {
    const client = newClient(name, inject('bed').dockerHost);
    const host = `127.0.0.1:${it.nginx.port}`;
    const ref = `${host}/team/${name}:v1`;
    await client.build(ref, planImage(2));
    const login = await client.login(host, ADMIN.account, ADMIN.password);
    expect(login.code, `${login.all}\n${it.nginx.output()}`).toBe(0);
    const pushed = await client.push(ref);
    expect(pushed.outcome.code, pushed.outcome.all).toBe(0);
    await client.empty();
    const pulled = await client.pull(ref);
    expect(pulled.outcome.code, pulled.outcome.all).toBe(0);
    expect(pulled.digest).toBe(pushed.digest);
    await client.empty();
  });

  test('the realm is what the client can reach', async () => {
    expect(challengeOf(await ask(`${it.nginx.url}/v2/`)).realm).toBe(`${it.nginx.url}/auth/token`);
  });

  test('a large body in chunks passes through without a stop on nginx’s disk', async () => {
    const token = await tokenFor(it.nginx.url, 'repository:big:pull,push');
    const headers = { authorization: `Bearer ${token}` };
    const opened = await ask(`${it.nginx.url}/v2/big/blobs/uploads/`, { method: 'POST', headers });
    const upload = new URL(opened.headers['location'] ?? '', it.nginx.url);
    const piece = randomBytes(1024 * 1024);
    const hash = createHash('sha256');
    const pieces = function* () {
      for (let count = 0; count < 64; count += 1) {
        hash.update(piece);
        yield piece;
      }
    };
    const patched = await ask(upload.href, { method: 'PATCH', headers, body: Readable.from(pieces()) });
    expect([patched.status, patched.headers['range']]).toEqual([202, `0-${64 * 1024 * 1024 - 1}`]);
    const finish = new URL(patched.headers['location'] ?? '', it.nginx.url);
    finish.searchParams.set('digest', `sha256:${hash.digest('hex')}`);
    expect((await ask(finish.href, { method: 'PUT', headers })).status).toBe(201);
    // What nginx says where it does, as without `proxy_request_buffering off`.
    expect(it.nginx.output()).not.toContain('a client request body is buffered to a temporary file');
  });

  test('the request id of nginx is the one of the answer and of the log', async () => {
    const id = (await ask(`${it.nginx.url}/v2/`)).headers['x-request-id'] ?? '';
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    await expect.poll(() => it.berth.output()).toContain(` ${id} `);
  });
});

describe('addresses in answers', () => {
  afterEach(stopAll);

  const PREFIX = 'REGISTRY_HTTP_PREFIX';
  const RELATIVE = 'REGISTRY_HTTP_RELATIVEURLS';

  test.each([
    ['by default a path', {}, '', ''],
    ['relativeurls: true: a path', { [RELATIVE]: 'true' }, '', ''],
    ['relativeurls: false: what the client used', { [RELATIVE]: 'false' }, '', 'URL'],
    ['prefix', { [PREFIX]: '/registry' }, '/registry', '/registry'],
    [
      'prefix, relativeurls: false',
      { [PREFIX]: '/registry', [RELATIVE]: 'false' },
      '/registry',
      'URL/registry',
    ],
  ] as const)('%s', async (_, env, path, expected) => {
    const { nginx } = await front(env);
    const locations = await pushByLocations(`${nginx.url}${path}`, 'a/b');
    for (const location of locations) {
      expect(location).toMatch(new RegExp(`^${expected.replace('URL', nginx.url)}/v2/a/b/blobs/`));
    }
  });

  test('a path that nginx takes away stands in front again', async () => {
    const { nginx } = await front({ [RELATIVE]: 'false' }, nginxBlocks()[1]);
    expect(challengeOf(await ask(`${nginx.url}/registry/v2/`)).realm).toBe(
      `${nginx.url}/registry/auth/token`,
    );
    const [location] = await pushByLocations(`${nginx.url}/registry`, 'a/b');
    expect(location?.startsWith(`${nginx.url}/registry/v2/a/b/`), location).toBe(true);
  });

  test('http.host stands in every address', async () => {
    const { nginx, berth } = await front({ REGISTRY_HTTP_HOST: 'https://registry.example.com' });
    expect(challengeOf(await ask(`${nginx.url}/v2/`)).realm).toBe('https://registry.example.com/auth/token');
    expect(challengeOf(await ask(`${berth.url}/v2/`)).realm).toBe('https://registry.example.com/auth/token');
  });
});

describe('who is believed', () => {
  afterEach(stopAll);

  const FORGED = [
    'X-Forwarded-For: 203.0.113.66',
    'X-Real-Ip: 203.0.113.66',
    'X-Forwarded-Host: evil.example',
  ];

  test('an address that a client forged is not counted: the one that nginx saw is', async () => {
    const { nginx, berth } = await front({ REGISTRY_HTTP_TRUSTEDPROXIES: '[127.0.0.1]' });
    const answer = await curl(`${nginx.url}/v2/`, { from: '127.0.0.2', headers: FORGED });
    expect(answer.headers.get('www-authenticate')).toContain(`realm="${nginx.url}/auth/token"`);
    await expect.poll(() => berth.output()).toMatch(/^127\.0\.0\.2 [0-9a-f]{32} - \[.*"GET \/v2\/ HTTP/m);
    expect(berth.output()).not.toContain('203.0.113.66');
  });

  test('a proxy that nobody trusts is not believed, and the log says what to do', async () => {
    const { nginx, berth } = await front({ REGISTRY_HTTP_TRUSTEDPROXIES: '[10.0.0.0/8]' });
    for (const _ of [1, 2]) {
      const answer = await curl(`${nginx.url}/v2/`, { headers: FORGED });
      expect(answer.headers.get('www-authenticate')).toContain(
        `realm="http://127.0.0.1:${nginx.port}/auth/token"`,
      );
    }
    const advice = /if it is your proxy, add it to the key.*http\.trustedproxies/g;
    await expect.poll(() => berth.output()).toMatch(advice);
    expect(berth.output().match(advice)).toHaveLength(1);
    expect(berth.output()).not.toContain('203.0.113.66');
  });
});
