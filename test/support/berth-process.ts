import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

const BERTH = resolve(import.meta.dirname, '../../bin/berth');

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd: string;
}

/** `bin/berth` as a process. */
export class BerthProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], { env = {}, input, cwd }: RunOptions, program = BERTH) {
    // Nothing of this machine's own settings may have a say.
    const own = { PATH: process.env['PATH'], HOME: cwd, TMPDIR: tmpdir() };
    this.child = spawn(program, args, { cwd, env: { ...own, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdin?.end(input ?? '');
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolved, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) =>
        resolved({ code, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits for a text on standard output. @returns what its first group matched */
  async says(pattern: RegExp, withinMs = 10_000): Promise<string> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const match = pattern.exec(this.#stdout);
      if (match !== null) return match[1] ?? match[0];
      if (this.child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`never said ${pattern}; stdout: ${this.#stdout}; stderr: ${this.#stderr}`);
      }
      await new Promise((again) => setTimeout(again, 20));
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Those of tests that failed before they could clear up. */
const uncleared = new Set<Workplace>();
afterAll(async () => {
  for (const place of uncleared) await place.clear();
});

/** A folder of its own, and the processes that were started in it. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'berth-cli-'));
  readonly #started: BerthProcess[] = [];

  constructor() {
    uncleared.add(this);
  }

  /** Starts `bin/berth`, without waiting for anything. */
  start(args: readonly string[], options: Omit<RunOptions, 'cwd'> = {}, program?: string): BerthProcess {
    const process = new BerthProcess(args, { ...options, cwd: this.folder }, program);
    this.#started.push(process);
    return process;
  }

  /** Runs `bin/berth` to its end. */
  run(args: readonly string[], options: Omit<RunOptions, 'cwd'> = {}, program?: string): Promise<Ended> {
    return this.start(args, options, program).ended;
  }

  /** `berth serve` on a port of the system's choice. @returns the process and its URL */
  async serve(
    env: Readonly<Record<string, string>> = {},
    args: readonly string[] = [],
  ): Promise<{ process: BerthProcess; url: string; port: number }> {
    const process = this.start(['serve', ...args], {
      env: { ...(args.length === 0 && { REGISTRY_HTTP_ADDR: '127.0.0.1:0' }), ...env },
    });
    const url = await process.says(/Berth is ready at (\S+)/);
    // What comes after the first line is written at once with it.
    return { process, url, port: Number(new URL(url).port) };
  }

  /** Ends what still runs and removes the folder. */
  async clear(): Promise<void> {
    uncleared.delete(this);
    for (const { child } of this.#started) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(this.#started.map(({ ended }) => ended.catch(() => undefined)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
