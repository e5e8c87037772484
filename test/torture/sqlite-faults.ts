import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** As the library names them. */
export const SQLITE_FAULTS = [
  ...['EIO', 'ENOSPC', 'short', 'delay'].map((fault) => `sqlite-write ${fault}`),
  ...['EIO', 'ENOSPC', 'delay'].map((fault) => `sqlite-sync ${fault}`),
  ...['EIO', 'delay'].map((fault) => `sqlite-read ${fault}`),
];

/**
 * Compiles the library that stands between SQLite and the system: SQLite's calls do not go through Node.
 * @returns its path, or why there is none
 */
export function compileSqliteFaults(folder: string): { path: string } | { why: string } {
  const path = join(folder, 'sqlite-faults.so');
  const source = join(import.meta.dirname, 'sqlite-faults.c');
  const compiled = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', path, source, '-ldl'], {
    encoding: 'utf8',
  });
  if (compiled.status === 0) return { path };
  return { why: compiled.error?.message ?? `cc ended with ${compiled.status}: ${compiled.stderr}` };
}

/** What a process is given so that every so many calls on the index suffer. */
export function sqliteFaultsIn(
  library: string,
  every: number,
  log: string,
): Readonly<Record<string, string>> {
  return { LD_PRELOAD: library, TORTURE_SQLITE_EVERY: String(every), TORTURE_SQLITE_LOG: log };
}
