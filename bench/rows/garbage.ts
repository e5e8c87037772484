import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runChild } from '../command.ts';
import type { Bench } from '../context.ts';
import { pushUntil, send } from '../load/pushers.ts';
import { anonymousBytes } from '../proc.ts';
import type { Outcome, Row, SideName } from '../row.ts';
import { type GarbageShape, seedBerthGarbage, seedRegistryGarbage } from '../seed-garbage.ts';
import type { RunningServer } from '../server/server.ts';
import { percentile } from '../stats.ts';
import { signAdminToken } from '../tokens.ts';

const FULL: GarbageShape = { blobs: 100_000, repositories: 2_000 };
const QUICK: GarbageShape = { blobs: 5_000, repositories: 100 };
const CLIENTS = 8;
const QUIET_MS = 10_000;
const LOOK_MS = 100;

interface Found {
  readonly seconds: number;
  readonly quietP99: number;
  readonly p99: number;
  readonly memoryMB: number;
}

/** Collects while clients push, as an administrator starts it. */
async function measureBerth(bench: Bench, server: RunningServer, shape: GarbageShape): Promise<Found> {
  const token = await signAdminToken(bench.key);
  const agent = new Agent({ keepAlive: true });
  const path = '/api/v1/garbage-collection';
  const pushers = { server, key: bench.key, clients: CLIENTS };
  const quietUntil = performance.now() + (bench.options.quick ? QUIET_MS / 5 : QUIET_MS);
  const quiet = await pushUntil(pushers, () => performance.now() > quietUntil);
  const idle = anonymousBytes(server.pid);
  let most = idle;
  let isOver = false;
  const collection = async (): Promise<number> => {
    const began = performance.now();
    const body = JSON.stringify({ graceSeconds: 3600, untagged: false });
    await send(agent, server.port, { method: 'POST', path, token, type: 'application/json', body });
    for (;;) {
      await sleep(LOOK_MS);
      most = Math.max(most, anonymousBytes(server.pid));
      const state = JSON.parse(await send(agent, server.port, { method: 'GET', path, token })) as {
        isRunning: boolean;
        last?: { collected?: { blobs: number } };
      };
      if (state.isRunning) continue;
      if (state.last?.collected?.blobs !== shape.blobs / 10) {
        throw new Error(`the collection did not remove what it should: ${JSON.stringify(state.last)}`);
      }
      return (performance.now() - began) / 1000;
    }
  };
  const collecting = collection().finally(() => {
    isOver = true;
  });
  try {
    const [seconds, busy] = await Promise.all([collecting, pushUntil(pushers, () => isOver)]);
    const p99 = (times: readonly number[]): number =>
      percentile(
        times.toSorted((a, b) => a - b),
        0.99,
      );
    return { seconds, quietP99: p99(quiet), p99: p99(busy), memoryMB: (most - idle) / 1e6 };
  } finally {
    agent.destroy();
  }
}

/** The real registry's, which nobody may push beside. */
async function measurePeer(bench: Bench, shape: GarbageShape): Promise<number> {
  const folder = bench.workspace.folder('garbage-peer');
  seedRegistryGarbage(folder, shape);
  const file = join(bench.workspace.folder('garbage-config'), 'config.yml');
  writeFileSync(
    file,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${folder}}, delete: {enabled: true}}\nhttp: {addr: 127.0.0.1:0}\n`,
  );
  await bench.workspace.settle();
  const began = performance.now();
  await runChild(bench.workspace, 'sh', [
    ...['-c', 'exec "$0" garbage-collect "$1" >/dev/null 2>&1', bench.options.peer, file],
  ]);
  return (performance.now() - began) / 1000;
}

async function attempt(side: SideName, failures: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    failures.push(`${side}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Garbage collection of many small blobs, a tenth of them garbage, while clients push. */
export const garbageCollect: Row = {
  id: 'garbage-collect',
  title: 'garbage collection, 8 clients push',
  async run(bench): Promise<Outcome> {
    const shape = bench.options.quick ? QUICK : FULL;
    const failures: string[] = [];
    let found: Found | undefined;
    let peerSeconds: number | undefined;
    await attempt('berth', failures, async () => {
      const data = bench.workspace.folder('garbage-berth');
      await seedBerthGarbage(data, shape);
      await bench.workspace.settle();
      const server = await bench.berth.start({ data });
      try {
        found = await measureBerth(bench, server, shape);
      } finally {
        await server.stop();
      }
    });
    if (bench.peer !== undefined) {
      await attempt('peer', failures, async () => {
        peerSeconds = await measurePeer(bench, shape);
      });
    }
    const only = (value: number | undefined): number[] => (value === undefined ? [] : [value]);
    const metric = (label: string, unit: string, value: number | undefined, atMost?: number) => ({
      ...{ label, unit, better: 'less' as const, samples: { berth: only(value), peer: [] } },
      ...(atMost !== undefined && { expected: { atMost } }),
    });
    return {
      metrics: [
        {
          ...metric(`${shape.blobs} blobs, 10 % garbage`, 's', found?.seconds),
          samples: { berth: only(found?.seconds), peer: only(peerSeconds) },
        },
        metric('push p99, quiet', 'ms', found?.quietP99),
        metric('push p99 meanwhile', 'ms', found?.p99),
        metric('meanwhile : quiet', '×', found && found.p99 / found.quietP99, 2),
        metric('memory above idle', 'MB', found?.memoryMB, 50),
      ],
      failures,
    };
  },
};
