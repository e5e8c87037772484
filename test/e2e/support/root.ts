import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the whole run keeps its files; the global setup makes it and the reaper removes it. */
const ROOT_VARIABLE = 'BERTH_E2E_ROOT';

/**
 * The folder of this run. Sub-folders: `pids` (one file a live server, read by the reaper), `logs`,
 * `home` (HOME of everything that is run).
 *
 * @throws Error when called outside a run
 */
export function root(): string {
  const path = process.env[ROOT_VARIABLE];
  if (path === undefined) throw new Error(`${ROOT_VARIABLE} is not set: run this by "npm run test:e2e"`);
  return path;
}

/** Makes the run's folder. Its path is short because a socket's path may have 107 bytes only. */
export function makeRoot(): string {
  const path = mkdtempSync('/tmp/berth-e2e-');
  for (const name of ['pids', 'logs', 'home', 'tmp']) mkdirSync(join(path, name));
  process.env[ROOT_VARIABLE] = path;
  return path;
}

/** A new empty folder inside the run's folder; nobody needs to remove it. */
export function folder(name: string): string {
  return mkdtempSync(join(root(), `${name}-`));
}

/**
 * When a process started, in clock ticks since boot (field 22 of /proc/PID/stat), or undefined when there
 * is no such process or it is a zombie. Together with the pid it names one process for ever.
 */
export function startTime(pid: number): string | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  try {
    const stat = readFileSync(path, 'utf8');
    // The second field, the name in brackets, may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
