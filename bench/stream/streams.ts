import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cpuSeconds } from '../proc.ts';
import type { RunningServer } from '../server/server.ts';
import type { Workspace } from '../workspace.ts';
import type { Order, Report } from './messages.ts';

/** One measured transfer of several streams at once. */
export interface Transfer {
  readonly bytes: number;
  /** From the first stream's first request to the last stream's last answer. */
  readonly seconds: number;
  /** CPU time that the server used meanwhile. */
  readonly serverCpuSeconds: number;
  readonly digests: readonly string[];
}

/** A set of client processes, one for each stream. */
export class Streams {
  readonly #children: readonly ChildProcess[];
  readonly #workspace: Workspace;

  private constructor(children: readonly ChildProcess[], workspace: Workspace) {
    this.#children = children;
    this.#workspace = workspace;
  }

  /** How many. */
  get count(): number {
    return this.#children.length;
  }

  /** Works with client processes that have content of the given size ready, and ends them in any case. */
  static async use<T>(
    workspace: Workspace,
    count: number,
    bytes: number,
    work: (streams: Streams) => Promise<T>,
  ): Promise<T> {
    const file = join(import.meta.dirname, 'child.ts');
    const children = Array.from({ length: count }, () =>
      fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
    for (const child of children) if (child.pid !== undefined) workspace.owns(child.pid);
    const streams = new Streams(children, workspace);
    try {
      await streams.#all(() => ({ kind: 'prepare', bytes }));
      return await work(streams);
    } finally {
      await streams.#close();
    }
  }

  /**
   * Gives each client its order, at the same time.
   * @param bytes of all transfers together.
   * @throws {Error} with the reason of the first one that failed.
   */
  async transfer(
    server: Pick<RunningServer, 'pid'>,
    bytes: number,
    order: (stream: number) => Order,
  ): Promise<Transfer> {
    const cpuBefore = cpuSeconds(server.pid);
    const reports = await this.#all(order);
    const serverCpuSeconds = cpuSeconds(server.pid) - cpuBefore;
    const start = Math.min(...reports.map((report) => Number(report.start)));
    const end = Math.max(...reports.map((report) => Number(report.end)));
    const digests = reports.flatMap((report) => report.digests);
    return { bytes, seconds: (end - start) / 1e9, serverCpuSeconds, digests };
  }

  async #close(): Promise<void> {
    for (const child of this.#children) {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
      if (child.pid !== undefined) this.#workspace.released(child.pid);
    }
  }

  #all(order: (stream: number) => Order) {
    return Promise.all(this.#children.map((child, stream) => ask(child, order(stream))));
  }
}

async function ask(child: ChildProcess, order: Order): Promise<Report & { ok: true }> {
  const answered = once(child, 'message');
  child.send(order);
  const [report]: Report[] = await answered;
  if (report?.ok !== true) throw new Error(report?.reason ?? 'the client process gave no answer');
  return report;
}
