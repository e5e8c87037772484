import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { State } from '../../src/cli/state.ts';
import type { ContentStore } from '../../src/content/content-store.ts';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { bytes, digestOf, OCI_INDEX, pushBlob, startUpload, withQuery } from '../support/oci-content.ts';

/* Faults of what the registry stands on: 500 that gives nothing away, 507 for a full disk, and life after it. */

const SECRET = 'ECONNREFUSED /var/lib/secret/path password=hunter2';
const EMPTY_INDEX = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });

/** What fails, while it is switched on. */
class Switch {
  error: Error | undefined;

  readonly check = (): void => {
    if (this.error !== undefined) throw this.error;
  };
}

function failing(error: Switch): { index: (state: State) => State; content: (state: State) => State } {
  /** Every function of the object, at any depth, asks the switch first. */
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name): unknown {
        const value: unknown = Reflect.get(of, name);
        if (typeof value === 'function') {
          return async (...args: unknown[]): Promise<unknown> => {
            error.check();
            return Reflect.apply(value, of, args);
          };
        }
        return typeof value === 'object' && value !== null ? guard(value) : value;
      },
    });
  const guardContent = (content: ContentStore): ContentStore => ({
    keys: () => content.keys(),
    newKey: () => content.newKey(),
    write(key) {
      const writer = content.write(key);
      return {
        key,
        get sizeBytes() {
          return writer.sizeBytes;
        },
        async append(piece) {
          error.check();
          await writer.append(piece);
        },
        async flush() {
          error.check();
          await writer.flush();
        },
        close: () => writer.close(),
      };
    },
    async read(key, range) {
      error.check();
      return content.read(key, range);
    },
    async sizeBytes(key) {
      error.check();
      return content.sizeBytes(key);
    },
    remove: (key) => content.remove(key),
    ping: () => content.ping(),
  });
  return {
    index: (state) => ({ ...state, index: guard(state.index) }),
    content: (state) => ({ ...state, content: guardContent(state.content) }),
  };
}

const withCode = (code: string): Error => Object.assign(new Error(`${code}: ${SECRET}`), { code });

describe('an index that fails', () => {
  const broken = new Switch();
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ wrap: failing(broken).index });
  });
  afterAll(() => door.close());

  it.each<[string, string, string?]>([
    ['GET', '/v2/_catalog'],
    ['GET', '/v2/a/b/tags/list'],
    ['GET', '/v2/a/b/manifests/v1'],
    ['HEAD', '/v2/a/b/manifests/v1'],
    ['PUT', '/v2/a/b/manifests/v1', EMPTY_INDEX],
    ['DELETE', '/v2/a/b/manifests/v1'],
    ['GET', `/v2/a/b/blobs/${digestOf('x')}`],
    ['HEAD', `/v2/a/b/blobs/${digestOf('x')}`],
    ['DELETE', `/v2/a/b/blobs/${digestOf('x')}`],
    ['POST', '/v2/a/b/blobs/uploads/'],
    ['POST', `/v2/a/b/blobs/uploads/?digest=${digestOf('x')}`, 'x'],
    ['POST', `/v2/a/b/blobs/uploads/?mount=${digestOf('x')}&from=c/d`],
    ['GET', '/v2/a/b/blobs/uploads/id'],
    ['PATCH', '/v2/a/b/blobs/uploads/id', 'x'],
    ['PUT', `/v2/a/b/blobs/uploads/id?digest=${digestOf('x')}`, 'x'],
    ['DELETE', '/v2/a/b/blobs/uploads/id'],
    ['GET', `/v2/a/b/referrers/${digestOf('x')}`],
  ])(
    '%s %s is 500 UNKNOWN with the id of the request, and nothing of the fault',
    async (method, target, body) => {
      broken.error = new Error(SECRET);
      const answer = await door.send(method, target, {
        headers: { 'content-type': OCI_INDEX },
        ...(body !== undefined && { body }),
      });
      const requestId = answer.headers['x-request-id'];
      expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect([answer.status, answer.json()]).toEqual([
        500,
        { errors: [{ code: 'UNKNOWN', message: 'unknown error', detail: { requestId } }] },
      ]);
      expect(JSON.stringify(answer.headers)).not.toContain('secret');
      const line = door.log.lines.findLast(({ level }) => level === 'error');
      expect(line?.fields).toMatchObject({ requestId, method, error: broken.error });
      broken.error = undefined;
      expect((await door.send('GET', '/v2/')).status).toBe(200);
    },
  );
});

describe('faults', () => {
  let door: FrontDoor | undefined;
  afterEach(async () => {
    await door?.close();
    door = undefined;
  });

  it('an index that fails while a token is asked for: 500, not 401', async () => {
    const broken = new Switch();
    door = await openFrontDoor({ config: BUILTIN, wrap: failing(broken).index });
    broken.error = new Error(SECRET);
    const answer = await door.send('GET', '/auth/token?service=berth', {
      headers: { authorization: `Basic ${Buffer.from('admin:x').toString('base64')}` },
    });
    expect([answer.status, answer.codes]).toEqual([500, ['UNKNOWN']]);
    expect(answer.text).not.toContain('secret');
  });

  it('something thrown that is no Error is 500 too', async () => {
    for (const thrown of [undefined, 'text', { code: 1 }]) {
      const odd = await openFrontDoor({
        wrap: (state) => ({
          ...state,
          index: {
            ...state.index,
            close: () => state.index.close(),
            tags: { ...state.index.tags, repositories: () => Promise.reject(thrown) },
          },
        }),
      });
      expect((await odd.send('GET', '/v2/_catalog')).codes).toEqual(['UNKNOWN']);
      await odd.close();
    }
  });

  it('content that cannot be read is 500; content that is gone is 404 with the way to mend it', async () => {
    const broken = new Switch();
    door = await openFrontDoor({ wrap: failing(broken).content });
    const content = bytes(1_000);
    const digest = await pushBlob(door, 'a/b', content);
    broken.error = withCode('EIO');
    for (const method of ['GET', 'HEAD']) {
      expect((await door.send(method, `/v2/a/b/blobs/${digest}`)).status).toBe(500);
    }
    broken.error = undefined;
    const folder = join(door.folder, 'data', 'content');
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    const gone = await door.send('GET', `/v2/a/b/blobs/${digest}`);
    expect([gone.status, gone.codes]).toEqual([404, ['BLOB_UNKNOWN']]);
    expect(gone.text).toContain('push it again');
    expect((await door.send('HEAD', `/v2/a/b/blobs/${digest}`)).status).toBe(404);
    await pushBlob(door, 'a/b', content);
    expect((await door.send('GET', `/v2/a/b/blobs/${digest}`)).body.equals(content)).toBe(true);
  });

  it.each(['ENOSPC', 'EDQUOT'])(
    '%s while a blob comes is 507, nothing is stored, and what was there stays',
    async (code) => {
      const broken = new Switch();
      door = await openFrontDoor({ wrap: failing(broken).content });
      const earlier = await pushBlob(door, 'a/b', 'earlier');
      const content = bytes(100_000);
      const digest = digestOf(content);
      const location = await startUpload(door, 'a/b');
      await door.send('PATCH', location, { body: content.subarray(0, 50_000) });
      const single = `/v2/a/b/blobs/uploads/?digest=${digest}`;
      broken.error = withCode(code);
      const answers = [
        await door.send('POST', single, { body: content }),
        await door.send('PATCH', location, { body: content.subarray(50_000) }),
      ];
      for (const answer of answers) {
        expect([answer.status, answer.codes]).toEqual([507, ['UNAVAILABLE']]);
        expect(answer.text).toContain('full');
        expect(answer.text).not.toContain('secret');
      }
      broken.error = undefined;
      expect((await door.send('HEAD', `/v2/a/b/blobs/${digest}`)).status).toBe(404);
      expect((await door.send('GET', `/v2/a/b/blobs/${earlier}`)).text).toBe('earlier');
      expect((await door.send('GET', location)).headers['range']).toBe('0-49999');
      const put = await door.send('PUT', withQuery(location, 'digest', digest), {
        body: content.subarray(50_000),
      });
      expect(put.status).toBe(201);
      expect((await door.send('GET', `/v2/a/b/blobs/${digest}`)).body.equals(content)).toBe(true);
    },
  );

  it('an index on a full disk (SQLITE_FULL) is 507', async () => {
    const broken = new Switch();
    door = await openFrontDoor({ wrap: failing(broken).index });
    broken.error = withCode('SQLITE_FULL');
    const answer = await door.send('PUT', '/v2/a/b/manifests/v1', {
      body: EMPTY_INDEX,
      headers: { 'content-type': OCI_INDEX },
    });
    expect([answer.status, answer.codes]).toEqual([507, ['UNAVAILABLE']]);
  });

  it('a body that breaks off keeps what was acknowledged, and is no fault of the server', async () => {
    door = await openFrontDoor();
    const location = await startUpload(door, 'a/b');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('12345');
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    }
    await door.send('PATCH', location, { body: broken() });
    expect((await door.send('GET', location)).headers['range']).toBe('0-4');
    const put = await door.send('PUT', '/v2/a/b/manifests/v1', {
      body: broken(),
      headers: { 'content-type': OCI_INDEX },
    });
    expect(put.status).not.toBe(201);
    const single = await door.send('POST', `/v2/a/b/blobs/uploads/?digest=${digestOf('12345')}`, {
      body: broken(),
    });
    expect(single.status).not.toBe(201);
    expect((await door.send('HEAD', `/v2/a/b/blobs/${digestOf('12345')}`)).status).toBe(404);
    expect(door.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
