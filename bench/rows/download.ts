import type { Bench } from '../context.ts';
import { Pair, withPair } from '../pair.ts';
import type { Outcome, Row, SideName } from '../row.ts';
import type { RunningServer } from '../server/server.ts';
import { Streams } from '../stream/streams.ts';
import { signToken } from '../tokens.ts';
import { transferMetrics } from './upload.ts';

const REPOSITORY = 'bench/download';

async function measure(bench: Bench, pair: Pair, streams: Streams, ratioAtLeast: number): Promise<Outcome> {
  const { blobBytes: bytes, downloadRounds } = bench.options.effort;
  const token = await signToken(bench.key, REPOSITORY);
  const total = bytes * streams.count;
  const digests = new Map<SideName, readonly string[]>();
  const download = (server: RunningServer, side: SideName, verify: boolean) => {
    const target = { port: server.port, repository: REPOSITORY, token };
    const of = digests.get(side) ?? [];
    return streams.transfer(server, total, (stream) => ({
      kind: 'pull',
      target,
      digest: of[stream] ?? '',
      bytes,
      verify,
    }));
  };
  await pair.each(async (server, side) => {
    const target = { port: server.port, repository: REPOSITORY, token };
    const pushed = await streams.transfer(server, total, () => ({
      kind: 'push',
      target,
      bytes,
      count: 1,
      way: 'monolithic',
    }));
    digests.set(side, pushed.digests);
    // Warm-up and check in one. No timed pull compares digests: that would make the client the bottleneck.
    await download(server, side, true);
  });
  await bench.workspace.settle();
  const samples = await pair.rounds(downloadRounds, (server, side) => download(server, side, false));
  return { metrics: transferMetrics(samples, '', ratioAtLeast), failures: pair.failures };
}

function downloadRow(id: string, title: string, streamCount: number, ratioAtLeast: number): Row {
  return {
    id,
    title,
    run: (bench) =>
      withPair(Pair.registries(bench), (pair) =>
        Streams.use(bench.workspace, streamCount, bench.options.effort.blobBytes, (streams) =>
          measure(bench, pair, streams, ratioAtLeast),
        ),
      ),
  };
}

/** One stream. */
export const downloadOne = downloadRow('download-1', 'download, 1 stream', 1, 0.7);
/** Four streams at once, each of another blob. */
export const downloadFour = downloadRow('download-4', 'download, 4 streams', 4, 1);
