import type { Bench } from '../context.ts';
import { Pair, withPair } from '../pair.ts';
import { type Metric, type Outcome, pick, type Row, type Samples } from '../row.ts';
import type { RunningServer } from '../server/server.ts';
import { Streams, type Transfer } from '../stream/streams.ts';
import type { Way } from '../stream/transfer.ts';
import { signToken } from '../tokens.ts';

const REPOSITORY = 'bench/upload';
const WAYS: readonly (readonly [Way, string])[] = [
  ['monolithic', 'POST+PUT'],
  ['docker', 'POST+PATCH+PUT'],
];
const WARM_UP_BYTES = 16 * 1024 * 1024;

/** Speed and server CPU of transfers. */
export function transferMetrics(samples: Samples<Transfer>, label: string, ratioAtLeast: number): Metric[] {
  return [
    {
      label: label === '' ? 'speed' : label,
      unit: 'MB/s',
      better: 'more',
      samples: pick(samples, (transfer) => transfer.bytes / 1e6 / transfer.seconds),
      expected: { ratioAtLeast },
    },
    {
      label: 'server CPU',
      unit: 's/GB',
      better: 'less',
      samples: pick(samples, (transfer) => transfer.serverCpuSeconds / (transfer.bytes / 1e9)),
    },
  ];
}

async function measure(bench: Bench, pair: Pair, streams: Streams): Promise<Outcome> {
  const { workspace } = bench;
  const { blobBytes, rounds } = bench.options.effort;
  const token = await signToken(bench.key, REPOSITORY);
  const upload = ({ port, pid }: RunningServer, way: Way, bytes: number) => {
    const target = { port, repository: REPOSITORY, token };
    return streams.transfer({ pid }, bytes * streams.count, () => ({
      kind: 'push',
      target,
      bytes,
      count: 1,
      way,
    }));
  };
  await pair.each(async (server) => {
    for (const [way] of WAYS) await upload(server, way, WARM_UP_BYTES);
  });
  workspace.scratch(blobBytes * streams.count);
  const metrics: Metric[] = [];
  for (const [way, label] of WAYS) {
    const samples = await pair.rounds(rounds, async (server) => {
      // The previous upload's bytes go only now: in a virtual machine memory that lies free for a second may
      // go back to the host, and getting it again costs more than the upload itself.
      await workspace.freeContent();
      return upload(server, way, blobBytes);
    });
    metrics.push(...transferMetrics(samples, label, 1.5));
  }
  return { metrics, failures: pair.failures };
}

function uploadRow(id: string, title: string, streamCount: number): Row {
  return {
    id,
    title,
    run: (bench) =>
      withPair(Pair.registries(bench), (pair) =>
        Streams.use(bench.workspace, streamCount, bench.options.effort.blobBytes, (streams) =>
          measure(bench, pair, streams),
        ),
      ),
  };
}

/** One stream. */
export const uploadOne = uploadRow('upload-1', 'upload, 1 stream', 1);
/** Four streams at once, each of full size. */
export const uploadFour = uploadRow('upload-4', 'upload, 4 streams', 4);
