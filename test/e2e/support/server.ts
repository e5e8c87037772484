import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, startTime } from './root.ts';
import { cleanEnvironment } from './run.ts';

/** A long-running process of the suite. Whoever starts it stops it; the reaper is only the safety net. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  /** everything it printed so far, both outputs */
  output(): string;
  /** the exit code, or the signal's name; pending while it runs */
  readonly ended: Promise<number | NodeJS.Signals>;
  running(): boolean;
  /** SIGTERM, and SIGKILL after ten seconds. */
  stop(): Promise<void>;
  /** SIGKILL, at once, to the process and what it started. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** asked again and again until it is true */
  readonly ready: (server: Server) => Promise<boolean>;
  /** milliseconds until it must be ready */
  readonly timeout?: number;
}

let started = 0;

/**
 * Starts a server and returns when it is ready.
 *
 * @throws Error with its output when it ends before or is not ready in time; it is stopped then
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const server = launch(options);
  const end = Date.now() + (options.timeout ?? 30_000);
  for (;;) {
    if (!server.running()) {
      throw new Error(`${options.name} ended with ${await server.ended}:\n${server.output()}`);
    }
    if (await options.ready(server)) return server;
    if (Date.now() > end) {
      await server.kill();
      throw new Error(`${options.name} was not ready in time:\n${server.output()}`);
    }
    await sleep(25);
  }
}

/** Starts a server without waiting for anything. */
export function launch({ name, command, args, env = {}, cwd }: Omit<ServerOptions, 'ready'>): Server {
  started += 1;
  const log = join(root(), 'logs', `${name.replace(/[^a-z0-9]+/gi, '-')}-${process.pid}-${started}.log`);
  const out = openSync(log, 'a');
  // A session of its own: Ctrl-C at the terminal reaches the suite first, and kill() reaches its children.
  const child = spawn(command, args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', out, out],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  });
  closeSync(out);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} can not be started`);
  const note = join(root(), 'pids', String(pid));
  writeFileSync(note, startTime(pid) ?? '');
  let running = true;
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('exit', (code, signal) => {
      running = false;
      rmSync(note, { force: true });
      resolve(code ?? signal ?? 'SIGKILL');
    });
  });
  const signal = (target: number, sent: NodeJS.Signals) => {
    try {
      if (running) process.kill(target, sent);
    } catch {
      // Ended in between.
    }
  };
  return {
    name,
    pid,
    ended,
    output: () => readFileSync(log, 'utf8'),
    running: () => running,
    async stop() {
      signal(pid, 'SIGTERM');
      const late = setTimeout(() => signal(-pid, 'SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
    async kill() {
      signal(-pid, 'SIGKILL');
      await ended;
    },
  };
}

/** A port of 127.0.0.1 that nobody listens on, chosen by the system. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
