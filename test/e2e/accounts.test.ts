import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { newClient } from './clients/all.ts';
import { type Client, DENIED } from './clients/client.ts';
import { ADMIN, basic } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { type Answer, send } from './support/http.ts';
import { builtImage, planImage, sha256 } from './support/images.ts';
import { pushBlob, pushImage } from './support/pusher.ts';
import { startRecorder } from './support/recorder.ts';
import { folder } from './support/root.ts';
import { session } from './support/session.ts';
import { steps } from './support/steps.ts';

/*
 * Robots, personal access tokens and accounts that are disabled, with a real docker and two replicas on one data folder:
 * what is done at the one counts at the other.
 */

const REPOSITORY = 'team/app';
let one: BerthServe;
let other: BerthServe;
let docker: Client;
steps(() => `--- first\n${one?.output()}\n--- second\n${other?.output()}`);

beforeAll(async () => {
  const options = { data: join(folder('berth'), 'data'), env: { BERTH_ADMIN_PASSWORD: ADMIN.password } };
  one = await berthServe(options);
  other = await berthServe(options);
  docker = newClient('docker', inject('bed').dockerHost);
});
afterAll(async () => {
  await docker?.empty();
  await Promise.all([one?.stop(), other?.stop()]);
});

const hostOf = ({ port }: BerthServe | { readonly port: number }) => `127.0.0.1:${port}`;
const berth = async (...args: readonly string[]): Promise<string> => {
  const { code, all } = await one.command(args);
  expect(code, all).toBe(0);
  return all;
};
const secretIn = (text: string): string => /brt_\w+|\bbr[a-z]*_\w+/.exec(text)?.[0] ?? '';
const admin = (at: BerthServe, path: string, body: unknown): Promise<Answer> =>
  send(`${at.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { authorization: basic(ADMIN), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const logsIn = async (host: string, account: string, password: string) => {
  const { code, all } = await docker.login(host, account, password);
  expect(code, all).toBe(0);
};

test('a robot logs in with its token, pushes at one replica and pulls at the other', async () => {
  const secret = secretIn(await berth('robot', 'add', 'ci-robot'));
  await berth('role', 'grant', 'push', 'team/**', '--account', 'ci-robot');
  const ref = (at: BerthServe) => `${hostOf(at)}/${REPOSITORY}:v1`;
  await docker.build(ref(one), planImage(2));
  await logsIn(hostOf(one), 'ci-robot', secret);
  const push = await docker.push(ref(one));
  expect(push.outcome.code, push.outcome.all).toBe(0);
  await docker.empty();
  await logsIn(hostOf(other), 'ci-robot', secret);
  const pull = await docker.pull(ref(other));
  expect([pull.outcome.code, pull.digest], pull.outcome.all).toEqual([0, push.digest]);
  const elsewhere = await docker.pull(`${hostOf(other)}/private/app:v1`);
  expect(elsewhere.outcome.all).toMatch(DENIED);
});

test('a personal access token for pull: a push is refused, with a sentence that says why', async () => {
  const secret = secretIn(await berth('token', 'add', ADMIN.account, '--limit', 'team/**:pull'));
  const ref = `${hostOf(one)}/${REPOSITORY}:v1`;
  await logsIn(hostOf(one), ADMIN.account, secret);
  const pull = await docker.pull(ref);
  expect(pull.outcome.code, pull.outcome.all).toBe(0);
  await docker.build(ref, planImage(1));
  const push = await docker.push(ref);
  expect(push.outcome.code).not.toBe(0);
  expect(push.outcome.all).toMatch(DENIED);
  expect(push.outcome.all).toContain(`'admin' may not push ${REPOSITORY}; the token grants pull there`);
});

test('an account that is disabled while docker pulls: every request from then on is refused, by both replicas', async () => {
  expect((await admin(one, 'accounts', { name: 'jane', password: 'of jane' })).status).toBe(200);
  await berth('role', 'grant', 'pull', 'team/**', '--account', 'jane');
  await pushImage(
    session(one.url, { credentials: ADMIN }),
    one.url,
    'team/big',
    'v1',
    builtImage(planImage(12)),
  );
  let blobs = 0;
  let disabledAtMs = Number.POSITIVE_INFINITY;
  // docker comes through here; its fifth blob waits until the account is disabled, at the other replica.
  const recorder = await startRecorder(one.port, async (method, path) => {
    if (method !== 'GET' || !path.includes('/blobs/')) return;
    blobs += 1;
    if (blobs === 5) {
      recorder.clear();
      expect((await admin(other, 'accounts/disable', { name: 'jane' })).status).toBe(200);
      disabledAtMs = Date.now();
    }
    if (blobs > 5) await expect.poll(() => disabledAtMs).toBeLessThan(Number.POSITIVE_INFINITY);
  });
  try {
    await logsIn(hostOf(recorder), 'jane', 'of jane');
    const { outcome } = await docker.pull(`${hostOf(recorder)}/team/big:v1`);
    expect(outcome.code).not.toBe(0);
    expect(outcome.all).toMatch(/unauthorized|denied/);
    const later = recorder.exchanges.filter(
      ({ method, path }) => method === 'GET' && path.includes('/blobs/'),
    );
    // Those that were under way when it happened may have ended well; nothing that began later did.
    expect(later.filter(({ status }) => status === 401).length, recorder.text()).toBeGreaterThan(0);
    expect(later.filter(({ status }) => status === 200).length, recorder.text()).toBeLessThanOrEqual(4);
  } finally {
    await recorder.stop();
  }
  const again = await docker.login(hostOf(one), 'jane', 'of jane');
  expect(again.code).not.toBe(0);
});

test('a blob that is on its way when the account is disabled comes to its end; the next request does not begin', async () => {
  expect((await admin(one, 'accounts/enable', { name: 'jane' })).status).toBe(200);
  const content = randomBytes(48 * 1024 * 1024);
  await pushBlob(session(one.url, { credentials: ADMIN }), one.url, 'team/big', content);
  const jane = session(one.url, { credentials: { account: 'jane', password: 'of jane' } });
  const headers = { authorization: `Bearer ${await jane.token('repository:team/big:pull')}` };
  const path = `/v2/team/big/blobs/${sha256(content)}`;
  const digest = await new Promise<string>((resolve, reject) => {
    const asked = request(`${one.url}${path}`, { headers, agent: false }, async (answer) => {
      const pieces: Buffer[] = [];
      // Nothing is read but what came with the head, so that most of it has not been sent.
      expect(answer.statusCode).toBe(200);
      expect((await admin(other, 'accounts/disable', { name: 'jane' })).status).toBe(200);
      const statuses = async () =>
        Promise.all(
          [one, other].map(
            async ({ url }) => (await send(`${url}${path}`, { method: 'HEAD', headers })).status,
          ),
        );
      await expect.poll(statuses, { timeout: 1_000, interval: 20 }).toEqual([401, 401]);
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => resolve(sha256(Buffer.concat(pieces))));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
  expect(digest).toBe(sha256(content));
});

test('docker login says that an account has to wait after many wrong passwords', async () => {
  expect((await admin(one, 'accounts', { name: 'joe', password: 'of joe' })).status).toBe(200);
  // The same one again is no further guess.
  let guesses = 0;
  const guess = () => {
    guesses += 1;
    const headers = { authorization: basic({ account: 'joe', password: `wrong ${guesses}` }) };
    return send(`${one.url}/auth/token?service=berth`, { headers });
  };
  await expect.poll(async () => (await guess()).status, { timeout: 30_000, interval: 1 }).toBe(429);
  const login = await docker.login(hostOf(one), 'joe', 'of joe');
  expect(login.code).not.toBe(0);
  expect(login.all).toMatch(/toomanyrequests|429/);
});
