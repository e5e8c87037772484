import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';
import { expect, it, onTestFinished, vi } from 'vitest';
import { newKey } from '../../src/auth/token/key-ring.ts';
import { StoppedClock } from '../support/clock.ts';
import { ADMIN_PASSWORD, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { selfSigned } from '../support/self-signed.ts';

/* Keys that follow each other while tokens are in use. */

const HOUR_MS = 3_600_000;
const authorization = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;

async function tokenOf(door: FrontDoor): Promise<string> {
  const answer = await door.send('GET', '/auth/token?service=berth', { headers: { authorization } });
  return answer.json<{ token: string }>().token;
}

async function keySet(door: FrontDoor): Promise<JWK[]> {
  return (await door.send('GET', '/.well-known/jwks.json')).json<{ keys: JWK[] }>().keys;
}

const statusOf = async (door: FrontDoor, token: string): Promise<number> =>
  (await door.send('GET', '/v2/', { token })).status;

const look = (door: FrontDoor): Promise<void> => {
  const { keys } = door.auth ?? {};
  return (keys as unknown as { look(): Promise<void> }).look();
};

it('on schedule: published, then signing, then over; what it signed is valid until it expires', async () => {
  const clock = new StoppedClock();
  const config = 'auth: {builtin: {token: {rotation: {every: 48h, overlap: 24h}, expiration: 3600}}}';
  const door = await openFrontDoor({ config, clock });
  onTestFinished(() => door.close());
  const kids = new Set<string | undefined>();
  let previous: { token: string; issuedAtMs: number } | undefined;
  for (let hour = 0; hour < 200; hour += 1) {
    await look(door);
    const published = await keySet(door);
    expect(published.length).toBeLessThanOrEqual(3);
    const token = await door.token([], { lifetimeSeconds: 3_600 });
    const { kid } = decodeProtectedHeader(token);
    const jwk = published.find((one) => one.kid === kid);
    await jwtVerify(token, await importJWK(jwk ?? {}), { currentDate: new Date(clock.now()) });
    expect(await statusOf(door, token)).toBe(200);
    if (previous !== undefined) expect(await statusOf(door, previous.token)).toBe(200);
    kids.add(kid);
    previous = { token, issuedAtMs: clock.now() };
    clock.advance(HOUR_MS);
  }
  expect(kids.size).toBe(5);
});

it('in another process on the same data, at once; a retired key takes its tokens with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-keys-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = 'auth: {builtin: {}}';
  const [one, other] = [
    await openFrontDoor({ config, folder, admin: true }),
    await openFrontDoor({ config, folder }),
  ];
  onTestFinished(async () => {
    await one.close();
    await other.close();
  });
  const token = await tokenOf(one);
  expect(await statusOf(other, token)).toBe(200);
  const { signingKeys } = one.state.index;
  const [first] = await signingKeys.list();
  const next = await newKey(Date.now(), Date.now());
  expect(await signingKeys.add(next, first?.id ?? '')).toBe(true);
  await look(one);
  await look(other);
  const later = await tokenOf(one);
  expect(decodeProtectedHeader(later).kid).toBe(next.id);
  expect([await statusOf(other, token), await statusOf(other, later)]).toEqual([200, 200]);
  expect((await keySet(other)).map(({ kid }) => kid)).toEqual([next.id, first?.id]);
  await signingKeys.remove(first?.id ?? '');
  await look(other);
  expect([await statusOf(other, token), await statusOf(other, later)]).toEqual([401, 200]);
});

it('configured files that change are read again; what the former key signed stays valid', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-keys-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [certificate, key] = [join(folder, 'c.pem'), join(folder, 'k.pem')];
  const write = async (pair: { certificate: string; key: string }): Promise<void> => {
    await writeFile(certificate, pair.certificate);
    await writeFile(key, pair.key);
  };
  await write(selfSigned());
  const config = `auth: {builtin: {token: {certificate: ${certificate}, key: ${key}}}}`;
  const door = await openFrontDoor({ config });
  onTestFinished(() => door.close());
  const [before, first] = [await door.token([]), await keySet(door)];
  await write(selfSigned());
  await vi.waitFor(async () => expect(await keySet(door)).toHaveLength(2), {
    timeout: 15_000,
    interval: 100,
  });
  // It is published a moment before it signs.
  const after = await vi.waitFor(async () => {
    const token = await door.token([]);
    expect(decodeProtectedHeader(token).kid).not.toBe(decodeProtectedHeader(before).kid);
    return token;
  });
  expect([await statusOf(door, before), await statusOf(door, after)]).toEqual([200, 200]);
  expect((await keySet(door))[1]).toEqual(first[0]);
});
