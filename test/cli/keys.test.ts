import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BerthProcess, type Ended, Workplace } from '../support/berth-process.ts';

/* `berth keys`, beside a token service that runs. */

const YML = `
server: {addr: "127.0.0.1:0"}
data: ./state
token: {issuer: Acme, expiration: 900, rotation: {overlap: 10m}}
services: {one: {}, own: {own_keys: true}}
`;

interface Key {
  readonly id: string;
  readonly state: string;
}

let place: Workplace;
let berth: BerthProcess;
let url: string;

const keys = (...args: readonly string[]): Promise<Ended> =>
  place.start(['keys', ...args, '--auth-config', 'auth.yml']).ended;

async function listed(...args: readonly string[]): Promise<Key[]> {
  const { code, stdout, stderr } = await keys('list', '--json', ...args);
  expect(code, stderr).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Key);
}

async function published(path: string): Promise<string[]> {
  const set = (await (await fetch(`${url}${path}`)).json()) as { keys: { kid: string }[] };
  return set.keys.map(({ kid }) => kid);
}

describe('berth keys', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'auth.yml'), YML);
    berth = place.start(['auth', 'auth.yml']);
    url = await berth.says(/at (http:\/\/127\.0\.0\.1:\d+)\/auth/);
  });
  afterAll(async () => {
    await berth.stop();
    await place.clear();
  });

  it('does not retire the key that signs, and says what to do', async () => {
    const [key] = await listed();
    const refused = await keys('retire', key?.id ?? '');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`the key ${key?.id} signs; `);
    expect(refused.stderr).toContain('keys rotate --now makes another one first');
    expect(await listed()).toEqual([key]);
    expect(await published('/.well-known/jwks.json')).toEqual([key?.id]);
  });

  it('retires one that will sign, and knows none that is not there', async () => {
    expect((await keys('rotate')).code).toBe(0);
    const [next, key] = await listed();
    expect([next?.state, key?.state]).toEqual(['will sign', 'signs']);
    expect((await keys('rotate')).stderr).toContain(`${next?.id} will sign from`);
    expect((await keys('retire', next?.id ?? '')).code).toBe(0);
    expect(await listed()).toEqual([key]);
    expect((await keys('retire', 'nothing')).stderr).toMatch(/there is no key "nothing"; .*keys list shows/);
  });

  it('changes the keys of one service alone', async () => {
    const [shared] = await listed();
    const [own] = await listed('--service', 'own');
    expect(own?.id).not.toBe(shared?.id);
    expect((await keys('rotate', '--service', 'own', '--after', '1h')).code).toBe(0);
    const after = await listed('--service', 'own');
    expect(after.map(({ state }) => state)).toEqual(['will sign', 'signs']);
    await vi.waitFor(
      async () =>
        expect(await published('/services/own/jwks.json')).toEqual(
          expect.arrayContaining(after.map(({ id }) => id)),
        ),
      { timeout: 10_000 },
    );
    expect(await listed()).toEqual([shared]);
    expect(await published('/services/one/jwks.json')).toEqual([shared?.id]);
    const elsewhere = await keys('retire', own?.id ?? '');
    expect(elsewhere.stderr).toMatch(/there is no key "/);
    const none = await keys('rotate', '--service', 'one');
    expect(none.stderr).toContain('there are no keys of the service "one" yet');
  });
});
