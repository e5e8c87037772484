import { hashPassword } from '../../src/auth/identity/password-hash.ts';
import { openState } from '../../src/cli/state.ts';
import type { Bench } from '../context.ts';
import { Pair, withPair } from '../pair.ts';
import type { Metric, Outcome, Row } from '../row.ts';
import { tokenRequest } from '../server/auth-service.ts';
import { berthAllInOne } from '../server/program.ts';
import { serviceOf } from '../server/service-of.ts';
import type { Workspace } from '../workspace.ts';
import { CONNECTIONS, measureLoad } from './requests.ts';

const FEW = 100;
const PASSWORD = 'a long password';
/** So many transactions are asked for at once; the index commits them together. */
const AT_ONCE = 1000;
/** Logins that check a password, one after the other, each of another account. */
const COLD = 20;

const nameOf = (number: number): string => `user-${String(number).padStart(6, '0')}`;

/** Through the index itself, without a server around it. All have the same password, and so one hash. */
async function seedAccounts(workspace: Workspace, count: number): Promise<string> {
  const folder = workspace.folder(`accounts-${count}`);
  const { index } = await openState(folder);
  try {
    const passwordHash = await hashPassword(PASSWORD);
    for (let from = 0; from < count; from += AT_ONCE) {
      const names = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, n) => nameOf(from + n));
      await Promise.all(
        names.map((name) => index.accounts.create({ name, passwordHash, isAdmin: false }, Date.now())),
      );
    }
  } finally {
    await index.close();
  }
  return folder;
}

interface Costs {
  readonly cold: number[];
  readonly warm: number[];
}

async function measure(bench: Bench, count: number): Promise<Costs & { failures: readonly string[] }> {
  const { workspace, options, loader, berth } = bench;
  const data = await seedAccounts(workspace, count);
  const program = berthAllInOne(options.berth, berth.label, workspace);
  const costs: Costs = { cold: [], warm: [] };
  return withPair(
    Pair.start(() => program.start({ data })),
    async (pair) => {
      let round = 0;
      await pair.rounds(options.effort.rounds, async (server) => {
        const service = await serviceOf(server.port);
        const ask = (number: number) =>
          tokenRequest(nameOf(number), PASSWORD, `repository:${nameOf(number)}/app:pull`, service);
        // Spread over the whole index, and none of them twice.
        const step = Math.floor(count / FEW);
        const cold = Array.from({ length: COLD }, (_, n) => ask(((round * COLD + n) % FEW) * step));
        round += 1;
        const load = await loader.builtIn.run({
          port: server.port,
          requests: cold,
          connections: 1,
          seconds: 60,
          count: COLD,
        });
        if (load.errors > 0) throw new Error(`${load.errors} of ${load.requests} logins failed`);
        costs.cold.push(load.p50);
        const warm = await measureLoad(loader.builtIn, server, cold, options.effort.seconds, CONNECTIONS);
        costs.warm.push(warm.cpuMicroseconds);
      });
      return { ...costs, failures: pair.failures };
    },
  );
}

/** What a login costs with many accounts in the index, beside few. */
export const accounts: Row = {
  id: 'accounts',
  title: 'login, many accounts',
  async run(bench): Promise<Outcome> {
    const few = await measure(bench, FEW);
    const count = bench.options.effort.accounts;
    const many = await measure(bench, count);
    const line = (label: string, unit: string, berth: readonly number[]): Metric => ({
      label,
      unit,
      better: 'less',
      samples: { berth, peer: [] },
    });
    const ratio = (kind: keyof Costs): readonly number[] =>
      many[kind].flatMap((cost, round) => {
        const other = few[kind][round];
        return other === undefined ? [] : [cost / other];
      });
    return {
      metrics: [
        line(`password checked, ${count}`, 'ms p50', many.cold),
        { ...line(`  ${count} : ${FEW}`, '×', ratio('cold')), expected: { atMost: 1.2 } },
        line('returning: server CPU', 'µs/req', many.warm),
        { ...line(`  ${count} : ${FEW}`, '×', ratio('warm')), expected: { atMost: 1.2 } },
      ],
      failures: [...few.failures, ...many.failures],
    };
  },
};
