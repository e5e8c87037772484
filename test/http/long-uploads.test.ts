import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UPLOAD_GRACE_MS } from '../../src/http/v2/access.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Access } from '../../src/oci/scope.ts';
import { StoppedClock } from '../support/clock.ts';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';

/* An upload that takes longer than the token lives with which it was begun. */

const LIFETIME_SECONDS = 60;
/** Clocks may differ by so much. */
const LEEWAY_MS = 60_000;
const EXPIRED_MS = LIFETIME_SECONDS * 1_000 + LEEWAY_MS;
const BYTES = Buffer.from('a layer that takes its time');
const DIGEST = digestOf(BYTES);

const pushTo = (name: string, actions = ['pull', 'push']): Access => ({ type: 'repository', name, actions });

async function opened() {
  const clock = new StoppedClock();
  const door = await openFrontDoor({ config: BUILTIN, clock });
  onTestFinished(() => door.close());
  const tokenOf = (access: Access, subject = 'alice') =>
    door.token([access], { subject, lifetimeSeconds: LIFETIME_SECONDS });
  const token = await tokenOf(pushTo('a/app'));
  return { clock, door, tokenOf, token };
}

/** @returns the path of the upload */
async function begin(door: FrontDoor, token: string, repository = 'a/app'): Promise<string> {
  const answer = await door.send('POST', `/v2/${repository}/blobs/uploads/`, { token });
  expect(answer.status).toBe(202);
  return `/v2/${repository}/blobs/uploads/${answer.headers['docker-upload-uuid']}`;
}

describe('an upload whose token has expired meanwhile', () => {
  it('goes on to its end, also at another process, and nothing else does', async () => {
    const { clock, door, token } = await opened();
    const upload = await begin(door, token);
    clock.advance(EXPIRED_MS);
    expect((await door.send('PATCH', upload, { token, body: BYTES.subarray(0, 10) })).status).toBe(202);
    const other = await openFrontDoor({ config: BUILTIN, clock, folder: door.folder });
    onTestFinished(() => other.close());
    const state = await other.send('GET', upload, { token });
    expect([state.status, state.headers['range']]).toEqual([204, '0-9']);
    expect((await other.send('PATCH', upload, { token, body: BYTES.subarray(10) })).status).toBe(202);
    expect((await other.send('PUT', `${upload}?digest=${DIGEST}`, { token })).status).toBe(201);
    for (const [method, path] of [
      ['HEAD', `/v2/a/app/blobs/${DIGEST}`],
      ['GET', '/v2/a/app/tags/list'],
      ['PUT', '/v2/a/app/manifests/v1'],
      ['POST', '/v2/a/app/blobs/uploads/'],
      ['GET', '/v2/'],
      // It is over now.
      ['GET', upload],
    ] as const) {
      expect([path, (await door.send(method, path, { token })).status]).toEqual([path, 401]);
    }
  });

  it('can be given up', async () => {
    const { clock, door, token } = await opened();
    const upload = await begin(door, token);
    clock.advance(EXPIRED_MS);
    expect((await door.send('DELETE', upload, { token })).status).toBe(204);
  });

  it('is refused with the reason to every other token', async () => {
    const { clock, door, token, tokenOf } = await opened();
    const upload = await begin(door, token);
    const foreign = await begin(door, await tokenOf(pushTo('b/app')), 'b/app');
    clock.advance(1_000);
    const others = {
      'of another account': await tokenOf(pushTo('a/app'), 'mallory'),
      'of the same account': await tokenOf(pushTo('a/app')),
    };
    clock.advance(EXPIRED_MS);
    for (const [whose, other] of Object.entries(others)) {
      const answer = await door.send('PATCH', upload, { token: other, body: BYTES });
      expect([whose, answer.status]).toEqual([whose, 401]);
      expect(answer.headers['www-authenticate']).toContain('error_description="the token has expired"');
    }
    expect((await door.send('PATCH', foreign, { token, body: BYTES })).status).toBe(401);
    // An id that is there, in the name of another repository.
    const moved = upload.replace('a/app', 'b/app');
    expect((await door.send('PATCH', moved, { token, body: BYTES })).status).toBe(401);
    expect((await door.send('PATCH', upload, { token, body: BYTES })).status).toBe(202);
  });

  it('ends a day after the token did', async () => {
    const { clock, door, token } = await opened();
    const upload = await begin(door, token);
    clock.advance(EXPIRED_MS + UPLOAD_GRACE_MS - 1);
    expect((await door.send('PATCH', upload, { token, body: BYTES })).status).toBe(202);
    clock.advance(1);
    expect((await door.send('PATCH', upload, { token, body: BYTES })).status).toBe(401);
  });

  it('ends at once where the account is', async () => {
    const { clock, door, token } = await opened();
    const upload = await begin(door, token);
    clock.advance(EXPIRED_MS);
    expect((await door.send('PATCH', upload, { token, body: BYTES })).status).toBe(202);
    await door.state.index.revocations.revoke('account', 'alice', clock.now());
    const refused = await door.send('PUT', `${upload}?digest=${DIGEST}`, { token });
    expect([refused.status, refused.text]).toEqual([401, expect.stringContaining('the token was revoked')]);
  });

  it('asks for no less than one in time: what was not granted stays refused', async () => {
    const { clock, door, tokenOf } = await opened();
    const pull = await tokenOf(pushTo('a/app', ['pull']));
    const upload = await begin(door, await tokenOf(pushTo('a/app')));
    clock.advance(EXPIRED_MS);
    expect((await door.send('GET', upload, { token: pull })).status).toBe(401);
  });

  it('takes no letter of the token for another', async () => {
    const { clock, door, token } = await opened();
    const upload = await begin(door, token);
    clock.advance(EXPIRED_MS);
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'AZaz09-_.'), async (at, letter) => {
        fc.pre(token[at] !== letter);
        const forged = token.slice(0, at) + letter + token.slice(at + 1);
        expect((await door.send('GET', upload, { token: forged })).status).toBe(401);
      }),
      { numRuns: 60 },
    );
    expect((await door.send('GET', upload, { token })).status).toBe(204);
  });

  it('may be one long request: it is looked at when it begins', async () => {
    const { clock, door, token } = await opened();
    const upload = await begin(door, token);
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield BYTES.subarray(0, 5);
      clock.advance(EXPIRED_MS + UPLOAD_GRACE_MS);
      yield BYTES.subarray(5);
    }
    expect((await door.send('PUT', `${upload}?digest=${DIGEST}`, { token, body: slowly() })).status).toBe(
      201,
    );
  });
});
