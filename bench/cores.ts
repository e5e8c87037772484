import { availableParallelism } from 'node:os';
import { outputOf } from './command.ts';

/** Which core the server has for itself, and which the load generator. */
export interface Cores {
  readonly server: number;
  readonly load: number;
}

/** Undefined where there is one core alone, or no taskset (util-linux) to bind a process to one. */
export async function findCores(): Promise<Cores | undefined> {
  if (availableParallelism() < 2 || (await outputOf('taskset', ['--version'])) === undefined)
    return undefined;
  return { server: 0, load: 1 };
}

/** The command that runs a program with all its threads on one core; taskset becomes that program. */
export function onCore(
  core: number | undefined,
  command: string,
  args: readonly string[],
): [string, string[]] {
  return core === undefined ? [command, [...args]] : ['taskset', ['-c', String(core), command, ...args]];
}
