import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Fault, INJECTION_VARIABLE, type Injection } from './faults.ts';

const BERTH = resolve(import.meta.dirname, '../../bin/berth');
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'preload.ts')).href;
const START_WITHIN_MS = 30_000;

/** Where everything of a run lies. */
export interface Place {
  readonly folder: string;
  /** The data folder of the registry. */
  readonly root: string;
  readonly journals: string;
  readonly graveyard: string;
  readonly faultLog: string;
}

export function placeIn(folder: string, disk: string): Place {
  const place = {
    folder,
    root: join(disk, 'data'),
    journals: join(disk, 'journals'),
    graveyard: join(disk, 'graveyard'),
    faultLog: join(folder, 'faults.log'),
  };
  mkdirSync(place.journals, { recursive: true });
  writeFileSync(place.faultLog, '');
  return place;
}

/** A port that nothing listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => found(port));
    });
  });
}

let started = 0;

/** A process of Berth with the preload in it. */
export class TorturedProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly #output: string[] = [];

  /**
   * @param planted a further module to load, that puts a defect into Berth
   * @param env further variables
   */
  constructor(
    place: Place,
    args: readonly string[],
    faults: readonly Fault[],
    planted: string | undefined,
    env: Readonly<Record<string, string>> = {},
  ) {
    started += 1;
    const injection: Injection = {
      root: place.root,
      journal: join(place.journals, `${started}.jsonl`),
      graveyard: place.graveyard,
      log: place.faultLog,
      faults,
    };
    const modules = [PRELOAD, ...(planted === undefined ? [] : [planted])];
    this.child = spawn(BERTH, args, {
      cwd: place.folder,
      // A process group of its own, to be killed as a whole.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: place.folder,
        [INJECTION_VARIABLE]: JSON.stringify(injection),
        NODE_OPTIONS: modules.map((module) => `--import=${module}`).join(' '),
        NODE_COMPILE_CACHE: join(place.folder, 'compiled'),
        ...env,
      },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output.push(text);
        if (this.#output.length > 200) this.#output.shift();
      });
    }
    this.ended = new Promise((over) => this.child.once('close', over));
  }

  get output(): string {
    return this.#output.join('');
  }

  /** The end of what it said. */
  get lastWords(): string {
    return this.output.slice(-2_500);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits until a server says that it is ready. @returns false where it ended instead */
  async isReady(): Promise<boolean> {
    const until = Date.now() + START_WITHIN_MS;
    while (Date.now() < until) {
      if (this.output.includes('Berth is ready')) return true;
      if (!this.isRunning) return false;
      await new Promise((again) => setTimeout(again, 10));
    }
    throw new Error(`a server did not start within ${START_WITHIN_MS} ms:\n${this.output}`);
  }

  /** kill -9, of the whole group or of the process alone; resolves when it is dead. */
  async kill(group: boolean): Promise<void> {
    const { pid } = this.child;
    if (pid !== undefined && this.isRunning) {
      try {
        process.kill(group ? -pid : pid, 'SIGKILL');
      } catch {
        // Ended by itself in between.
      }
    }
    await this.ended;
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}
