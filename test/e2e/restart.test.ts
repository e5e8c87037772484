import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { sha256 } from './support/images.ts';
import { openUpload, pushScope, readBack, withDigest } from './support/pusher.ts';
import { type Session, session } from './support/session.ts';
import { steps } from './support/steps.ts';

const REPOSITORY = 'restart/image';
const SCOPE = pushScope(REPOSITORY);
const PART = 2_000_000;

describe('an upload survives a restart of berth serve', () => {
  let berth: BerthServe;
  let by: Session;
  steps(() => berth.output());
  beforeAll(async () => {
    berth = await berthServe({ env: { BERTH_ADMIN_PASSWORD: ADMIN.password } });
    by = session(berth.url, { credentials: ADMIN });
  });
  afterAll(() => berth?.stop());

  /** Sends a part. Returns where the next one goes. */
  const patch = async (location: string, content: Buffer, offset: number) => {
    const answer = await by.ask(SCOPE, location, {
      method: 'PATCH',
      body: content,
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${offset}-${offset + content.length - 1}`,
      },
    });
    expect(answer.status, answer.text).toBe(202);
    expect(answer.headers['range']).toBe(`0-${offset + content.length - 1}`);
    return new URL(answer.headers['location'] ?? '', berth.url).href;
  };

  /** Asks how far the upload is. Returns the offset of the next byte and where it goes. */
  const progress = async (location: string) => {
    const answer = await by.ask(SCOPE, location);
    expect(answer.status, answer.text).toBe(204);
    const next = answer.headers['location'];
    const range = answer.headers['range'] ?? '';
    const last = Number(/^0-(\d+)$/.exec(range)?.[1] ?? Number.NaN);
    return {
      // distribution writes 0-0 for an upload without a byte; no part here is a single byte.
      offset: last === 0 ? 0 : last + 1,
      location: next === undefined ? location : new URL(next, berth.url).href,
    };
  };

  const finish = async (location: string, content: Buffer) => {
    const done = await by.ask(SCOPE, withDigest(location, sha256(content)), { method: 'PUT' });
    expect(done.status, done.text).toBe(201);
    expect(await readBack(by, REPOSITORY, `blobs/${sha256(content)}`)).toBe(sha256(content));
  };

  for (const how of ['stop', 'kill'] as const) {
    test(`${how === 'stop' ? 'stopped by SIGTERM' : 'killed with signal 9'} between two PATCHes`, async () => {
      const content = randomBytes(3 * PART);
      let location = await openUpload(by, berth.url, REPOSITORY);
      location = await patch(location, content.subarray(0, PART), 0);
      location = await patch(location, content.subarray(PART, 2 * PART), PART);
      await berth[how]();
      await berth.start();
      expect((await progress(location)).offset, 'what was acknowledged is there').toBe(2 * PART);
      location = await patch(location, content.subarray(2 * PART), 2 * PART);
      await finish(location, content);
    });
  }

  test('killed in the middle of a PATCH: the client asks for the offset and goes on', async () => {
    const content = randomBytes(3 * PART);
    const opened = await openUpload(by, berth.url, REPOSITORY);
    const stream = new PassThrough();
    const broken = by.ask(SCOPE, opened, {
      method: 'PATCH',
      body: stream,
      headers: { 'content-type': 'application/octet-stream' },
    });
    broken.catch(() => undefined);
    stream.write(content.subarray(0, 2 * PART));
    await sleep(300);
    await berth.kill();
    await expect(broken).rejects.toThrow();
    await berth.start();
    const { offset, location } = await progress(opened);
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(offset).toBeLessThanOrEqual(2 * PART);
    await finish(await patch(location, content.subarray(offset), offset), content);
  });

  test('accounts, keys and images are the same after a restart', async () => {
    const token = await by.token(SCOPE);
    await berth.stop();
    await berth.start();
    const answer = await by.ask('', '/v2/', { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status, answer.text).toBe(200);
    await session(berth.url, { credentials: ADMIN }).token('');
  });
});
