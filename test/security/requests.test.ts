import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { bytes, digestOf, pushImage, startUpload, withQuery } from '../support/oci-content.ts';

/* Advisories of other registries that concern requests: one test a class, named after it. */

function json(value: unknown): string {
  return JSON.stringify(value);
}

describe('requests', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
    await pushImage(door, 'a/b', 'v1');
  });
  afterAll(() => door.close());

  it('CVE-2023-2253: n of any size costs no more than a page', async () => {
    for (const n of ['1000000000', '99999999999999999999', '1e9', '-1', '0x10', 'NaN', ' 5']) {
      const catalog = await door.send('GET', `/v2/_catalog?n=${encodeURIComponent(n)}`);
      expect([n, catalog.status, catalog.codes]).toEqual([n, 400, ['PAGINATION_NUMBER_INVALID']]);
      const tags = await door.send('GET', `/v2/a/b/tags/list?n=${encodeURIComponent(n)}`);
      expect([200, 400]).toContain(tags.status);
      expect(tags.body.byteLength).toBeLessThan(1_000);
    }
  });

  it('CVE-2022-47747: names and digests that climb reach no file', async () => {
    const secret = join(door.folder, 'secret.txt');
    writeFileSync(secret, 'the secret');
    const climbs = ['..%2f..%2f..%2f', '../../../', '....//....//', '%2e%2e/%2e%2e/', '/', '%00../'];
    for (const climb of climbs) {
      for (const target of [
        `/v2/a/b/blobs/${climb}secret.txt`,
        `/v2/${climb}secret.txt/tags/list`,
        `/v2/a/b/manifests/${climb}secret.txt`,
        `/v2/a/b/blobs/sha256:${climb}secret.txt`,
        `/v2/a/b/blobs/uploads/${climb}secret.txt`,
        `/${climb}secret.txt`,
      ]) {
        const answer = await door.send('GET', target);
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
        expect(answer.text).not.toContain('the secret');
      }
      await door.send('PUT', `/v2/a/b/blobs/uploads/${climb}planted?digest=${digestOf('x')}`, { body: 'x' });
      await door.send('PUT', `/v2/a/b/manifests/${climb}planted`, { body: '{}' });
    }
    expect(readFileSync(secret, 'utf8')).toBe('the secret');
    expect(existsSync(join(door.folder, 'planted'))).toBe(false);
  });

  it.each([
    "'; DROP TABLE tags; --",
    "' OR '1'='1",
    "x' UNION SELECT private_key FROM signing_keys --",
    '%',
    '_',
  ])('CVE-2019-19029, CVE-2024-22261: %s is a text like any other to the database', async (text) => {
    const encoded = encodeURIComponent(text);
    const page = await door.send('GET', `/v2/_catalog?last=${encoded}`);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('PRIVATE KEY');
    const tags = await door.send('GET', `/v2/a/b/tags/list?last=${encoded}`);
    expect(tags.status).toBe(200);
    const filtered = await door.send('GET', `/v2/a/b/referrers/${digestOf('x')}?artifactType=${encoded}`);
    expect([filtered.status, filtered.json<{ manifests: unknown[] }>().manifests]).toEqual([200, []]);
    expect((await door.send('GET', `/v2/a/b/blobs/uploads/${encoded}`)).status).toBe(404);
    expect((await door.send('GET', '/v2/a/b/manifests/v1')).status).toBe(200);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '/\\/evil.example/v2/',
    '/v2//evil.example',
    '/%5cevil.example',
  ])('zot #3844, CVE-2024-22244: %s redirects nowhere', async (target) => {
    const answer = await door.send('GET', target);
    expect([300, 301, 302, 303, 307, 308]).not.toContain(answer.status);
    expect(answer.headers['location']).toBeUndefined();
  });

  it('zot #4238: no page of another origin may read an answer', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await door.send(method, '/v2/', {
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'PUT' },
      });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('header injection: what came in a request cannot end a header', async () => {
    const injected = '%0d%0aSet-Cookie:%20x=1';
    const answers: Answer[] = [
      await door.send('GET', `/v2/_catalog?n=1&last=${injected}`),
      await door.send('GET', `/v2/a/b/tags/list?n=1&last=${injected}`),
      await door.send('GET', `/v2/a/b/referrers/${digestOf('x')}?artifactType=${injected}`),
      await door.send('POST', `/v2/a/b/blobs/uploads/?digest-algorithm=${injected}`),
      await door.send('GET', '/v2/', { headers: { host: 'evil"\r\nSet-Cookie: x=1' } }),
    ];
    for (const { headers } of answers) {
      expect(headers['set-cookie']).toBeUndefined();
      for (const value of Object.values(headers)) expect(value).not.toMatch(/[\r\n]/);
    }
  });

  it('ReDoS: long names made for back-tracking are refused like short ones', async () => {
    const lengths = [
      `${'a_'.repeat(12_000)}!`,
      `${'a/'.repeat(12_000)}A`,
      `${'-'.repeat(24_000)}`,
      `a${'.a'.repeat(12_000)}.`,
    ];
    for (const name of lengths) {
      for (const target of [`/v2/${name}/tags/list`, `/v2/a/b/manifests/${encodeURIComponent(name)}`]) {
        const answer = await door.send('GET', target);
        expect([400, 404]).toContain(answer.status);
      }
      const ranged = await door.send('PATCH', await startUpload(door, 'a/b'), {
        body: 'x',
        headers: { 'content-range': name.replaceAll('/', '-') },
      });
      expect([400, 416]).toContain(ranged.status);
    }
  });

  it('out of order: a PUT that skips bytes is refused, and the upload goes on where it stood', async () => {
    const location = await startUpload(door, 'a/b');
    const whole = bytes(100);
    const patch = await door.send('PATCH', location, {
      body: whole.subarray(0, 40),
      headers: { 'content-range': '0-39' },
    });
    const put = await door.send('PUT', withQuery(patch.headers['location'], 'digest', digestOf(whole)), {
      body: whole.subarray(50),
      headers: { 'content-range': '50-99' },
    });
    expect(put.status).toBe(416);
    const status = await door.send('GET', location);
    expect([status.status, status.headers['range']]).toEqual([204, '0-39']);
  });
});

describe('requests to a registry with accounts', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN });
  });
  afterAll(() => door.close());

  it('CVE-2020-29662: no other way of writing its path opens the catalog', async () => {
    for (const target of [
      '/v2/_catalog',
      '/v2/_catalog/',
      '//v2/_catalog',
      '/v2//_catalog',
      '/v2/./_catalog',
      '/v2/x/../_catalog',
      '/v2/%5fcatalog',
      '/%76%32/_catalog',
      '/V2/_catalog',
      '/v2/_CATALOG',
      '/v2/_catalog;x',
      '/v2/_catalog%00',
      'http://registry.test/v2/_catalog',
    ]) {
      const answer = await door.send('GET', target);
      expect([target, [400, 401, 404].includes(answer.status)]).toEqual([target, true]);
    }
  });

  it('CVE-2020-13788: forwarding headers from who is no trusted proxy move nothing: realm and Location stay this server’s', async () => {
    const forged = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'host=evil.example;proto=https',
      'x-original-url': '/v2/_catalog',
      'x-rewrite-url': '/v2/_catalog',
    };
    const answer = await door.send('GET', '/v2/', {
      from: '192.0.2.7',
      headers: { ...forged, host: 'registry.test:5000' },
    });
    expect(answer.status).toBe(401);
    expect(json(answer.headers)).not.toContain('evil.example');
  });

  it('unlimited bodies (zot #3977): a form beyond its limit is refused before it is whole', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; taken < 1_000; taken += 1) yield Buffer.alloc(64 * 1024, 'x');
    }
    const answer = await door.send('POST', '/auth/token', { body: endless() });
    expect(answer.status).toBe(400);
    expect(taken).toBeLessThan(100);
  });
});
