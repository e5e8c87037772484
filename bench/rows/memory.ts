import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../context.ts';
import { Pair, withPair } from '../pair.ts';
import { peakBytes, residentBytes } from '../proc.ts';
import type { Outcome, Row } from '../row.ts';
import type { RunningServer } from '../server/server.ts';
import type { Order } from '../stream/messages.ts';
import { Streams } from '../stream/streams.ts';
import { signToken } from '../tokens.ts';

const PUSHES = 20;
const REPOSITORY = 'bench/memory';
/** Long enough after the start for a runtime to finish what it does in the background. */
const IDLE_MS = 2000;

async function pushes(bench: Bench, streams: Streams) {
  const bytes = bench.options.effort.pushBytes;
  const token = await signToken(bench.key, REPOSITORY);
  return async (server: RunningServer) => {
    const target = { port: server.port, repository: REPOSITORY, token };
    const order: Order = { kind: 'push', target, bytes, count: PUSHES, way: 'docker' };
    await bench.workspace.freeContent();
    return (await peakBytes(server.pid, () => streams.transfer(server, bytes * PUSHES, () => order))) / 1e6;
  };
}

async function measure(bench: Bench, pair: Pair, streams: Streams): Promise<Outcome> {
  await sleep(IDLE_MS);
  const idle = await pair.rounds(1, async (server) => residentBytes(server.pid) / 1e6);
  // One round: a peak since the start has no second one.
  const peak = await pair.rounds(1, await pushes(bench, streams));
  const label = `peak, ${PUSHES} × ${bench.options.effort.pushBytes / 1024 / 1024} MiB`;
  return {
    metrics: [
      { label: 'idle', unit: 'MB', better: 'less', samples: idle },
      { label, unit: 'MB', better: 'less', samples: peak, expected: { atMost: 250 } },
    ],
    failures: pair.failures,
  };
}

/** Memory of a fresh server: idle, then its peak while many clients push at once. */
export const memory: Row = {
  id: 'memory',
  title: 'resident memory',
  run: (bench) =>
    withPair(Pair.registries(bench), (pair) =>
      Streams.use(bench.workspace, 1, bench.options.effort.pushBytes, (streams) =>
        measure(bench, pair, streams),
      ),
    ),
};
