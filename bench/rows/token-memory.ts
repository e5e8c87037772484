import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from '@node-rs/bcrypt';
import type { Bench } from '../context.ts';
import type { Request } from '../load/loader.ts';
import { Pair, withPair } from '../pair.ts';
import { residentBytes } from '../proc.ts';
import type { Outcome, Row } from '../row.ts';
import { berthAuth, startAuthService, tokenRequest } from '../server/auth-service.ts';
import { SERVICE } from '../tokens.ts';
import { CONNECTIONS } from './requests.ts';

const ACCOUNTS = 500;
const PASSWORD = 'a long password';
/** Before that, a runtime is still growing into its work. */
const FIRST = 10_000;
/** So long a runtime needs to give back what it does not use any more. */
const REST_MS = 10_000;
/** Nothing may wait for ever. */
const LIMIT_SECONDS = 3000;

const nameOf = (number: number): string => `user-${number}`;

/** Each names a repository that no other does. */
async function mixedRequests(port: number): Promise<Request[]> {
  const kept = await Promise.all(
    Array.from({ length: 20 }, (_, number) => refreshToken(port, nameOf(number))),
  );
  return Array.from({ length: 2000 }, (_, number): Request => {
    const account = nameOf(number % ACCOUNTS);
    // Each costs what a hundred others do: all sources of accounts are asked, as slowly as if they knew it.
    if (number % 1000 === 0)
      return post({ grant_type: 'password', username: account, password: 'wrong-{n}' });
    switch (number % 100) {
      case 1:
      case 2:
      case 3:
      case 4:
        return post({ grant_type: 'refresh_token', refresh_token: kept[number % kept.length] ?? '' });
      case 5:
        return post({
          grant_type: 'password',
          username: account,
          password: PASSWORD,
          access_type: 'offline',
        });
      default: {
        const request = tokenRequest(account, PASSWORD, '');
        const scopes = `scope=repository:${account}/app-{n}:pull,push&scope=repository:base/{n}:pull`;
        const query = new URLSearchParams({ account, service: SERVICE });
        return { ...request, path: `/auth?${query}&${scopes}`, varies: true };
      }
    }
  });
}

function post(form: Readonly<Record<string, string>>): Request {
  const fields = new URLSearchParams({ service: SERVICE, client_id: 'bench', ...form });
  return {
    method: 'POST',
    path: '/auth/token',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `${fields.toString().replace('%7Bn%7D', '{n}')}&scope=repository:app/{n}:pull`,
    varies: true,
  };
}

async function refreshToken(port: number, account: string): Promise<string> {
  const {
    path,
    body = '',
    headers,
  } = post({
    grant_type: 'password',
    username: account,
    password: PASSWORD,
    access_type: 'offline',
  });
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  const { refresh_token: token }: { refresh_token?: string } = JSON.parse(await answer.text());
  if (token === undefined) throw new Error(`POST ${path} gave no refresh token: ${answer.status}`);
  return token;
}

async function measure(bench: Bench, pair: Pair): Promise<Outcome> {
  const { loader, options } = bench;
  const first: number[] = [];
  const growth: number[] = [];
  const rate: number[] = [];
  await pair.each(async (server) => {
    const requests = await mixedRequests(server.port);
    const run = async (count: number): Promise<number> => {
      const load = await loader.builtIn.run({
        port: server.port,
        requests,
        connections: CONNECTIONS,
        seconds: LIMIT_SECONDS,
        count,
        anyStatus: true,
      });
      if (load.requests !== count) throw new Error(`${load.requests} answers in ${LIMIT_SECONDS} s`);
      rate.push(load.requestsPerSecond);
      await sleep(REST_MS);
      return residentBytes(server.pid) / 1e6;
    };
    const before = await run(FIRST);
    const after = await run(options.effort.tokenRequests - FIRST);
    first.push(before);
    growth.push(after - before);
  });
  const line = (label: string, unit: string, berth: number[]) =>
    ({ label, unit, better: 'less', samples: { berth, peer: [] } }) as const;
  return {
    metrics: [
      line(`after ${FIRST}`, 'MB', first),
      {
        ...line(`more after ${options.effort.tokenRequests}`, 'MB', growth),
        expected: { atMost: 30 },
      },
      { ...line('rate', 'req/s', rate.slice(1)), better: 'more' },
    ],
    failures: pair.failures,
  };
}

/** Whether a token service that works on and on keeps its size. */
export const tokenMemory: Row = {
  id: 'token-memory',
  title: 'memory of the token service',
  async run(bench): Promise<Outcome> {
    const hash = await bcrypt.hash(PASSWORD, 4);
    const users = Object.fromEntries(Array.from({ length: ACCOUNTS }, (_, number) => [nameOf(number), hash]));
    const rules = [
      { match: { account: '/.+/', name: `\${account}/*` }, actions: ['*'] },
      { match: { name: '/^base\\/[0-9]+$/' }, actions: ['pull'] },
    ];
    const options = { users, rules, data: bench.workspace.folder('auth-data'), isUnthrottled: true };
    const starting = Pair.start(() =>
      startAuthService(bench.workspace, berthAuth(bench.options.berth), bench.key, options),
    );
    return withPair(starting, (pair) => measure(bench, pair));
  },
};
