import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../test/support/self-signed.ts';
import { TooManyLogins } from '../auth/slots.ts';
import { AskedAuthorizer, AskedProvider } from './asked.ts';
import { HttpHook, type HttpHookOptions } from './http-hook.ts';

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A service that answers by `reply`, and what it was asked. */
async function serviceOf(
  reply: (answer: ServerResponse, asked: Asked) => void,
  options: Partial<HttpHookOptions> = {},
  tls?: { cert: string; key: string },
) {
  const asked: Asked[] = [];
  let connections = 0;
  const listener: RequestListener = async (request, answer) => {
    let body = '';
    for await (const piece of request) body += piece;
    const question = { method: request.method, path: request.url, headers: request.headers, body };
    asked.push(question);
    reply(answer, question);
  };
  const server: Server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  server.on(tls === undefined ? 'connection' : 'secureConnection', () => {
    connections += 1;
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const hook = new HttpHook({
    name: 'http_auth',
    url: new URL(`${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${port}/login?a=b`),
    files: { headers: { Authorization: 'Bearer hook-secret' }, ca: tls?.cert },
    timeoutMs: 10_000,
    maxConcurrent: 16,
    maxWaiting: 64,
    ...options,
  });
  onTestFinished(async () => {
    await hook.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return { hook, asked, server, port, connections: () => connections };
}

function json(answer: ServerResponse, value: unknown, status = 200): void {
  answer.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

const ALICE = { account: 'alice', password: 'hunter2' };

describe('http_auth', () => {
  test('is asked by POST, JSON for JSON, with the headers that were configured', async () => {
    const { hook, asked } = await serviceOf((answer) =>
      json(answer, { result: 'match', labels: { team: ['a'] } }),
    );
    expect(await new AskedProvider(hook).authenticate(ALICE)).toEqual({
      ...{ account: 'alice', labels: { team: ['a'] }, isAdmin: false },
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', path: '/login?a=b' });
    expect(asked[0]?.headers).toMatchObject({
      ...{ authorization: 'Bearer hook-secret', 'content-type': 'application/json', 'user-agent': 'Berth' },
    });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual(ALICE);
  });

  test.each([
    [{ result: 'no_match' }, 'no-match'],
    [{ result: 'wrong_password' }, 'wrong-password'],
    [{ result: 'match' }, { account: 'alice', labels: {}, isAdmin: false }],
    // Who somebody is was asked, and by whom is known: an answer cannot name another account or make an admin.
    [
      { result: 'match', account: 'root', isAdmin: true },
      { account: 'alice', labels: {}, isAdmin: false },
    ],
  ])('%j means %j', async (value, expected) => {
    const { hook } = await serviceOf((answer) => json(answer, value));
    expect(await new AskedProvider(hook).authenticate(ALICE)).toEqual(expected);
  });

  test.each<[string, RegExp, (answer: ServerResponse) => void]>([
    ['another word', /"result" is not "match"/, (answer) => json(answer, { result: 'yes' })],
    ['no object', /it is not an object/, (answer) => json(answer, ['match'])],
    [
      'labels of another form',
      /does not have a list/,
      (answer) => json(answer, { result: 'match', labels: { a: 1 } }),
    ],
    ['401', /the status is 401, not 200$/, (answer) => json(answer, { result: 'match' }, 401)],
    ['404', /the status is 404, not 200$/, (answer) => json(answer, {}, 404)],
    ['500', /the status is 500, not 200$/, (answer) => json(answer, {}, 500)],
    ['another type', /Content-Type is not/, (answer) => answer.end('{"result":"match"}')],
    [
      'something that is not JSON',
      /the answer is not JSON$/,
      (answer) => answer.writeHead(200, { 'content-type': 'application/json' }).end('{"result": hunter2'),
    ],
    [
      'more than 64 KiB',
      /longer than 64 KiB/,
      (answer) => json(answer, { result: 'match', labels: { a: ['x'.repeat(70_000)] } }),
    ],
    [
      'half of it',
      /http_auth: .*(broke off|connection failed)/,
      (answer) => {
        answer.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        answer.write('{"result":"match"}', () => answer.destroy());
      },
    ],
    ['nothing', /the connection failed \(ECONNRESET\)/, (answer) => answer.destroy()],
  ])('%s is a failure that says what it was, and is not tried again', async (_, message, reply) => {
    const { hook, asked } = await serviceOf(reply);
    const failure = await new AskedProvider(hook).authenticate(ALICE).catch((error: Error) => error.message);
    expect(failure).toMatch(message);
    expect(failure).not.toMatch(/hunter2|hook-secret/);
    expect(asked).toHaveLength(1);
  });

  test('says at another path how an account stands, where it was told of one', async () => {
    const { hook, port } = await serviceOf((answer) => json(answer, {}));
    expect(new AskedProvider(hook).lookup).toBeUndefined();
    const asked: Asked[] = [];
    const other = await serviceOf((answer, question) => {
      asked.push(question);
      const isAlice = JSON.parse(question.body).account === 'alice';
      json(answer, isAlice ? { result: 'match', labels: { team: ['b'] } } : { result: 'no_match' });
    });
    const lookupUrl = new URL(`http://127.0.0.1:${other.port}/standing`);
    const files = { headers: { Authorization: 'Bearer hook-secret' }, ca: undefined };
    const limits = { timeoutMs: 10_000, maxConcurrent: 2, maxWaiting: 2 };
    const url = new URL(`http://127.0.0.1:${port}/login`);
    const told = new HttpHook({ name: 'http_auth', url, lookupUrl, files, ...limits });
    onTestFinished(() => told.close());
    const { lookup } = new AskedProvider(told);
    expect(await lookup?.('alice')).toEqual({
      identity: { account: 'alice', labels: { team: ['b'] }, isAdmin: false },
      version: undefined,
    });
    expect(await lookup?.('bob')).toBe('gone');
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      ['/standing', '{"account":"alice"}'],
      ['/standing', '{"account":"bob"}'],
    ]);
    expect(asked[0]?.headers.authorization).toBe('Bearer hook-secret');
  });

  test('a redirect is not followed', async () => {
    const { hook, asked } = await serviceOf((answer, { path }) =>
      path === '/elsewhere'
        ? json(answer, { result: 'match' })
        : answer.writeHead(307, { location: '/elsewhere' }).end(),
    );
    await expect(hook.ask(ALICE)).rejects.toThrow(/status is 307, not 200; redirects are not followed/);
    expect(asked).toHaveLength(1);
  });

  test.each(['headers', 'the end of the answer'])(
    'a service that never sends %s is given up',
    async (what) => {
      const { hook } = await serviceOf(
        (answer) => {
          if (what === 'headers') return;
          answer.writeHead(200, { 'content-type': 'application/json' });
          answer.write('{');
        },
        { timeoutMs: 200 },
      );
      await expect(hook.ask(ALICE)).rejects.toThrow(/gave no answer: it did not answer within 200 ms/);
    },
  );

  test('nobody who listens is a failure', async () => {
    const { hook, server } = await serviceOf(() => undefined);
    await new Promise((closed) => server.close(closed));
    await expect(hook.ask(ALICE)).rejects.toThrow(/the connection failed \(ECONNREFUSED\)/);
    server.listen(0);
  });

  test('a connection is used again, and not for ever', async () => {
    const { hook, connections } = await serviceOf((answer) => json(answer, {}));
    for (let i = 0; i < 5; i += 1) await hook.ask(ALICE);
    expect(connections()).toBe(1);
  });

  test('so many are asked at a time, so many wait, and the rest hears at once', async () => {
    let open = 0;
    let most = 0;
    const { hook } = await serviceOf(
      (answer) => {
        open += 1;
        most = Math.max(most, open);
        setTimeout(() => {
          open -= 1;
          json(answer, {});
        }, 20);
      },
      { maxConcurrent: 5, maxWaiting: 20 },
    );
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () =>
        hook.ask(ALICE).then(
          () => 'in',
          (error: unknown) => error instanceof TooManyLogins,
        ),
      ),
    );
    expect(outcomes.filter((one) => one === 'in')).toHaveLength(25);
    expect(outcomes.filter((one) => one === true)).toHaveLength(175);
    expect(most).toBe(5);
  });

  test('once it is closed, whoever waits gets no answer', async () => {
    const { hook } = await serviceOf(() => undefined);
    const asking = expect(hook.ask(ALICE)).rejects.toThrow('Berth is ending');
    await hook.close();
    await asking;
  });

  test('TLS: only its own authority is believed, and another one from the next question on', async () => {
    const { certificate: cert, key } = selfSigned();
    const { hook, asked, connections } = await serviceOf(
      (answer) => json(answer, { ok: true }),
      {},
      { cert, key },
    );
    expect(await hook.ask(ALICE)).toEqual({ ok: true });
    hook.replaceFiles({ headers: { Authorization: 'Bearer next' }, ca: selfSigned().certificate });
    await expect(hook.ask(ALICE)).rejects.toThrow(/the connection failed \((DEPTH_ZERO|UNABLE|SELF|CERT)/);
    expect(asked).toHaveLength(1);
    hook.replaceFiles({ headers: { Authorization: 'Bearer next' }, ca: cert });
    expect(await hook.ask(ALICE)).toEqual({ ok: true });
    expect(asked[1]?.headers.authorization).toBe('Bearer next');
    expect(connections()).toBe(2);
  });
});

describe('http_authz', () => {
  const WANTED = { type: 'repository', name: 'a/b', actions: ['pull', 'push', 'delete'] };
  const WHO = { account: 'alice', labels: { team: ['a'] }, isAdmin: false };
  const rulesOf = (hook: HttpHook) => new AskedAuthorizer(hook, 'http_authz (a.yml:1:1)');

  test('is asked for what a rule can see', async () => {
    const { hook, asked } = await serviceOf((answer) => json(answer, { result: 'match', actions: ['push'] }));
    const verdict = await rulesOf(hook).authorize(WHO, WANTED, { service: 's', address: '10.0.0.1' });
    expect(verdict).toEqual({ granted: ['push'], rule: 'http_authz (a.yml:1:1)' });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      ...{ account: 'alice', type: 'repository', name: 'a/b', service: 's', ip: '10.0.0.1' },
      ...{ actions: ['pull', 'push', 'delete'], labels: { team: ['a'] } },
    });
  });

  test.each([
    [{ result: 'match', actions: [] }, { granted: [] }],
    [{ result: 'match', actions: ['delete', 'pull'] }, { granted: ['pull', 'delete'] }],
    [{ result: 'match', actions: ['*', 'admin', 'pull'] }, { granted: ['pull'] }],
    [{ result: 'no_match' }, 'no-match'],
  ])('%j is %j', async (value, expected) => {
    const { hook } = await serviceOf((answer) => json(answer, value));
    const verdict = await rulesOf(hook).authorize(WHO, WANTED, { service: 's', address: undefined });
    expect(verdict).toEqual(
      typeof expected === 'string' ? expected : { ...expected, rule: 'http_authz (a.yml:1:1)' },
    );
  });

  test.each([
    { result: 'match' },
    { result: 'match', actions: 'pull' },
    { result: 'match', actions: [1] },
    {},
    null,
  ])('%j grants nothing: it is a failure', async (value) => {
    const { hook } = await serviceOf((answer) => json(answer, value));
    const asking = rulesOf(hook).authorize(WHO, WANTED, { service: 's', address: undefined });
    await expect(asking).rejects.toThrow(/the answer cannot be understood/);
  });
});
