import type { Bench } from '../context.ts';
import { MANIFEST_ACCEPT, type PushedImage, pushImage } from '../image.ts';
import type { Load, LoadGenerator, Request } from '../load/loader.ts';
import { Pair, withPair } from '../pair.ts';
import { cpuSeconds } from '../proc.ts';
import { type Expected, type Metric, type Outcome, pick, type Row, type Samples } from '../row.ts';
import { freePort } from '../server/first-answer.ts';
import type { StartOptions } from '../server/program.ts';
import type { RunningServer } from '../server/server.ts';
import { signToken } from '../tokens.ts';

/** Connections in every request row. */
export const CONNECTIONS = 64;
/**
 * Different repositories, each with a token of its own, asked for in turn: one single image and token would
 * measure a cache of one entry.
 */
const IMAGES = 64;

/** A load and the CPU time that the server spent on it. */
export interface MeasuredLoad extends Load {
  readonly cpuMicroseconds: number;
}

/**
 * Runs load on a server.
 * @throws {Error} when any answer was not a success: then the numbers would mean nothing.
 */
export async function measureLoad(
  generator: LoadGenerator,
  server: RunningServer,
  requests: readonly Request[],
  seconds: number,
  connections = CONNECTIONS,
  core?: number,
): Promise<MeasuredLoad> {
  const before = cpuSeconds(server.pid);
  const load = await generator.run({ port: server.port, requests, connections, seconds, core });
  const cpu = cpuSeconds(server.pid) - before;
  if (load.requests === 0) throw new Error(`no answer to ${requests[0]?.path} within ${seconds} s`);
  if (load.errors > 0) throw new Error(`${load.errors} of ${load.requests} requests failed`);
  return { ...load, cpuMicroseconds: (cpu / load.requests) * 1e6 };
}

/** The metrics of a request row. */
export function loadMetrics(
  samples: Samples<MeasuredLoad>,
  unit: string,
  expected?: Expected,
  p99?: Expected,
): Metric[] {
  const rate = pick(samples, (load) => load.requestsPerSecond);
  return [
    { label: 'rate', unit, better: 'more', samples: rate, ...(expected === undefined ? {} : { expected }) },
    { label: 'p50', unit: 'ms', better: 'less', samples: pick(samples, (load) => load.p50) },
    {
      label: 'p99',
      unit: 'ms',
      better: 'less',
      samples: pick(samples, (load) => load.p99),
      ...(p99 !== undefined && { expected: p99 }),
    },
    {
      label: 'server CPU',
      unit: 'µs/req',
      better: 'less',
      samples: pick(samples, (load) => load.cpuMicroseconds),
    },
  ];
}

async function pushImages(bench: Bench, server: RunningServer): Promise<PushedImage[]> {
  const images: PushedImage[] = [];
  for (let number = 0; number < IMAGES; number += 1) {
    const repository = `bench/image-${number}`;
    images.push(await pushImage(server.port, repository, await signToken(bench.key, repository)));
  }
  return images;
}

function requestRow(
  id: string,
  title: string,
  ask: (image: PushedImage) => Request,
  { expected, options }: { expected?: Expected; options?: () => Promise<StartOptions> } = {},
): Row {
  return {
    id,
    title,
    run: (bench) =>
      withPair(Pair.registries(bench, options), async (pair): Promise<Outcome> => {
        const { rounds, seconds } = bench.options.effort;
        const requests = new Map<string, readonly Request[]>();
        const measure = (server: RunningServer, side: string, time: number) => {
          const of = requests.get(side) ?? [];
          const generator = of[0]?.method === 'HEAD' ? bench.loader.head : bench.loader.get;
          return measureLoad(generator, server, of, time);
        };
        await pair.each(async (server, side) => {
          requests.set(side, (await pushImages(bench, server)).map(ask));
          await measure(server, side, 1);
        });
        const samples = await pair.rounds(rounds, (server, side) => measure(server, side, seconds));
        return { metrics: loadMetrics(samples, 'req/s', expected), failures: pair.failures };
      }),
  };
}

function manifestRequest(image: PushedImage): Request {
  return {
    method: 'GET',
    path: `/v2/${image.repository}/manifests/${image.tag}`,
    headers: { Authorization: `Bearer ${image.token}`, Accept: MANIFEST_ACCEPT },
  };
}

/** Authenticated manifest GET by tag. */
export const manifestGet = requestRow('manifest-get', 'manifest GET by tag', manifestRequest, {
  expected: { ratioAtLeast: 10 },
});

/** The same with every log and metric on, in both. */
export const manifestGetObserved = requestRow(
  'manifest-get-observed',
  'the same, logs and metrics on',
  manifestRequest,
  {
    expected: { ratioAtLeast: 8 },
    options: async () => ({
      environment: {
        REGISTRY_LOG_LEVEL: 'info',
        REGISTRY_LOG_ACCESSLOG_DISABLED: 'false',
        REGISTRY_HTTP_DEBUG_ADDR: `127.0.0.1:${await freePort()}`,
        REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: 'true',
      },
    }),
  },
);

/** Authenticated blob HEAD. */
export const blobHead = requestRow('blob-head', 'blob HEAD', (image) => ({
  method: 'HEAD',
  path: `/v2/${image.repository}/blobs/${image.layer}`,
  headers: { Authorization: `Bearer ${image.token}` },
}));
