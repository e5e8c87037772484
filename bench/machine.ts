import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import type { Workspace } from './workspace.ts';

const TMPFS = 0x01021994;

/** What the numbers depend on besides the servers. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Load average of the last minute before the run. */
  readonly load: number;
  /** The data folders are in memory: no upload waits for a disk. */
  readonly tmpfs: boolean;
  /** Bytes per second of one thread's SHA-256 (OpenSSL): an upload to one stream cannot be faster. */
  readonly sha256: number;
  /** Bytes per second of a plain write with fdatasync into the data folder. */
  readonly write: number;
  readonly freeBytes: number;
}

function sha256Speed(): number {
  const block = Buffer.alloc(8 * 1024 * 1024, 'sha256');
  const hash = createHash('sha256');
  const started = performance.now();
  for (let count = 0; count < 16; count += 1) hash.update(block);
  hash.digest();
  return (16 * block.length) / ((performance.now() - started) / 1000);
}

/** Looks at the machine and measures its ceilings. */
export async function lookAtMachine(workspace: Workspace): Promise<Machine> {
  const load = loadavg()[0] ?? 0;
  const disk = statfsSync(workspace.root);
  // The second write, on memory that the first one has just used: the first also pays for getting memory.
  workspace.scratch(128 * 1024 * 1024);
  await workspace.freeContent();
  const write = workspace.scratch(128 * 1024 * 1024);
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? '',
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.versions.node,
    load,
    tmpfs: disk.type === TMPFS,
    sha256: sha256Speed(),
    write,
    freeBytes: disk.bavail * disk.bsize,
  };
}

/** The machine in a few lines, with warnings for what spoils a measurement. */
export function describe(machine: Machine, folder: string): string[] {
  const { cores, cpu, kernel, node, load } = machine;
  const place = machine.tmpfs ? `${folder} (tmpfs: uploads do not wait for a disk)` : folder;
  const ceilings = `plain write+fdatasync ${mb(machine.write)} MB/s, SHA-256 on one thread ${mb(machine.sha256)} MB/s`;
  const lines = [
    `machine:  ${cores} × ${cpu}, ${Math.round(machine.memoryBytes / 1e9)} GB, Linux ${kernel}, Node ${node}`,
    `ceilings: ${ceilings}`,
    `data:     ${place}`,
  ];
  if (load > cores / 4)
    lines.push(`warning:  load average ${load.toFixed(1)}: other work is running, expect noise`);
  if (machine.freeBytes < 30e9)
    lines.push(`warning:  ${mb(machine.freeBytes)} MB free: a full run writes up to 15 GB at a time`);
  return lines;
}

function mb(bytes: number): string {
  return String(Math.round(bytes / 1e6));
}
