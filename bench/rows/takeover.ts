import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { Bench } from '../context.ts';
import { seedOriginalFolder } from '../original-folder.ts';
import type { Outcome, Row, SideName } from '../row.ts';
import { repositoryName } from '../seed.ts';
import type { Program } from '../server/program.ts';
import { signToken } from '../tokens.ts';

const REPOSITORIES = 2000;
const BLOBS_EACH = 10;
/** So long a take-over may take before the row is given up. */
const LIMIT_MS = 180_000;
const ASKED_EVERY_MS = 100;

/** When the take-over was finished, milliseconds since 1970; undefined while it is not. */
function finishedAtMs(data: string): number | undefined {
  const db = new Database(join(data, 'berth.db'), { readonly: true });
  try {
    const row = db.prepare<[], { finished_at: number | null }>('SELECT finished_at FROM takeover').get();
    return row?.finished_at ?? undefined;
  } finally {
    db.close();
  }
}

async function untilFinished(data: string): Promise<number> {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const found = finishedAtMs(data);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('the take-over was not finished in time');
    await sleep(ASKED_EVERY_MS);
  }
}

/** Bytes and files below a folder. */
function sizeOf(folder: string): { bytes: number; files: number } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  return { bytes, files: files.length };
}

function forget(data: string): void {
  for (const name of ['berth.db', 'berth.db-wal', 'berth.db-shm', 'content']) {
    rmSync(join(data, name), { recursive: true, force: true });
  }
}

/** Starts a program on the folder and pulls a manifest and a layer of the last repository at once. */
async function firstPull(bench: Bench, program: Program, data: string) {
  const name = repositoryName(REPOSITORIES - 1);
  const headers = {
    Authorization: `Bearer ${await signToken(bench.key, name)}`,
    Accept: 'application/vnd.docker.distribution.manifest.v2+json',
  };
  const startedAtMs = Date.now();
  const server = await program.start({ data });
  const began = performance.now();
  const get = async (path: string): Promise<Response> => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/v2/${name}/${path}`, { headers });
    if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
    return answer;
  };
  try {
    const { layers } = (await (await get('manifests/latest')).json()) as { layers: { digest: string }[] };
    await (await get(`blobs/${layers[0]?.digest}`)).arrayBuffer();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { server, startedAtMs, firstPullMs: server.startMs + performance.now() - began };
}

/** Both start on the folder that the real registry's layout fills; Berth takes it over meanwhile. */
export const takeover: Row = {
  id: 'takeover',
  title: `folder of registry:2, ${REPOSITORIES} repositories, ${REPOSITORIES * BLOBS_EACH} blobs`,
  async run(bench): Promise<Outcome> {
    const data = bench.workspace.folder('original');
    seedOriginalFolder(data, REPOSITORIES, BLOBS_EACH);
    await bench.workspace.settle();
    const pulls: Record<SideName, number[]> = { berth: [], peer: [] };
    const complete: number[] = [];
    const copied: number[] = [];
    const indexBytes: number[] = [];
    const none: readonly number[] = [];
    for (let round = 0; round < bench.options.effort.rounds; round += 1) {
      if (bench.peer !== undefined) {
        const { server, firstPullMs } = await firstPull(bench, bench.peer, data);
        pulls.peer.push(firstPullMs);
        await server.stop();
      }
      forget(data);
      const { server, startedAtMs, firstPullMs } = await firstPull(bench, bench.berth, data);
      try {
        pulls.berth.push(firstPullMs);
        complete.push(((await untilFinished(data)) - startedAtMs) / 1000);
      } finally {
        await server.stop();
      }
      copied.push(sizeOf(join(data, 'content')).bytes);
      indexBytes.push(statSync(join(data, 'berth.db')).size / 1e6);
    }
    return {
      metrics: [
        { label: 'first pull', unit: 'ms', better: 'less', samples: pulls, expected: { atMost: 2000 } },
        {
          ...{ label: 'index complete', unit: 's', better: 'less' },
          ...{ samples: { berth: complete, peer: none }, expected: { atMost: 60 } },
        },
        {
          ...{ label: 'blob bytes copied', unit: 'B', better: 'less' },
          ...{ samples: { berth: copied, peer: none }, expected: { atMost: 0 } },
        },
        { label: 'index', unit: 'MB', better: 'less', samples: { berth: indexBytes, peer: none } },
      ],
      failures: [],
    };
  },
};
