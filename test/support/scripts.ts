import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Scripts of this folder that tests run as processes of their own. */

function pathOf(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}

/** What a script wrote, once it ended well. */
export async function runScript(script: string, args: readonly string[]): Promise<string> {
  return outputOf(spawn(process.execPath, [pathOf(script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

/**
 * Starts a script that the caller talks to, and ends.
 * @param options.cache a folder for compiled code, for a script that is started many times
 */
export function startScript(
  script: string,
  args: readonly string[],
  options: { readonly cache?: string } = {},
): ChildProcess {
  return spawn(process.execPath, [pathOf(script), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...(options.cache === undefined ? {} : { NODE_COMPILE_CACHE: options.cache }) },
  });
}

/** Why this machine cannot mount file systems for a test, or undefined where it can. */
export function whyNoMounts(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to mount a small file system';
  const probe = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return probe.status === 0 ? undefined : 'needs unshare and mount, to make a small file system';
}

/**
 * Runs a script that sees a small file system of its own under /mnt. It is in a mount namespace that ends with the
 * script, so that nothing stays behind, whatever happens.
 */
export function runOnSmallDisk(
  script: string,
  { sizeBytes, args = [] }: { sizeBytes: number; args?: readonly string[] },
): Promise<string> {
  const command = 'mount -t tmpfs -o size="$1" tmpfs /mnt && shift && exec "$@"';
  const words = [String(sizeBytes), process.execPath, pathOf(script), ...args];
  return outputOf(
    spawn('unshare', ['--mount', 'sh', '-c', command, 'sh', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

function outputOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    child.stdout?.on('data', (data: Buffer) => {
      output += data.toString();
    });
    child.stderr?.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`the script ended with ${code ?? signal}:\n${errors}${output}`));
    });
  });
}
