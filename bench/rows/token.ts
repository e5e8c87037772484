import { type KeyKind, makeKey } from '../keys.ts';
import { Pair, withPair } from '../pair.ts';
import type { Expected, Outcome, Row } from '../row.ts';
import { checkTokens, startAuthService, TOKEN_REQUEST } from '../server/auth-service.ts';
import { loadMetrics, measureLoad } from './requests.ts';

/** Token issue for a returning account. Berth only: docker_auth has no package to run beside it. */
function tokenRow(id: string, kind: KeyKind, expected?: Expected): Row {
  return {
    id,
    title: `token issue, ${kind}`,
    run: async (bench) => {
      const { workspace, loader } = bench;
      const { rounds, seconds } = bench.options.effort;
      const key = await makeKey(kind, workspace.folder('key'));
      const starting = Pair.start(() => startAuthService(workspace, bench.options.berth, key));
      return withPair(starting, async (pair): Promise<Outcome> => {
        await pair.each(async (server) => {
          await checkTokens(server.port, key);
          await measureLoad(loader.get, server, [TOKEN_REQUEST], 1);
        });
        const samples = await pair.rounds(rounds, (server) =>
          measureLoad(loader.get, server, [TOKEN_REQUEST], seconds),
        );
        return { metrics: loadMetrics(samples, 'tokens/s', expected), failures: pair.failures };
      });
    },
  };
}

/** With the key type that Berth makes by default. */
export const tokenEc = tokenRow('token-ec', 'EC P-256', { atLeast: 2000 });
/** Signing alone takes about 0.3 ms. */
export const tokenRsa2048 = tokenRow('token-rsa2048', 'RSA-2048');
/** The walkthrough's key type: signing alone takes about 1.5 ms. */
export const tokenRsa4096 = tokenRow('token-rsa4096', 'RSA-4096');
