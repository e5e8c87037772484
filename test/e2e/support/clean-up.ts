import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTime } from './root.ts';

/**
 * Ends what a run left behind: its servers by their own process ids (a pid whose process started at another
 * time is a stranger and is left alone), its mounts, its folder.
 */
export async function cleanUp(root: string): Promise<void> {
  const pids = join(root, 'pids');
  if (existsSync(pids)) {
    const alive = readdirSync(pids)
      .map((name) => ({ pid: Number(name), started: readFileSync(join(pids, name), 'utf8') }))
      .filter(({ pid, started }) => startTime(pid) === started)
      .sort((a, b) => b.pid - a.pid);
    const left = async (milliseconds: number) => {
      const end = Date.now() + milliseconds;
      while (Date.now() < end && alive.some((p) => startTime(p.pid) === p.started)) await sleep(50);
      return alive.filter((p) => startTime(p.pid) === p.started);
    };
    for (const { pid } of alive) signal(pid, 'SIGTERM');
    for (const { pid } of await left(15_000)) signal(-pid, 'SIGKILL');
    await left(5_000);
  }
  unmountBelow(root);
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}

/** Unmounts everything mounted below a folder, the innermost first. */
function unmountBelow(path: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8))),
    )
    .filter((point) => point.startsWith(`${path}/`))
    .reverse();
  for (const point of points) {
    try {
      execFileSync('umount', [point], { stdio: 'ignore' });
    } catch {
      execFileSync('umount', ['--lazy', point], { stdio: 'ignore' });
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the look and the signal: what was wanted.
  }
}
