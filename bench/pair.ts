import type { Bench } from './context.ts';
import { type Samples, SIDES, type SideName } from './row.ts';
import type { StartOptions } from './server/program.ts';
import type { RunningServer } from './server/server.ts';

/** No round begins later than this after the first one: a whole run is to end within six minutes. */
const LIMIT_MS = 25_000;

/** How to start one side, if it takes part. */
export type Starter = (() => Promise<RunningServer>) | undefined;

/**
 * The servers of one row, side by side. A side that fails is reported and takes no further part; the other
 * one is still measured.
 */
export class Pair {
  readonly failures: string[] = [];
  readonly #servers = new Map<SideName, RunningServer>();

  private constructor() {}

  /** Starts both registries, each on an empty folder unless `options` says otherwise. The caller stops the pair. */
  static registries(
    { berth, peer }: Bench,
    options: (side: SideName) => Promise<StartOptions> = async () => ({}),
  ): Promise<Pair> {
    return Pair.start(
      async () => berth.start(await options('berth')),
      peer === undefined ? undefined : async () => peer.start(await options('peer')),
    );
  }

  /** Starts what takes part. The caller stops the pair. */
  static async start(berth: Starter, peer?: Starter): Promise<Pair> {
    const pair = new Pair();
    for (const [side, starter] of [
      ['berth', berth],
      ['peer', peer],
    ] as const) {
      if (starter === undefined) continue;
      await pair.#attempt(side, async () => pair.#servers.set(side, await starter()));
    }
    return pair;
  }

  /** Does something untimed with each server in turn: set up, warm up. */
  async each(work: (server: RunningServer, side: SideName) => Promise<void>): Promise<void> {
    for (const [side, server] of [...this.#servers]) await this.#attempt(side, () => work(server, side));
  }

  /**
   * Measures the servers alternately; every second round begins with the other side. On a slow or busy
   * machine there are fewer rounds, but always one.
   */
  async rounds<T>(
    count: number,
    measure: (server: RunningServer, side: SideName) => Promise<T>,
  ): Promise<Samples<T>> {
    const samples: Record<SideName, T[]> = { berth: [], peer: [] };
    const limit = performance.now() + LIMIT_MS;
    for (let round = 0; round < count && (round === 0 || performance.now() < limit); round += 1) {
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const server = this.#servers.get(side);
        if (server === undefined) continue;
        await this.#attempt(side, async () => samples[side].push(await measure(server, side)));
      }
    }
    return samples;
  }

  /** Stops the servers and removes their folders. */
  async stop(): Promise<void> {
    for (const server of this.#servers.values()) await server.stop();
  }

  async #attempt(side: SideName, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failures.push(`${side}: ${error instanceof Error ? error.message : String(error)}`);
      await this.#servers.get(side)?.stop();
      this.#servers.delete(side);
    }
  }
}

/** Runs work with a pair that is stopped afterwards in any case. */
export async function withPair<T>(starting: Promise<Pair>, work: (pair: Pair) => Promise<T>): Promise<T> {
  const pair = await starting;
  try {
    return await work(pair);
  } finally {
    await pair.stop();
  }
}
