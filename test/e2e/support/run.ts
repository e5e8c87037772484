import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './root.ts';

/** What a finished command left: `all` is both outputs in the order in which they came. */
export interface Outcome {
  readonly line: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly all: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** milliseconds; then the command is killed and its code is null */
  readonly timeout?: number;
}

/**
 * The environment of everything that is run: nothing of the caller's but PATH, so that neither a proxy nor
 * ~/.docker of the machine has a say, and every tool's state lands inside the run's folder.
 */
export function cleanEnvironment(): Record<string, string> {
  const home = join(root(), 'home');
  return {
    // Debian's own tools before others of the same name in /usr/local.
    PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH'] ?? ''}`,
    HOME: home,
    DOCKER_CONFIG: join(home, '.docker'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_CACHE_HOME: join(home, '.cache'),
    TMPDIR: join(root(), 'tmp'),
    LANG: 'C.UTF-8',
  };
}

/** Runs a command to its end and never throws because of how it ended. */
export function run(
  command: string,
  args: readonly string[],
  { env = {}, input, cwd, timeout = 120_000 }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...cleanEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
      ...(cwd === undefined ? {} : { cwd }),
    });
    let stdout = '';
    let stderr = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      all += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ line: [command, ...args].join(' '), code, stdout, stderr, all }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

/**
 * Runs a command that must succeed.
 *
 * @throws Error with the command line and everything it printed
 */
export async function must(command: string, args: readonly string[], options?: RunOptions): Promise<Outcome> {
  const outcome = await run(command, args, options);
  if (outcome.code !== 0) throw new Error(described(outcome));
  return outcome;
}

/** A command's line, code and output, for messages. */
export function described(outcome: Outcome): string {
  return `${outcome.line}\nended with ${outcome.code ?? 'a timeout'}:\n${outcome.all}`;
}
