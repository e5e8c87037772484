import type { Bench } from '../context.ts';
import type { Request } from '../load/loader.ts';
import { Pair, withPair } from '../pair.ts';
import { type Metric, type Outcome, pick, type Row, type Samples, type SideName } from '../row.ts';
import { repositoryName, seededFolder } from '../seed.ts';
import type { StartOptions } from '../server/program.ts';
import type { RunningServer } from '../server/server.ts';
import { signCatalogToken, signToken } from '../tokens.ts';
import { type MeasuredLoad, measureLoad } from './requests.ts';

const MANY = 10_000;
const FEW = 100;
/** Fewer than in the other rows: with 64, p99 is what one waits behind 63 others, however quick an answer is. */
const CONNECTIONS = 16;
/** Repositories whose tags are asked for in turn. */
const ASKED = 64;

type Kind = (typeof KINDS)[number]['id'];

const KINDS = [
  { id: 'first', label: 'catalog' },
  { id: 'tags', label: 'tags/list' },
  // Last: the real registry walks through all repositories before the page, and may not answer in time.
  { id: 'middle', label: 'catalog, middle' },
] as const;

async function requestsFor(bench: Bench, repositories: number): Promise<Record<Kind, Request[]>> {
  const get = (path: string, token: string): Request => ({
    method: 'GET',
    path,
    headers: { Authorization: `Bearer ${token}` },
  });
  const catalogToken = await signCatalogToken(bench.key);
  const last = encodeURIComponent(repositoryName(repositories / 2));
  const numbers = Array.from({ length: ASKED }, (_, n) => Math.floor((n * repositories) / ASKED));
  const tags = numbers.map(async (number) => {
    const name = repositoryName(number);
    return get(`/v2/${name}/tags/list`, await signToken(bench.key, name));
  });
  return {
    first: [get('/v2/_catalog', catalogToken)],
    middle: [get(`/v2/_catalog?n=50&last=${last}`, catalogToken)],
    tags: await Promise.all(tags),
  };
}

/** Starts each side on a data folder with so many repositories. */
async function seeded(
  bench: Bench,
  repositories: number,
): Promise<(side: SideName) => Promise<StartOptions>> {
  const folderOf = (side: SideName) => seededFolder(bench.workspace, side, repositories);
  await folderOf('berth');
  if (bench.peer !== undefined) await folderOf('peer');
  await bench.workspace.settle();
  return async (side) => ({ data: await folderOf(side) });
}

async function measure(bench: Bench, pair: Pair, repositories: number) {
  const requests = await requestsFor(bench, repositories);
  const { rounds, seconds } = bench.options.effort;
  const found = {} as Record<Kind, Samples<MeasuredLoad>>;
  for (const { id } of KINDS) {
    const load = (time: number) => (server: RunningServer) =>
      measureLoad(bench.loader.get, server, requests[id], time, CONNECTIONS);
    await pair.each(async (server) => void (await load(1)(server)));
    found[id] = await pair.rounds(rounds, load(seconds));
  }
  return found;
}

function metricsOf(
  kind: (typeof KINDS)[number],
  few: Samples<MeasuredLoad>,
  many: Samples<MeasuredLoad>,
): Metric[] {
  const { label } = kind;
  const flat = (side: SideName): number[] =>
    many[side].flatMap((load, round) => {
      const small = few[side][round];
      return small === undefined ? [] : [load.cpuMicroseconds / small.cpuMicroseconds];
    });
  return [
    { label: `${label}: p50`, unit: 'ms', better: 'less', samples: pick(many, (load) => load.p50) },
    {
      label: 'p99',
      unit: 'ms',
      better: 'less',
      samples: pick(many, (load) => load.p99),
      expected: { atMost: 10 },
    },
    { label: 'p99, 100 repositories', unit: 'ms', better: 'less', samples: pick(few, (load) => load.p99) },
    {
      label: 'server CPU',
      unit: 'µs/req',
      better: 'less',
      samples: pick(many, (load) => load.cpuMicroseconds),
    },
    {
      label: 'CPU, 10 000 : 100',
      unit: '×',
      better: 'less',
      samples: { berth: flat('berth'), peer: flat('peer') },
      expected: { atMost: 1.2 },
    },
  ];
}

/** The lists of a registry with many repositories of five tags each, beside those of one with few. */
export const lists: Row = {
  id: 'lists',
  title: '10 000 repositories × 5 tags',
  async run(bench): Promise<Outcome> {
    const [few, many] = [await seeded(bench, FEW), await seeded(bench, MANY)];
    const small = await withPair(Pair.registries(bench, few), async (pair) => ({
      found: await measure(bench, pair, FEW),
      failures: pair.failures,
    }));
    const large = await withPair(Pair.registries(bench, many), async (pair) => ({
      found: await measure(bench, pair, MANY),
      failures: pair.failures,
    }));
    const metrics = KINDS.flatMap((kind) => metricsOf(kind, small.found[kind.id], large.found[kind.id]));
    return { metrics, failures: [...small.failures, ...large.failures] };
  },
};

/** Starts on that content and on a folder that holds nothing, in turn. */
export const startFull: Row = {
  id: 'start-full',
  title: 'first answer, 10 000 repositories',
  async run(bench): Promise<Outcome> {
    const [none, many] = [await seeded(bench, 0), await seeded(bench, MANY)];
    const full: Record<SideName, number[]> = { berth: [], peer: [] };
    const ratio: Record<SideName, number[]> = { berth: [], peer: [] };
    const failures: string[] = [];
    const start = async (options: (side: SideName) => Promise<StartOptions>) => {
      const times: Partial<Record<SideName, number>> = {};
      await withPair(Pair.registries(bench, options), async (pair) => {
        await pair.each(async (server, side) => {
          times[side] = server.startMs;
        });
        failures.push(...pair.failures);
      });
      return times;
    };
    for (let run = 0; run < bench.options.effort.starts && failures.length === 0; run += 1) {
      const [empty, filled] = [await start(none), await start(many)];
      for (const side of ['berth', 'peer'] as const) {
        const [small, large] = [empty[side], filled[side]];
        if (small === undefined || large === undefined) continue;
        full[side].push(large);
        ratio[side].push(large / small);
      }
    }
    return {
      metrics: [
        { label: 'time', unit: 'ms', better: 'less', samples: full },
        { label: 'time : empty', unit: '×', better: 'less', samples: ratio, expected: { atMost: 1.2 } },
      ],
      failures,
    };
  },
};
