import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BerthProcess, Workplace } from '../support/berth-process.ts';
import { GcsStandIn } from '../support/gcs.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `berth auth` with docker_auth's `gcs_token_db`, and what docker_auth left there. */

const PAIR = selfSigned();
const YML = `
server: {addr: "127.0.0.1:0"}
token: {issuer: Acme, expiration: 900, certificate: token.pem, key: token.key}
github_auth:
  client_id: berth
  client_secret: secret
  gcs_token_db:
    bucket: logins
    client_secret_file: gcs.json
acl: [{match: {labels: {teams: core}}, actions: [pull]}]
`;

let place: Workplace;
let google: GcsStandIn;
let berth: BerthProcess;
let url: string;

const write = (name: string, text: string) => writeFileSync(join(place.folder, name), text);
const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 50 });

async function start(): Promise<void> {
  berth = place.start(['auth', 'auth.yml'], { env: { STORAGE_EMULATOR_HOST: new URL(google.url).host } });
  url = await berth.says(/at (http:\/\/127\.0\.0\.1:\d+\/auth)/);
}

async function login(password = 'sixteenletters16', account = 'alice'): Promise<number> {
  const answer = await fetch(`${url}?service=s&scope=repository:a/b:pull`, {
    headers: { authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}` },
  });
  await answer.arrayBuffer();
  return answer.status;
}

describe('gcs_token_db', { timeout: 30_000 }, () => {
  beforeEach(async () => {
    place = new Workplace();
    google = await GcsStandIn.start();
    google.isOpen = true;
    write('token.pem', PAIR.certificate);
    write('token.key', PAIR.key);
    write('gcs.json', google.keyFile());
    write('auth.yml', YML);
  });
  afterEach(async () => {
    await place.clear();
    await google.stop();
  });

  it('lets in whom docker_auth let in, and not any more once the object is gone', async () => {
    const document = JSON.stringify({
      ...{ token_type: 'Bearer', access_token: 'clear' },
      // Not to be asked about yet: there is no GitHub here.
      valid_until: new Date(Date.now() + 1_800_000).toISOString(),
      docker_password: await bcrypt('sixteenletters16', 4),
      labels: { teams: ['core'] },
    });
    google.objects.set('alice', { document, generation: '17' });
    await start();
    expect(await login()).toBe(200);
    expect(await login('another')).toBe(401);
    expect(await login(undefined, 'bob')).toBe(401);
    expect(google.objects.get('alice')?.document).not.toContain('clear');
    await soon(() => expect(berth.stderr).toMatch(/STORAGE_EMULATOR_HOST is set.*bucket=logins/));
    // Somebody revoked it at another replica.
    google.objects.delete('alice');
    await soon(async () => expect(await login()).toBe(401));
  });

  it('a bucket that may not be read is a fault with the reason in the log alone', async () => {
    await start();
    google.faults.push({ to: 'GET /storage', fault: { status: 403, body: 'Access denied.' } });
    expect(await login()).toBe(503);
    await soon(() => expect(berth.stderr).toMatch(/gs:\/\/logins cannot be asked.*storage\.objects\.get/));
    expect(await login()).toBe(401);
  });

  it.each([
    ['of another kind', '{"type": "authorized_user"}', 'is JSON of the type'],
    ['that is no JSON', '{\n"private_key": "secret', 'is no JSON'],
    ['that is not there', undefined, 'it does not exist'],
  ])('a key file %s ends the start, with the place', async (_, text, why) => {
    if (text === undefined) rmSync(join(place.folder, 'gcs.json'));
    else write('gcs.json', text);
    berth = place.start(['auth', 'auth.yml']);
    const { code, stderr } = await berth.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('auth.yml:9');
    expect(stderr).toContain('gcs.json');
    expect(stderr).toContain(why);
    expect(stderr).not.toContain('secret"');
  });

  it('a new key file is taken over while it runs, and a bad one is not', async () => {
    await start();
    write('gcs.json', '{}');
    await soon(() => expect(berth.stderr).toMatch(/stays in use.*auth\.yml:9.*not the key of a service/));
    expect(await login()).toBe(401);
    write('gcs.json', google.keyFile({ private_key_id: 'key-2' }));
    await soon(() => expect(berth.stderr).toMatch(/a changed file is in use/));
  });

  it('the first of GCS, Redis and LevelDB is taken, and a bucket is a name alone', async () => {
    write('auth.yml', YML.replace('  gcs_token_db:', '  level_token_db: {path: /x}\n  gcs_token_db:'));
    await start();
    await soon(() => expect(berth.stderr).toMatch(/gcs_token_db\\?" is taken, and level_token_db is not/));
    write('auth.yml', YML.replace('bucket: logins', 'bucket: gs://logins/x'));
    await soon(() => expect(berth.stderr).toMatch(/auth\.yml:8.*cannot be a bucket/));
  });
});
