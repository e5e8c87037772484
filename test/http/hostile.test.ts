import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, BUILTIN, type FrontDoor, openFrontDoor, type Sent } from '../support/front-door.ts';
import {
  bytes,
  digestOf,
  OCI_IMAGE,
  pushImage,
  startUpload,
  targetOf,
  withQuery,
} from '../support/oci-content.ts';

/* Names and paths in every funny form: 4xx, never 5xx, and nothing of them reaches the file system. */

const KEY = /^content\/[0-9a-f]{2}\/[0-9a-f]{32}$/;

/** Files and folders below the data folder that are not the program's own. */
async function foreignFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !/^data(?:$|\/content$|\/content\/[0-9a-f]{2}$|\/berth\.db(?:-wal|-shm)?$)/.test(path))
    .filter((path) => !KEY.test(path.replace(/^data\//, '')));
}

/** Neither a fault nor a header that node:http would refuse to send, or send as two. */
function problemsOf(answer: Answer): string[] {
  const problems = Object.entries(answer.headers).flatMap(([name, value]) =>
    /^[\t\x20-\x7e]*$/.test(value ?? '') ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
  if (answer.status >= 500) problems.push(`${answer.status} ${answer.text}`);
  if (answer.status >= 400 && (answer.codes ?? []).length === 0) problems.push(`no error: ${answer.text}`);
  return problems;
}

function expectClean(answer: Answer): void {
  expect(problemsOf(answer)).toEqual([]);
}

describe('names in funny forms', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
    await pushImage(door, 'a/b', 'v1');
  });
  afterAll(async () => {
    expect(await foreignFiles(door.folder)).toEqual([]);
    await door.close();
  });

  const NAMES = [
    '..',
    '../..',
    'a/..',
    'a/../b',
    './a',
    'a/./b',
    '%2e%2e',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '..%2f..%2f..%2fetc%2fpasswd',
    '..%5c..%5c',
    'a%00b',
    'a%0ab',
    'a%0d%0aSet-Cookie:x=1',
    'A/B',
    'a//b',
    '/a',
    'a/',
    'a b',
    'a+b',
    'a%20b',
    'a__b___c',
    'a..b',
    '-a',
    'a-',
    '.a',
    'a.',
    'a/_b',
    'ümlaut',
    '%C3%BCmlaut',
    '%FF%FE',
    '%',
    '%zz',
    '%u0041',
    'ａ',
    '🐳',
    'a:b',
    'a@b',
    'a$b',
    "a'b",
    'a"b',
    'a<b>',
    'a;b',
    'a\\b',
    'a*b',
    '{{a}}',
    '$(id)',
    '`id`',
    "' OR '1'='1",
    'x'.repeat(256),
    `${'x/'.repeat(200)}y`,
    'con/../../aux',
    '~root',
    '%252e%252e%252f',
  ];

  it.each(NAMES)('a repository called %.40j is refused with 400 or 404 on every route', async (name) => {
    const digest = digestOf('x');
    const routes: readonly [string, string, Sent?][] = [
      ['GET', `/v2/${name}/tags/list`],
      ['GET', `/v2/${name}/manifests/v1`],
      ['PUT', `/v2/${name}/manifests/v1`, { body: '{}', headers: { 'content-type': OCI_IMAGE } }],
      ['DELETE', `/v2/${name}/manifests/v1`],
      ['GET', `/v2/${name}/blobs/${digest}`],
      ['POST', `/v2/${name}/blobs/uploads/`],
      ['POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, { body: 'x' }],
      ['PUT', `/v2/${name}/blobs/uploads/some-id?digest=${digest}`, { body: 'x' }],
      ['GET', `/v2/${name}/referrers/${digest}`],
      ['POST', `/v2/a/b/blobs/uploads/?mount=${digest}&from=${name}`],
    ];
    for (const [method, target, sent] of routes) {
      const answer = await door.send(method, target, sent);
      expectClean(answer);
      const isFrom = target.includes('from=');
      // In a query, a plus is a space and the rest is decoded as well; a valid name from an unknown place is fine.
      if (isFrom) expect([202, 400]).toContain(answer.status);
      else expect([target, answer.status]).toEqual([target, expect.toBeOneOf([400, 404])]);
    }
  });

  it.each(NAMES.filter((name) => !name.includes('/') && !/^%2e|^\.\.%/.test(name)))(
    'an upload called %.40j is unknown',
    async (name) => {
      for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
        const answer = await door.send(method, `/v2/a/b/blobs/uploads/${name}?digest=${digestOf('x')}`, {
          body: 'x',
        });
        expectClean(answer);
        expect([400, 404]).toContain(answer.status);
      }
    },
  );

  it('a path with dots is not made into another one', async () => {
    for (const target of [
      '/v2/a/x/../b/manifests/v1',
      '/x/../v2/a/b/manifests/v1',
      '/v2/./a/b/manifests/v1',
      '/v2/a/b/manifests/../manifests/v1',
      '/v2//a/b/manifests/v1',
      '/v2/a//b/manifests/v1',
      '/v2/a/b/manifests//v1',
      '/v2/a/b//manifests/v1',
      '\\v2\\a\\b\\manifests\\v1',
      '/v2/a/b/manifests/v1/',
      '/v2/a/b/manifests/v1;x',
      '/v2/a/b/manifests/v1%20',
    ]) {
      const answer = await door.send('GET', target);
      expect([target, answer.status]).toEqual([target, expect.toBeOneOf([400, 404])]);
    }
  });

  it('a quoted name in a message is cut short', async () => {
    const answer = await door.send('GET', `/v2/${'x'.repeat(250)}%22/tags/list`);
    expect(answer.text.length).toBeLessThan(500);
  });
});

describe('repositories whose names hold the words of routes', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  it.each([
    'blobs',
    'uploads',
    'manifests',
    'tags',
    'tags/list',
    'list',
    'referrers',
    'blobs/uploads',
    'manifests/tags/blobs',
    'a/blobs',
    'a/blobs/uploads',
    'a/blobs/uploads/b',
    'a/manifests/v1',
    'a/tags/list',
    'v2',
    'v2/v2',
    'auth/token',
    'library/blobs/uploads/manifests/tags/referrers',
    'a/referrers',
    'n--a.m_e__x/0',
  ])('%s can be pushed to, pulled from, listed and deleted', async (name) => {
    const image = await pushImage(door, name, 'list');
    const location = await startUpload(door, name);
    expect((await door.send('PATCH', location, { body: 'ab' })).headers['range']).toBe('0-1');
    expect((await door.send('GET', location)).status).toBe(204);
    const put = await door.send('PUT', withQuery(location, 'digest', digestOf('ab')));
    expect((await door.send('GET', targetOf(put.headers['location']))).text).toBe('ab');
    expect((await door.send('GET', `/v2/${name}/manifests/list`)).text).toBe(image.text);
    expect((await door.send('GET', `/v2/${name}/blobs/${image.layer}`)).body.equals(bytes(2_000, 1))).toBe(
      true,
    );
    expect((await door.send('GET', `/v2/${name}/tags/list`)).json()).toEqual({ name, tags: ['list'] });
    expect((await door.send('GET', `/v2/${name}/referrers/${image.digest}`)).status).toBe(200);
    expect((await door.send('DELETE', `/v2/${name}/blobs/${image.layer}`)).status).toBe(202);
    expect((await door.send('DELETE', `/v2/${name}/manifests/${image.digest}`)).status).toBe(202);
  });

  it('a name of 255 characters is the longest', async () => {
    const name = `${'x'.repeat(127)}/${'y'.repeat(127)}`;
    expect(name).toHaveLength(255);
    expect((await door.send('POST', `/v2/${name}/blobs/uploads/`)).status).toBe(202);
    expect((await door.send('POST', `/v2/${name}z/blobs/uploads/`)).status).toBe(400);
  });
});

describe('whatever comes, the answer is no 5xx and says nothing that cannot be sent', () => {
  const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'FOO'] as const;
  const digest = digestOf('x');
  const word = fc.oneof(
    fc.constantFrom(
      'a',
      'v2',
      'blobs',
      'uploads',
      'manifests',
      'tags',
      'list',
      'referrers',
      '_catalog',
      '',
      '..',
      '.',
      'latest',
      digest,
      digest.replace(':', '%3A'),
      'sha256:',
      'sha512:abc',
      '%2e%2e',
      '%00',
      '%',
      '%ff',
      '%0d%0a',
      '__proto__',
      'constructor',
      'toString',
    ),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  const path = fc.array(word, { maxLength: 7 }).map((words) => words.join('/'));
  const target = fc.oneof(
    path.map((text) => `/v2/${text}`),
    path.map((text) => `/v2/a/${text}`),
    path.map((text) => `/${text}`),
    path,
    fc.constantFrom(
      '/auth',
      '/auth/token',
      '/v2/a/blobs/uploads/',
      `/v2/a/blobs/${digest}`,
      '/v2/a/tags/list',
      '/v2/_catalog',
      '/v2/a/manifests/v1',
      `/v2/a/referrers/${digest}`,
    ),
  );
  const parameter = fc.tuple(
    fc.constantFrom(
      'n',
      'last',
      'digest',
      'mount',
      'from',
      'digest-algorithm',
      'artifactType',
      'scope',
      'service',
      'account',
      'tag',
      'ns',
      '__proto__',
      '',
    ),
    fc.oneof(
      fc.constantFrom(digest, 'a', 'berth', '0', '1', '-1', 'sha512', '%', '%00', 'repository:a:pull'),
      fc.string({ maxLength: 20 }),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
  );
  const query = fc.array(parameter, { maxLength: 4 }).map((list) => {
    const text = list.map(([name, value]) => `${name}=${value}`).join('&');
    return text === '' ? '' : `?${text}`;
  });
  const headerValue = fc.oneof(
    fc.constantFrom(
      '0',
      '-1',
      '10',
      '999999999999999999999',
      'bytes=0-',
      'bytes=-1',
      'bytes=5-1',
      '0-4',
      '0-0',
      '9-9',
      'gzip',
      'identity',
      'application/json',
      OCI_IMAGE,
      'Basic YTpi',
      'Bearer x',
      'Basic',
      '"x"',
      '*',
      '100-continue',
    ),
    // node:http hands over nothing else.
    fc.string({ maxLength: 30 }).map((text) => text.trim()),
  );
  const headers = fc.dictionary(
    fc.constantFrom(
      'range',
      'content-range',
      'content-type',
      'content-encoding',
      'authorization',
      'host',
      'accept',
      'if-none-match',
      'if-range',
      'transfer-encoding',
      'expect',
      'x-forwarded-for',
      'origin',
    ),
    headerValue,
    { maxKeys: 4 },
  );
  const body = fc.option(
    fc.oneof(
      fc.constantFrom('', '{}', '{"schemaVersion":2}', 'username=a&password=b&grant_type=password'),
      fc.string({ maxLength: 100 }),
      fc.json({ maxDepth: 3 }),
      fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
      fc.uint8Array({ maxLength: 50 }),
    ),
    { nil: undefined },
  );

  it.each([
    ['open to all', ''],
    ['with tokens', BUILTIN],
  ])('%s', { timeout: 30_000 }, async (_, config) => {
    const door = await openFrontDoor({ config });
    const token =
      config === ''
        ? undefined
        : await door.token([
            { type: 'repository', name: 'a', actions: ['*'] },
            { type: 'registry', name: 'catalog', actions: ['*'] },
          ]);
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...METHODS),
          target,
          query,
          headers,
          body,
          fc.boolean(),
          async (method, where, asked, given, content, withToken) => {
            const answer = await door.send(method, where + asked, {
              headers: given,
              ...(content !== undefined && { body: content }),
              ...(withToken && { token }),
            });
            const problems = problemsOf(answer);
            if (problems.length > 0) throw new Error(problems.join('; '));
          },
        ),
        { numRuns: 1_000 },
      );
      expect(door.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
      expect(await foreignFiles(door.folder)).toEqual([]);
    } finally {
      await door.close();
    }
  });
});
