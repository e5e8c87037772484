import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { tokenDatabaseContract } from '../../../../test/contract/token-database.ts';
import { browserLoginUnderTest } from '../../../../test/support/browser-login.ts';
import { FakeUpstream } from '../../../../test/support/fake-upstream.ts';
import { EMAIL, type Fault, GcsStandIn } from '../../../../test/support/gcs.ts';
import { LoginRecords } from '../login-records.ts';
import { Sealer } from '../sealer.ts';
import { AccessTokens } from './access-token.ts';
import { GcsTokenDatabase } from './gcs-database.ts';
import type { Patience } from './patient-fetch.ts';
import { readServiceAccount } from './service-account.ts';

const OBJECT = 'GET /storage/v1/b/logins/o/';
const UPLOAD = 'POST /upload/';
const PATIENCE: Patience = { attemptMs: 2_000, allMs: 10_000, firstWaitMs: 4 };

describe('Google Cloud Storage as a token database', () => {
  let google: GcsStandIn;
  let nowMs: number;
  beforeAll(async () => {
    google = await GcsStandIn.start();
  });
  afterAll(() => google.stop());
  beforeEach(() => {
    google.faults.length = 0;
    google.asked.length = 0;
    google.tokenSeconds = 3_600;
    // Behind the real clock, so that it can be moved on and no assertion comes from the future.
    nowMs = Date.now() - 600_000;
  });

  function open(more: { patience?: Partial<Patience>; bucket?: string; key?: object } = {}) {
    const patience = { ...PATIENCE, ...more.patience };
    const closing = new AbortController();
    const account = readServiceAccount(google.keyFile(more.key));
    const tokens = new AccessTokens(account, { now: () => nowMs }, patience, closing.signal);
    const { bucket = 'logins' } = more;
    const database = new GcsTokenDatabase({ bucket, endpoint: google.url, tokens, patience, closing });
    onTestFinished(() => database.close());
    return database;
  }

  const happens = (to: string, ...faults: readonly Fault[]) => {
    for (const fault of faults) google.faults.push({ to, fault });
  };
  const timesAsked = (what: string) => google.asked.filter((each) => each.startsWith(what)).length;

  tokenDatabaseContract(open);

  it('asks nothing about names that no object can have, and makes none of them', async () => {
    const database = open();
    for (const name of ['', '.', '..', 'a\nb', '\ud800', 'ü'.repeat(513)]) {
      expect(await database.find(name)).toBeUndefined();
      expect(await database.remove(name, '1')).toBe(false);
      await expect(database.replace(name, '{}', undefined)).rejects.toThrow(/no object of such a name/);
    }
    expect(google.asked).toEqual([]);
  });

  it('one token serves many questions, and another one before it ends', async () => {
    const database = open();
    google.tokenSeconds = 600;
    await Promise.all(Array.from({ length: 8 }, () => database.find(randomUUID())));
    expect(timesAsked('POST /token')).toBe(1);
    nowMs += 539_000;
    await database.find('x');
    expect(timesAsked('POST /token')).toBe(1);
    nowMs += 2_000;
    await database.find('x');
    expect(timesAsked('POST /token')).toBe(2);
  });

  it('a token that is not accepted any more is replaced', async () => {
    const database = open();
    await database.replace('carol', '{}', undefined);
    google.revokeTokens();
    expect(await database.find('carol')).toBeDefined();
    expect(timesAsked('POST /token')).toBe(2);
  });

  it.each([408, 429, 500, 502, 503, 504])('asks again after %i, of both endpoints', async (status) => {
    const database = open();
    happens('POST /token', { status }, { status });
    happens(OBJECT, { status }, { status, body: 'x' });
    expect(await database.find(randomUUID())).toBeUndefined();
    expect(timesAsked(OBJECT)).toBe(3);
    expect(timesAsked('POST /token')).toBe(3);
  });

  it.each(['cut', 'silent'] as const)('asks again where the connection is %s', async (fault) => {
    const database = open({ patience: { attemptMs: 200 } });
    happens(OBJECT, fault, fault);
    happens('POST /token', fault);
    expect(await database.find(randomUUID())).toBeUndefined();
    expect(timesAsked(OBJECT)).toBe(3);
  });

  it('gives up in the end, and says why', async () => {
    const database = open({ patience: { allMs: 300, attemptMs: 50 } });
    happens(OBJECT, ...Array.from({ length: 100 }, () => ({ status: 503, body: 'Backend\n Error' })));
    await expect(database.find('x')).rejects.toThrow(
      'the token database gs://logins cannot be asked: Google answers 503: Backend Error',
    );
    google.faults.length = 0;
    happens(OBJECT, ...Array.from({ length: 100 }, () => 'silent' as const));
    await expect(database.find('x')).rejects.toThrow(/cannot be asked: no answer within \d+ ms/);
  });

  it('waits as long as it is asked to, and not longer than it may', async () => {
    const database = open({ patience: { allMs: 500 } });
    happens(OBJECT, { status: 429, body: 'slow down', headers: { 'retry-after': '3600' } });
    await expect(database.find('x')).rejects.toThrow(/Google answers 429: slow down/);
    expect(timesAsked(OBJECT)).toBe(1);
  });

  it('a write and a removal whose answers are lost were done, and count once', async () => {
    const database = open();
    const account = randomUUID();
    happens(UPLOAD, 'lost', { status: 503 });
    const version = await database.replace(account, '{"n":1}', undefined);
    expect(await database.find(account)).toEqual({ document: '{"n":1}', version });
    happens(UPLOAD, 'lost');
    const second = (await database.replace(account, '{"n":2}', version)) ?? '';
    expect(await database.find(account)).toEqual({ document: '{"n":2}', version: second });
    happens('DELETE ', 'lost');
    expect(await database.remove(account, second)).toBe(true);
    expect(await database.find(account)).toBeUndefined();
  });

  it('a write that somebody else was before is none, also after attempts', async () => {
    const [database, other] = [open(), open()];
    const account = randomUUID();
    const first = await database.replace(account, '{"n":1}', undefined);
    happens(UPLOAD, { status: 503 });
    const mine = database.replace(account, '{"by":"me"}', first);
    const theirs = other.replace(account, '{"by":"them"}', first);
    const written = (await Promise.all([mine, theirs])).filter((version) => version !== undefined);
    expect(written).toEqual([(await database.find(account))?.version]);
  });

  it('writers that come together lose nothing', async () => {
    const account = randomUUID();
    const names = Array.from({ length: 8 }, (_, n) => `label${n}`);
    const some: Fault[] = [{ status: 503 }, 'lost', { status: 429 }, 'cut', 'lost'];
    happens(UPLOAD, ...some);
    const writers = names.map(async (name) => {
      const records = new LoginRecords('oidc_auth', open(), new Sealer('secret', 'tokens'));
      await records.update(account, (record) => ({
        ...(record ?? {
          ...{ section: 'oidc_auth', tokens: {}, dueAtMs: 0, passwords: [], legacyHash: undefined },
          ...{ legacyExpiresAtMs: undefined, claim: undefined },
        }),
        labels: { ...record?.labels, [name]: ['x'] },
      }));
    });
    await Promise.all(writers);
    const kept = JSON.parse(google.objects.get(account)?.document ?? '{}');
    expect(Object.keys(kept.labels).toSorted()).toEqual(names);
  });

  it('a bucket that is missing is said, to whoever reads and whoever writes', async () => {
    const says = /^the token database gs:\/\/others cannot be asked: there is no such bucket/;
    await expect(open({ bucket: 'others' }).find('x')).rejects.toThrow(says);
    await expect(open({ bucket: 'others' }).replace('x', '{}', undefined)).rejects.toThrow(says);
  });

  it('a missing permission is named, with who needs it', async () => {
    const database = open();
    const forbidden = { status: 403, body: { error: { code: 403, message: 'no access' } } };
    happens(OBJECT, forbidden);
    await expect(database.find('x')).rejects.toThrow(
      `Google answers 403: no access; give ${EMAIL} the role "Storage Object User" on the bucket (storage.objects.get`,
    );
    happens(UPLOAD, forbidden);
    await expect(database.replace('x', '{}', undefined)).rejects.toThrow(/storage\.objects\.create and/);
    happens('DELETE ', forbidden);
    await expect(database.remove('x', '1')).rejects.toThrow(/\(storage\.objects\.delete is/);
  });

  it('a key that Google does not accept is said, and not shown', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const refused = open({ key: { private_key: pem } })
      .find('x')
      .catch((error: Error) => error.message);
    expect(await refused).toMatch(/answers 400: invalid_grant: Invalid JWT Signature\.; the key of berth@/);
    expect(await refused).not.toContain(pem.split('\n')[1]);
  });

  it('an answer without an end is not read to its end', async () => {
    happens(OBJECT, { status: 200, body: 'x'.repeat(2 * 1024 * 1024) });
    await expect(open().find('x')).rejects.toThrow(/the answer is longer than 1048576 bytes/);
  });

  it('what is under way ends with it', async () => {
    const database = open();
    happens(OBJECT, 'silent');
    const asked = database.find('x');
    const ended = expect(asked).rejects.toThrow(/the token database was closed/);
    await expect.poll(() => timesAsked(OBJECT)).toBe(1);
    await database.close();
    await ended;
  });

  // tokendb_gcs.go: the object is called as the account, and has the JSON of TokenDBValue with a line end.
  it('a login that docker_auth left goes on, and is sealed', async () => {
    const left = `${JSON.stringify({
      ...{ token_type: 'Bearer', access_token: 'clear access', refresh_token: 'clear refresh' },
      valid_until: '2031-01-01T12:00:00.123456789+01:00',
      docker_password: await bcrypt('sixteenletters16', 4),
      labels: { groups: ['writers'] },
    })}\n`;
    google.objects.set('alice@example.com', { document: left, generation: '1' });
    const login = { account: 'alice@example.com', labels: { groups: ['x'] }, tokens: {} };
    const { logins } = browserLoginUnderTest(new FakeUpstream(() => login), { database: open() });
    const right = { account: 'alice@example.com', password: 'sixteenletters16' };
    expect(await logins.authenticate({ ...right, password: 'other' })).toBe('wrong-password');
    expect(await logins.authenticate(right)).toMatchObject({ account: 'alice@example.com' });
    const kept = google.objects.get('alice@example.com')?.document;
    expect(kept).toContain('docker_password');
    expect(kept).not.toContain('clear');
  });
});

describe('a key file', () => {
  const whole = { type: 'service_account', client_email: 'a@b', private_key: 'x' };
  it.each([
    ['{\n"type": "service_account",\n"private_key": "secret\n', /^is no JSON \(line 3\); it must be/],
    ['[]', /^is no JSON object/],
    ['{}', /^is JSON without a type, not the key of a service account/],
    ['{"type": "authorized_user"}', /of the type "authorized_user", not the key of a service account/],
    [JSON.stringify({ ...whole, client_email: '' }), /^has no client_email/],
    [JSON.stringify({ ...whole, private_key: undefined }), /^has no private_key/],
    [JSON.stringify(whole), /^holds no private key in PEM/],
  ])('of no use says what is wrong: %j', (text, message) => {
    expect(() => readServiceAccount(text)).toThrow(message);
    expect(() => readServiceAccount(text)).not.toThrow(/secret/);
  });

  it('sends what it signs to https, or to this machine', async () => {
    const google = await GcsStandIn.start();
    onTestFinished(() => google.stop());
    const read = (token_uri: unknown) => readServiceAccount(google.keyFile({ token_uri })).tokenUrl;
    expect(read(undefined)).toBe('https://oauth2.googleapis.com/token');
    expect(read('https://private.example.com/token')).toBe('https://private.example.com/token');
    for (const bad of ['http://example.com/token', 'file:///etc/x', 'x', 7]) {
      expect(() => read(bad)).toThrow(/^has a token_uri that is no https address/);
    }
  });
});
