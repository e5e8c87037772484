import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second in /proc/<pid>/stat: USER_HZ, 100 on every Linux architecture that Node runs on. */
export const TICKS = 100;

/** One process out of /proc. */
interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of all its threads and of its ended children, seconds. */
  readonly cpuSeconds: number;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The process has ended between the listing and this read.
    return undefined;
  }
}

function processStat(pid: number): ProcessStat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // Field 2 is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
  return { pid, parent: Number(fields[1]), cpuSeconds: ticks / TICKS };
}

/** The process and all its descendants that are alive now, parents first. */
function tree(root: number): ProcessStat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processStat(Number(name)) ?? []);
  const found = all.filter((process) => process.pid === root);
  for (const process of found) found.push(...all.filter((child) => child.parent === process.pid));
  return found;
}

/** CPU time that a server (all threads and child processes) has used since it started, seconds. */
export function cpuSeconds(root: number): number {
  return tree(root).reduce((sum, process) => sum + process.cpuSeconds, 0);
}

/** Sends the signal to a process and its descendants, each by its own id. */
export function killTree(root: number, signal: NodeJS.Signals): void {
  for (const { pid } of tree(root)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function statusBytes(pid: number, key: 'VmRSS' | 'VmHWM' | 'RssAnon'): number {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(readText(`/proc/${pid}/status`) ?? '');
  return Number(match?.[1] ?? 0) * 1024;
}

/** Resident memory of a server now, all its processes, bytes. Shared pages count once per process. */
export function residentBytes(root: number): number {
  return tree(root).reduce((sum, { pid }) => sum + statusBytes(pid, 'VmRSS'), 0);
}

/** The same without pages of files, which are the kernel's cache: an index that is read through a mapping has many. */
export function anonymousBytes(root: number): number {
  return tree(root).reduce((sum, { pid }) => sum + statusBytes(pid, 'RssAnon'), 0);
}

/**
 * Watches a server's processes, also those that come and go, while work is done.
 * @returns the sum of the highest memory that each process ever had, bytes: an upper bound of the server's.
 */
export async function peakBytes(root: number, work: () => Promise<unknown>): Promise<number> {
  const peaks = new Map<number, number>();
  const look = () => {
    for (const { pid } of tree(root))
      peaks.set(pid, Math.max(peaks.get(pid) ?? 0, statusBytes(pid, 'VmHWM')));
  };
  const timer = setInterval(look, 100);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0);
}
