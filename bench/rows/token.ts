import { outputOf } from '../command.ts';
import { type KeyKind, makeKey } from '../keys.ts';
import { Pair, withPair } from '../pair.ts';
import type { Expected, Outcome, Row } from '../row.ts';
import { berthAuth, checkTokens, startAuthService, TOKEN_REQUEST } from '../server/auth-service.ts';
import { CONNECTIONS, loadMetrics, measureLoad } from './requests.ts';

/** Token issue for a returning account: the server has one core for itself, the load comes from another. */
function tokenRow(id: string, kind: KeyKind, expected?: { rate: Expected; p99: Expected }): Row {
  return {
    id,
    title: `token issue, ${kind}, one core`,
    run: async (bench) => {
      const { workspace, loader, cores, options } = bench;
      const { rounds, seconds } = options.effort;
      const key = await makeKey(kind, workspace.folder('key'));
      const start = (program: ReturnType<typeof berthAuth>) => () =>
        startAuthService(workspace, program, key, { core: cores?.server });
      const hasPeer = (await outputOf(options.authPeer, ['--help'])) !== undefined;
      const starting = Pair.start(
        start(berthAuth(options.berth)),
        hasPeer ? start({ command: options.authPeer, args: [] }) : undefined,
      );
      return withPair(starting, async (pair): Promise<Outcome> => {
        const load = (server: Parameters<typeof measureLoad>[1], time: number) =>
          measureLoad(loader.get, server, [TOKEN_REQUEST], time, CONNECTIONS, cores?.load);
        await pair.each(async (server) => {
          await checkTokens(server.port, key);
          await load(server, 1);
        });
        const samples = await pair.rounds(rounds, (server) => load(server, seconds));
        return {
          metrics: loadMetrics(samples, 'tokens/s', expected?.rate, expected?.p99),
          failures: pair.failures,
        };
      });
    },
  };
}

/** With the key type that Berth makes by default. */
export const tokenEc = tokenRow('token-ec', 'EC P-256', { rate: { atLeast: 2500 }, p99: { atMost: 20 } });
/** Signing alone takes about 0.3 ms. */
export const tokenRsa2048 = tokenRow('token-rsa2048', 'RSA-2048');
/** The walkthrough's key type: signing alone takes about 1.5 ms. */
export const tokenRsa4096 = tokenRow('token-rsa4096', 'RSA-4096');
