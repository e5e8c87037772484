import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onCore } from '../cores.ts';
import { killTree } from '../proc.ts';
import type { Workspace } from '../workspace.ts';
import { firstAnswer, freePort } from './first-answer.ts';

/** How to start a server. Address and data folder are added to the environment. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The port that its configuration file names; without it a free one goes into REGISTRY_HTTP_ADDR. */
  readonly port?: number;
  /** The core that it is bound to; without it the system decides. */
  readonly core?: number | undefined;
}

/** A started server that has answered its first request. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** From just before the process was started to the first bytes of an HTTP answer, milliseconds. */
  readonly startMs: number;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** How long a server may take to end after SIGTERM before it is killed. */
const STOP_MS = 10_000;

/**
 * Starts a server with its log in a file (so that logging costs what it costs by default) and waits for its
 * first answer. The caller stops it; the workspace kills it at the end of the run otherwise.
 * @throws {Error} with the end of the log when it ends, or stays silent, instead.
 */
export async function startServer(workspace: Workspace, launch: Launch): Promise<RunningServer> {
  const folder = workspace.folder('server');
  const port = launch.port ?? (await freePort());
  const started = performance.now();
  const child = spawnLogged(launch, folder, port);
  const ended = endOf(child);
  const { pid } = child;
  if (pid === undefined) return ended;
  workspace.owns(pid);
  const stop = async () => {
    await endProcess(child, pid);
    workspace.released(pid);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    return { pid, port, startMs: (await firstAnswer(port, ended)) - started, stop };
  } catch (error) {
    const log = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').slice(-12).join('\n');
    await stop();
    throw new Error(`${launch.command} ${launch.args[0]} did not start: ${messageOf(error)}\n${log}`);
  }
}

function spawnLogged(launch: Launch, folder: string, port: number): ChildProcess {
  const data = join(folder, 'data');
  mkdirSync(data);
  const log = openSync(join(folder, 'log'), 'a');
  // Nothing else of this process's environment: it could configure a server by accident.
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: data,
    ...launch.environment,
  };
  const [command, args] = onCore(launch.core, launch.command, launch.args);
  const child = spawn(command, args, {
    cwd: folder,
    env: environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

/** Rejects when the process ends or cannot be started. */
function endOf(child: ChildProcess): Promise<never> {
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`ended with ${signal ?? `exit code ${code}`}`)));
  });
  // After the first answer nobody waits for this any more, and stop() makes it reject.
  ended.catch(() => undefined);
  return ended;
}

async function endProcess(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  killTree(pid, 'SIGTERM');
  const late = new AbortController();
  await Promise.race([exited, sleep(STOP_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
  killTree(pid, 'SIGKILL');
  await exited;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
