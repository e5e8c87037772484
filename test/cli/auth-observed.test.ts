import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BerthProcess, Workplace } from '../support/berth-process.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `berth auth` seen from outside: metrics, readiness and the debug server, over a reload and a provider that goes away. */

const HASH = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC'; // badmin

describe('berth auth, seen from outside', () => {
  let place: Workplace;
  let berth: BerthProcess;
  let url: string;
  let debug: string;
  let isAway = false;
  const hook = createServer((request, response) => {
    if (isAway) {
      request.socket.destroy();
      return;
    }
    let text = '';
    request.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    request.on('end', () => {
      const { account, password } = JSON.parse(text) as { account: string; password: string };
      const result = account !== 'alice' ? 'no_match' : password === 'right' ? 'match' : 'wrong_password';
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ result }));
    });
  });

  const write = (expiration: number): void =>
    writeFileSync(
      join(place.folder, 'auth.yml'),
      `
server: {addr: "127.0.0.1:0"}
debug: {addr: "127.0.0.1:0", prometheus: {enabled: true}}
token: {issuer: i, expiration: ${expiration}, certificate: server.pem, key: server.key}
users: {bob: {password: "${HASH}"}}
http_auth: {url: "http://127.0.0.1:${(hook.address() as AddressInfo).port}/", cache: 1m}
acl: [{match: {account: bob}, actions: ["*"]}]
audit: {file: /dev/full}
throttle: {failures: 2}
`,
    );

  beforeAll(async () => {
    place = new Workplace();
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const { certificate, key } = selfSigned();
    writeFileSync(join(place.folder, 'server.pem'), certificate);
    writeFileSync(join(place.folder, 'server.key'), key);
    write(900);
    berth = place.start(['auth', 'auth.yml']);
    url = await berth.says(/at (http:\/\/127\.0\.0\.1:\d+)\/auth/);
    debug = await berth.says(/The debug server is at (\S+)/);
  });
  afterAll(async () => {
    hook.closeAllConnections();
    hook.close();
    await place.clear();
  });

  const ask = (account: string, password: string) =>
    fetch(`${url}/auth?service=s&scope=repository:a:pull`, {
      headers: { authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}` },
    });
  const metrics = async () => (await fetch(`${debug}/metrics`)).text();
  const value = async (series: string) => {
    const line = (await metrics()).split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  };
  const questions = (source: string, outcome: string, question = 'authenticate') =>
    value(`berth_auth_questions_total{outcome="${outcome}",question="${question}",source="${source}"}`);
  const logins = (outcome: string) => value(`berth_logins_total{by="password",outcome="${outcome}"}`);
  const ready = async (at = url) => {
    const answer = await fetch(`${at}/readyz`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it('counts what each source answers and what it remembered, and keeps counting over a reload', async () => {
    expect((await ready()).body).toMatchObject({
      status: 'ok',
      sources: { users: 'not-asked', http_auth: 'not-asked', acl: 'not-asked' },
    });
    for (const [account, password, status] of [
      ['bob', 'badmin', 200],
      ['bob', 'badmin', 200],
      ['alice', 'right', 200],
      ['alice', 'right', 200],
      ['alice', 'wrong', 401],
      ['nobody', 'x', 401],
    ] as const) {
      expect([account, (await ask(account, password)).status]).toEqual([account, status]);
    }
    expect(await questions('users', 'match')).toBe(2);
    expect(await questions('users', 'no-match')).toBe(4);
    expect(await questions('http_auth', 'match')).toBe(1);
    expect(await questions('http_auth', 'wrong-password')).toBe(1);
    expect(await questions('http_auth', 'no-match')).toBe(1);
    expect(await questions('acl', 'granted', 'authorize')).toBe(2);
    expect(await questions('acl', 'no-match', 'authorize')).toBe(2);
    expect(await value('berth_auth_cache_total{outcome="hit",source="http_auth"}')).toBe(1);
    expect(await value('berth_auth_cache_total{outcome="hit",source="passwords"}')).toBe(1);
    expect(await value('berth_auth_question_seconds_count{question="authenticate",source="http_auth"}')).toBe(
      3,
    );
    expect(await logins('granted')).toBe(2);
    expect(await logins('denied')).toBe(2);
    expect(await logins('wrong-credentials')).toBe(2);
    expect(await value('berth_password_hashes{state="waiting"}')).toBe(0);
    write(600);
    berth.child.kill('SIGHUP');
    await expect
      .poll(async () => ((await (await ask('bob', 'badmin')).json()) as { expires_in: number }).expires_in, {
        timeout: 10_000,
      })
      .toBe(600);
    expect(await logins('granted')).toBeGreaterThanOrEqual(3);
    expect(await questions('users', 'match')).toBeGreaterThanOrEqual(3);
    const handled = 'registry_http_requests_total{code="200",handler="token",method="get"}';
    expect(await value(handled)).toBeGreaterThanOrEqual(5);
    expect((await metrics()).match(/^# TYPE berth_auth_source_failing /gm)).toHaveLength(1);
    expect(await metrics()).not.toMatch(/alice|bob|nobody/);
  });

  it('a provider that is away: 503 for its accounts, told by readyz with 200, by metrics and at the debug address', async () => {
    isAway = true;
    const away = await ask('alice', 'new');
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await away.json()).toMatchObject({
      errors: [
        { code: 'UNAVAILABLE', message: expect.stringMatching(/^access cannot be checked at the moment: /) },
      ],
    });
    expect((await ask('bob', 'badmin')).status, 'who is known elsewhere').toBe(200);
    const { status, body } = await ready();
    expect([status, body['status']]).toEqual([200, 'degraded']);
    expect(body['sources']).toMatchObject({ users: 'answers', http_auth: 'fails' });
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|ECONN/);
    expect(await value('berth_auth_source_failing{source="http_auth"}')).toBe(1);
    expect(await questions('http_auth', 'failure')).toBe(1);
    expect(await logins('failed')).toBe(1);
    const sight = (await (await fetch(`${debug}/debug/auth`)).json()) as { sources: Record<string, unknown> };
    expect(sight.sources['http_auth']).toMatchObject({
      state: 'fails',
      reason: expect.stringContaining('gave no answer'),
    });
    expect((await fetch(`${url}/metrics`)).status, 'not at the service itself').toBe(404);
    isAway = false;
    expect((await ask('alice', 'right')).status).toBe(200);
  });

  it('counts who is held up, and what the audit log loses', async () => {
    for (const password of ['one', 'two', 'three']) await ask('mallory', password);
    expect(await logins('throttled')).toBe(1);
    await expect.poll(() => value('berth_audit_entries_dropped_total{sink="file"}')).toBeGreaterThan(5);
    const { body } = await ready(debug);
    expect(body).toMatchObject({ status: 'degraded', audit: { dropped: { file: expect.any(Number) } } });
    await expect.poll(() => berth.stderr).toMatch(/entries of the audit log were lost.*ENOSPC/);
    expect(berth.stderr.match(/entries of the audit log were lost/g), 'once a minute').toHaveLength(1);
  });
});
