import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN, basic } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { sendByCurl } from './support/curl.ts';
import { type Answer, send } from './support/http.ts';
import { type BuiltImage, builtImage, OCI_MANIFEST, planImage, sha256 } from './support/images.ts';
import {
  openUpload,
  pushBlob,
  pushImage,
  pushScope,
  putManifest,
  readBack,
  withDigest,
} from './support/pusher.ts';
import { challengeOf, type Session, session } from './support/session.ts';

/* Bad input at the real socket: a clear answer, and nothing lost or half-written. */

const REPOSITORY = 'bad/input';
const SCOPE = pushScope(REPOSITORY);

describe('bad input', () => {
  let berth: BerthServe;
  let by: Session;
  const good: BuiltImage = builtImage(planImage(1));
  beforeAll(async () => {
    berth = await berthServe({ env: { BERTH_ADMIN_PASSWORD: ADMIN.password } });
    by = session(berth.url, { credentials: ADMIN });
    await pushImage(by, berth.url, REPOSITORY, 'good', good);
  });
  afterAll(async () => {
    if (berth === undefined || !berth.server.running()) return;
    expect(await readBack(by, REPOSITORY, 'manifests/good')).toBe(good.digest);
    await berth.stop();
  });

  const code = (answer: Answer) =>
    (JSON.parse(answer.text) as { errors: { code: string }[] }).errors.map((error) => error.code)[0];
  const manifest = (content: Buffer | string, tag = 'bad') =>
    by.ask(SCOPE, `/v2/${REPOSITORY}/manifests/${tag}`, {
      method: 'PUT',
      body: content,
      headers: { 'content-type': OCI_MANIFEST },
    });

  test('a wrong digest: 400, and the bytes of the upload are gone', async () => {
    const location = await openUpload(by, berth.url, REPOSITORY);
    const content = randomBytes(1000);
    const answer = await by.ask(SCOPE, withDigest(location, sha256('other')), {
      method: 'PUT',
      body: content,
    });
    expect([answer.status, code(answer)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await by.ask(SCOPE, location)).status).toBe(404);
    expect(await readBack(by, REPOSITORY, `blobs/${sha256(content)}`)).toMatch(/^404 /);
  });

  test('a body that ends before its announced length is never stored', async () => {
    const location = await openUpload(by, berth.url, REPOSITORY);
    const content = randomBytes(100_000);
    const half = content.subarray(0, 50_000);
    await rawPut(withDigest(location, sha256(half)), await by.token(SCOPE), content.length, half);
    await sleep(300);
    expect(await readBack(by, REPOSITORY, `blobs/${sha256(half)}`)).toMatch(/^404 /);
    expect((await pushBlob(by, berth.url, REPOSITORY, content)).status).toBe(201);
  });

  test('a body longer than announced: what is over is not part of it', async () => {
    const location = await openUpload(by, berth.url, REPOSITORY);
    const content = randomBytes(2000);
    const answer = await rawPut(withDigest(location, sha256(content)), await by.token(SCOPE), 1000, content);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(await readBack(by, REPOSITORY, `blobs/${sha256(content)}`)).toMatch(/^404 /);
  });

  test.for([
    ['nobody', '/v2/bad/input/blobs/uploads/?digest=', 401],
    ['somebody who sends a malformed digest', '/v2/bad/input/blobs/uploads/?digest=sha256:abc', 400],
    ['somebody who sends a huge manifest', '/v2/bad/input/manifests/huge', 413],
  ] as const)(
    'a large body of %s: the refusal arrives and the server lives on',
    async ([who, path, status]) => {
      const answer = await sendByCurl(`${berth.url}${path}`, {
        method: path.includes('/manifests/') ? 'PUT' : 'POST',
        body: Buffer.alloc(2 ** 26),
        headers: {
          'content-type': OCI_MANIFEST,
          ...(who === 'nobody' ? {} : { authorization: `Bearer ${await by.token(SCOPE)}` }),
        },
      });
      expect(answer.status, answer.text).toBe(status);
      await sleep(200);
      expect(berth.server.running(), berth.output().slice(-1000)).toBe(true);
    },
  );

  test('a PATCH out of order: 416, and the upload goes on from where it was', async () => {
    const location = await openUpload(by, berth.url, REPOSITORY);
    const content = randomBytes(2000);
    const patch = (offset: number, part: Buffer) =>
      by.ask(SCOPE, location, {
        method: 'PATCH',
        body: part,
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `${offset}-${offset + part.length - 1}`,
        },
      });
    expect((await patch(1000, content.subarray(1000))).status).toBe(416);
    expect((await patch(0, content.subarray(0, 1000))).status).toBe(202);
    expect((await patch(1000, content.subarray(1000))).status).toBe(202);
    const done = await by.ask(SCOPE, withDigest(location, sha256(content)), { method: 'PUT' });
    expect(done.status, done.text).toBe(201);
  });

  test('a manifest of 4 MiB is taken, of 4 MiB + 1 gets 413', async () => {
    const limit = 4 * 2 ** 20;
    const sized = (size: number) => {
      const text = JSON.stringify({ ...JSON.parse(good.manifest.toString()), annotations: { a: '' } });
      return text.replace('"a":""', `"a":"${'x'.repeat(size - text.length)}"`);
    };
    expect((await manifest(sized(limit), 'limit')).status).toBe(201);
    const over = await sendByCurl(`${berth.url}/v2/${REPOSITORY}/manifests/over`, {
      method: 'PUT',
      body: Buffer.from(sized(limit + 1)),
      headers: { 'content-type': OCI_MANIFEST, authorization: `Bearer ${await by.token(SCOPE)}` },
    });
    expect(over.status, over.text).toBe(413);
  });

  test('a manifest that is no JSON, or has both manifests and layers: 400 MANIFEST_INVALID', async () => {
    const both = JSON.stringify({ ...JSON.parse(good.manifest.toString()), manifests: [] });
    for (const content of ['{', '[]', both]) {
      const answer = await manifest(content);
      expect([answer.status, code(answer)], content.slice(0, 80)).toEqual([400, 'MANIFEST_INVALID']);
    }
  });

  test('a manifest that names blobs which are not there: MANIFEST_BLOB_UNKNOWN, and no tag', async () => {
    const answer = await putManifest(by, REPOSITORY, 'void', builtImage(planImage(1)));
    expect([400, 404]).toContain(answer.status);
    expect(code(answer)).toBe('MANIFEST_BLOB_UNKNOWN');
    expect(await readBack(by, REPOSITORY, 'manifests/void')).toMatch(/^404 /);
  });

  test.for([
    ['name', '/v2/Bad/Name/manifests/v1', 'NAME_INVALID'],
    ['digest', `/v2/${REPOSITORY}/blobs/sha256:abc`, 'DIGEST_INVALID'],
    ['tag', `/v2/${REPOSITORY}/manifests/-v1`, 'TAG_INVALID|MANIFEST_INVALID|MANIFEST_UNKNOWN'],
  ] as const)('a malformed %s: a 4xx of the registry with its code', async ([, path, expected]) => {
    const answer = await by.ask(SCOPE, path);
    expect([400, 404], answer.text).toContain(answer.status);
    expect(code(answer)).toMatch(new RegExp(`^(${expected})$`));
  });

  test('a malformed scope: 400 of the token service; a wrong password: 401', async () => {
    const { realm, service } = challengeOf(await send(`${berth.url}/v2/`));
    const ask = (scope: string, password: string) =>
      send(`${realm}?${new URLSearchParams({ service: service ?? '', scope })}`, {
        headers: { authorization: basic({ ...ADMIN, password }) },
      });
    expect((await ask('repository', ADMIN.password)).status).toBe(400);
    expect((await ask(SCOPE, 'wrong')).status).toBe(401);
    expect((await ask(SCOPE, ADMIN.password)).status).toBe(200);
  });
});

/** Sends a PUT whose body is not of the announced length, then closes. Returns what came back until then. */
function rawPut(url: string, token: string, announced: number, body: Buffer): Promise<string> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        [
          `PUT ${pathname}${search} HTTP/1.1`,
          `Host: ${hostname}:${port}`,
          `Authorization: Bearer ${token}`,
          'Content-Type: application/octet-stream',
          `Content-Length: ${announced}`,
          '\r\n',
        ].join('\r\n'),
      );
      socket.write(body);
      // Half of the body is all that comes: the client is gone. Otherwise there is an answer to wait for.
      if (body.length < announced) setTimeout(() => socket.destroy(), 200);
      else setTimeout(() => socket.destroy(), 5_000).unref();
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      if (body.length >= announced) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}
