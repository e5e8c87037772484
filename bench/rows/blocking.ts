import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import bcrypt from '@node-rs/bcrypt';
import type { Bench } from '../context.ts';
import { type KeyKind, makeKey, type SigningKey } from '../keys.ts';
import type { Load, Request } from '../load/loader.ts';
import { Pair, withPair } from '../pair.ts';
import type { Metric, Outcome, Row, Samples } from '../row.ts';
import { authSections, berthAuth, startAuthService, tokenRequest } from '../server/auth-service.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { serviceOf } from '../server/service-of.ts';
import { SERVICE } from '../tokens.ts';

/** So many logins, or signatures, are under way at any time. */
const IN_FLIGHT = 32;
/** Connections that ask for something else meanwhile. */
const ASKING = 4;
/** Each password is checked once; more than a machine checks in one round. */
const ACCOUNTS = 1500;
const PASSWORD = 'a long password';
/** What is slow begins first and ends last. */
const LEAD_SECONDS = 1;

const accountName = (round: number, number: number): string => `user-${round}-${number}`;

interface Trial {
  readonly label: string;
  readonly kind: KeyKind;
  start(key: SigningKey, users: Readonly<Record<string, string>>): Promise<RunningServer>;
  /** What must not wait. */
  ask(server: RunningServer): Promise<Request>;
  readonly isCold: boolean;
  readonly isRegistry: boolean;
}

function trials(bench: Bench): Trial[] {
  const { workspace, options } = bench;
  const rules = [{ match: {}, actions: ['pull'] }];
  const serve: Trial['start'] = async (key, users) => {
    const file = join(workspace.folder('serve'), 'config.yml');
    const sections = authSections(key, { users, rules }).replaceAll(/^/gm, '    ');
    const storage = 'storage:\n  filesystem: {}\n';
    await writeFile(file, `version: 0.1\n${storage}auth:\n  builtin:\n${sections}\n`);
    return startServer(workspace, { command: options.berth, args: ['serve', file], environment: {} });
  };
  const auth: Trial['start'] = (key, users) =>
    startAuthService(workspace, berthAuth(options.berth), key, { users, rules });
  const withToken = async ({ port }: RunningServer): Promise<Request> => {
    const service = await serviceOf(port);
    const { path, headers } = tokenRequest('returning', PASSWORD, 'repository:bench/app:pull', service);
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const { token }: { token: string } = JSON.parse(await answer.text());
    return { method: 'GET', path: '/v2/', headers: { Authorization: `Bearer ${token}` } };
  };
  const returning = async (): Promise<Request> =>
    tokenRequest('returning', PASSWORD, 'repository:bench/app:pull');
  const keys = async (): Promise<Request> => ({ method: 'GET', path: '/.well-known/jwks.json', headers: {} });
  return [
    {
      label: 'serve: GET /v2/, 32 logins',
      kind: 'EC P-256',
      start: serve,
      ask: withToken,
      isCold: true,
      isRegistry: true,
    },
    {
      label: 'serve: GET /v2/, RSA-4096',
      kind: 'RSA-4096',
      start: serve,
      ask: withToken,
      isCold: false,
      isRegistry: true,
    },
    {
      label: 'auth: token, 32 logins',
      kind: 'EC P-256',
      start: auth,
      ask: returning,
      isCold: true,
      isRegistry: false,
    },
    {
      label: 'auth: keys, RSA-4096',
      kind: 'RSA-4096',
      start: auth,
      ask: keys,
      isCold: false,
      isRegistry: false,
    },
  ];
}

async function measure(bench: Bench, trial: Trial, rounds: number): Promise<Outcome> {
  const { workspace, loader } = bench;
  const { seconds } = bench.options.effort;
  const key = await makeKey(trial.kind, workspace.folder('key'));
  const hash = await bcrypt.hash(PASSWORD, 10);
  const users: Record<string, string> = { returning: hash };
  for (let round = 0; round < rounds; round += 1) {
    for (let number = 0; number < ACCOUNTS; number += 1) users[accountName(round, number)] = hash;
  }
  return withPair(
    Pair.start(() => trial.start(key, users)),
    async (pair): Promise<Outcome> => {
      let round = 0;
      const p99: number[] = [];
      const slow: number[] = [];
      await pair.rounds(rounds, async (server) => {
        const asked = await trial.ask(server);
        const service = trial.isRegistry ? await serviceOf(server.port) : SERVICE;
        const requests = Array.from({ length: trial.isCold ? ACCOUNTS : 1 }, (_, number) =>
          tokenRequest(
            trial.isCold ? accountName(round, number) : 'returning',
            PASSWORD,
            'repository:bench/app:pull',
            service,
          ),
        );
        round += 1;
        const plan = { port: server.port, anyStatus: false };
        // Once, so that what is asked for in a moment does not come for the first time.
        await loader.builtIn.run({ ...plan, requests: [asked], connections: 1, seconds: 1 });
        const slowly = loader.builtIn.run({
          ...plan,
          requests,
          connections: IN_FLIGHT,
          seconds: seconds + 2 * LEAD_SECONDS,
        });
        await new Promise((resolve) => setTimeout(resolve, 1000 * LEAD_SECONDS));
        const quick = await loader.builtIn.run({ ...plan, requests: [asked], connections: ASKING, seconds });
        const load: Load = await slowly;
        if (quick.errors > 0) throw new Error(`${quick.errors} of ${quick.requests} requests failed`);
        if (load.errors > 0) throw new Error(`${load.errors} of ${load.requests} logins failed`);
        if (trial.isCold && load.requests > ACCOUNTS) throw new Error('there were too few accounts');
        p99.push(quick.p99);
        slow.push(load.requestsPerSecond);
      });
      return {
        metrics: metricsOf(trial, { berth: p99, peer: [] }, { berth: slow, peer: [] }),
        failures: pair.failures,
      };
    },
  );
}

function metricsOf(trial: Trial, p99: Samples<number>, slow: Samples<number>): Metric[] {
  return [
    { label: trial.label, unit: 'ms p99', better: 'less', samples: p99, expected: { atMost: 25 } },
    { label: '  beside', unit: trial.isCold ? 'logins/s' : 'tokens/s', better: 'more', samples: slow },
  ];
}

/** What else is answered while passwords are checked, or tokens signed with a large key. */
export const blocking: Row = {
  id: 'blocking',
  title: 'answers beside slow work',
  async run(bench): Promise<Outcome> {
    const metrics: Metric[] = [];
    const failures: string[] = [];
    for (const trial of trials(bench)) {
      const outcome = await measure(bench, trial, bench.options.effort.rounds);
      metrics.push(...outcome.metrics);
      failures.push(...outcome.failures.map((failure) => `${trial.label}: ${failure}`));
    }
    return { metrics, failures };
  },
};
