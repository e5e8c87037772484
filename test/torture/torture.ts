import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseRegistryConfig } from '../../src/config/distribution.ts';
import { Cast } from './actors.ts';
import { checkEverything } from './checker.ts';
import { Collector } from './collector.ts';
import type { SmallDisk } from './disk.ts';
import { ALL_FAULTS, type Fault } from './faults.ts';
import { type Lost, losePower } from './power.ts';
import { Random } from './random.ts';
import { freePort, type Place, TorturedProcess } from './server.ts';
import { SQLITE_FAULTS, sqliteFaultsIn } from './sqlite-faults.ts';
import { type Counts, World } from './world.ts';

/** What a run tried and found. */
export interface TortureReport {
  readonly seed: number;
  readonly seconds: number;
  /** By operation: what came of it. */
  readonly operations: Counts;
  /** How servers' lives ended. */
  readonly ends: Readonly<Record<string, number>>;
  readonly lostWithPower: Lost;
  /** By call and kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Faults that no call ran into. */
  readonly notReached: readonly string[];
  readonly fullDisks: number;
  /** Tags and manifests that were compared in the end, and the bytes of their blobs. */
  readonly checked: Readonly<Record<string, number>>;
  /** Nothing where all is well. */
  readonly findings: readonly string[];
}

export interface TortureOptions {
  readonly place: Place;
  /** undefined: no disk can be filled. */
  readonly disk: SmallDisk | undefined;
  readonly seconds: number;
  readonly seed: number;
  /** The URL of a module that puts a defect into Berth, to see it found. */
  readonly planted?: string | undefined;
  /** Faults and the full disk hide some defects behind excuses; without them, a server only dies. */
  readonly withFaults?: boolean;
  /** A library that makes SQLite's calls fail; undefined where there is no compiler. */
  readonly sqliteFaults?: string | undefined;
  /** Ends with the first finding: there is no need for a second. */
  readonly stopAtFirst?: boolean;
}

const FAULTS_AT_ONCE = 10;
const FULL_DISK_MS = 3_000;

type End = 'kill' | 'kill of the group' | 'loss of power' | 'stop';

/**
 * Deleted things can be brought back for a moment, and the server collects by itself too: where this Berth knows the
 * keys.
 */
const MAINTENANCE =
  'keepdeleted: 4s, garbagecollect: {enabled: true, interval: 2s, grace: 0s, untagged: true}';

function config(place: Place): string {
  const text = (maintenance: string): string => `
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${place.root}}, delete: {enabled: true}, maintenance: {${maintenance}}}
http: {addr: "127.0.0.1:0"}
`;
  try {
    parseRegistryConfig(text(MAINTENANCE), 'config.yml', {});
    return text(MAINTENANCE);
  } catch {
    return text('');
  }
}

/** Tortures real processes for so long, then stops by itself and compares everything with the ledger. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  return new Run(options).run();
}

class Run {
  readonly #options: TortureOptions;
  readonly #place: Place;
  readonly #random: Random;
  readonly #world: World;
  readonly #collector: Collector;
  readonly #queue: Omit<Fault, 'skip'>[] = [];
  readonly #ends: Record<string, number> = {};
  readonly #lost: Lost = { entries: 0, cut: 0, revived: 0 };
  readonly #untilMs: number;
  #ports: readonly number[] = [];
  #fullDisks = 0;

  constructor(options: TortureOptions) {
    this.#options = options;
    this.#place = options.place;
    this.#random = new Random(options.seed);
    this.#world = new World(this.#random.fork(), options.stopAtFirst === true ? 1 : undefined);
    this.#collector = new Collector({
      place: options.place,
      world: this.#world,
      random: this.#random.fork(),
      planted: options.planted,
      nextFaults: () => this.#nextFaults(),
    });
    this.#untilMs = performance.now() + options.seconds * 1000;
  }

  async run(): Promise<TortureReport> {
    const world = this.#world;
    writeFileSync(join(this.#place.folder, 'config.yml'), config(this.#place));
    this.#ports = [await freePort(), await freePort()];
    const cast = new Cast(world, this.#random.fork());
    const acting = [...cast.start(), this.#collector.run(), this.#fillDisk()];
    try {
      while (!this.#isTimeOver()) await this.#life();
    } finally {
      world.isOver = true;
      await this.#collector.halt();
    }
    await Promise.all(acting);
    world.ledger.allDied();
    const isEnough = this.#options.stopAtFirst === true && world.findings.length > 0;
    const checked = isEnough ? {} : await this.#check(cast);
    world.client.close();
    const faults = this.#faultsMade();
    return {
      seed: this.#options.seed,
      seconds: this.#options.seconds,
      operations: world.counts,
      ends: this.#ends,
      lostWithPower: this.#lost,
      faults,
      notReached: [
        ...ALL_FAULTS.map(({ call, fault }) => `${call} ${fault}`),
        ...(this.#options.sqliteFaults === undefined ? [] : SQLITE_FAULTS),
      ].filter((name) => !(name in faults)),
      fullDisks: this.#fullDisks,
      checked,
      findings: world.findings,
    };
  }

  #isTimeOver(): boolean {
    return this.#world.isOver || performance.now() >= this.#untilMs;
  }

  get #withFaults(): boolean {
    return this.#options.withFaults !== false;
  }

  /** Servers from their start to their end. */
  async #life(): Promise<void> {
    const random = this.#random;
    const beganMs = performance.now();
    const isPair = random.chance(0.25);
    const isFaulty = this.#withFaults && random.chance(0.55);
    const endTrouble = isFaulty ? this.#world.trouble() : undefined;
    const servers = this.#ports.slice(0, isPair ? 2 : 1).map((port) => this.#start(port, isFaulty));
    const ready = await Promise.all(servers.map(({ server }) => server.isReady()));
    for (const [which, { server }] of servers.entries()) {
      if (ready[which] === true) continue;
      this.#count('no start');
      if (!isFaulty && !this.#world.isTroubledSince(beganMs)) {
        this.#world.find(`a server did not start, and nothing had been done to it:\n${server.lastWords}`);
      }
    }
    const running = servers.filter((_, which) => ready[which]);
    this.#world.urls = running.map(({ url }) => url);
    if (running.length > 0) {
      const untilMs = Math.min(this.#untilMs, performance.now() + random.int(800, 4_500));
      while (performance.now() < untilMs && !this.#world.isOver) await sleep(25);
      await this.#end(running.map(({ server }) => server));
    }
    endTrouble?.();
  }

  #start(port: number, isFaulty: boolean): { server: TorturedProcess; url: string } {
    const faults = isFaulty ? this.#nextFaults() : [];
    const args = ['serve', this.#configFor(port)];
    const { sqliteFaults: library, planted } = this.#options;
    const isIndexFaulty = isFaulty && library !== undefined && this.#random.chance(0.4);
    const env = isIndexFaulty
      ? sqliteFaultsIn(library, this.#random.int(30, 150), this.#place.faultLog)
      : undefined;
    const server = new TorturedProcess(this.#place, args, faults, planted, env);
    return { server, url: `http://127.0.0.1:${port}` };
  }

  #configFor(port: number): string {
    const name = `config-${port}.yml`;
    writeFileSync(
      join(this.#place.folder, name),
      config(this.#place).replace('127.0.0.1:0', `127.0.0.1:${port}`),
    );
    return name;
  }

  async #end(servers: readonly TorturedProcess[]): Promise<void> {
    const random = this.#random;
    const end: End = random.chance(0.12)
      ? 'stop'
      : random.pick(['kill', 'kill of the group', 'loss of power', 'loss of power']);
    const endTrouble = this.#world.trouble();
    for (const server of servers) {
      // No fault of the content store, and no full disk, is a reason to.
      if (!server.isRunning) this.#world.find(`a server ended by itself:\n${server.lastWords}`);
    }
    this.#count(end);
    if (end === 'stop') {
      this.#world.urls = [];
      for (const server of servers) {
        const code = await server.stop();
        if (code !== 0)
          this.#world.find(`a server that was asked to stop ended with ${code}:\n${server.lastWords}`);
      }
    } else {
      // Requests are under way, and go on coming until the end.
      if (end === 'loss of power')
        await Promise.all([this.#collector.halt(), ...servers.map((one) => one.kill(true))]);
      else for (const server of servers) await server.kill(end === 'kill of the group');
      this.#world.urls = [];
    }
    this.#world.ledger.allDied();
    if (end === 'loss of power') {
      const lost = losePower(this.#place.journals, this.#place.graveyard, random);
      for (const what of ['entries', 'cut', 'revived'] as const) this.#lost[what] += lost[what];
    }
    this.#collector.resume();
    endTrouble();
  }

  async #fillDisk(): Promise<void> {
    const { disk, seconds } = this.#options;
    if (disk === undefined || !this.#withFaults) return;
    for (const share of seconds > 120 ? [0.3, 0.5, 0.7] : [0.5]) {
      const atMs = this.#untilMs - seconds * 1000 * (1 - share);
      while (performance.now() < atMs && !this.#world.isOver) await sleep(50);
      if (this.#world.isOver) return;
      const endTrouble = this.#world.trouble();
      const untilMs = performance.now() + FULL_DISK_MS;
      while (performance.now() < untilMs) {
        // Whatever is removed meanwhile makes room.
        disk.fill();
        await sleep(50);
      }
      disk.free();
      this.#fullDisks += 1;
      endTrouble();
    }
  }

  /** The next ones in turn, until each had its own. */
  #nextFaults(): readonly Fault[] {
    const faults: Fault[] = [];
    while (faults.length < FAULTS_AT_ONCE) {
      if (this.#queue.length === 0) this.#queue.push(...ALL_FAULTS.toSorted(() => this.#random.next() - 0.5));
      const next = this.#queue.pop();
      if (next !== undefined) faults.push({ ...next, skip: this.#random.int(0, 4) });
    }
    return faults;
  }

  /** With a server that nothing is done to any more. */
  async #check(cast: Cast): Promise<Record<string, number>> {
    const port = await freePort();
    const { server, url } = this.#start(port, false);
    this.#world.isOver = false;
    try {
      if (!(await server.isReady())) {
        this.#world.find(`the last server did not start:\n${server.lastWords}`);
        return {};
      }
      this.#world.urls = [url];
      return await checkEverything({
        world: this.#world,
        place: this.#place,
        cast,
        random: this.#random.fork(),
        command: async (...args) => {
          const command = new TorturedProcess(this.#place, args, [], this.#options.planted);
          return { code: await command.ended, output: command.output };
        },
      });
    } finally {
      await server.kill(true);
    }
  }

  #faultsMade(): Record<string, number> {
    const made: Record<string, number> = {};
    for (const line of readFileSync(this.#place.faultLog, 'utf8').split('\n')) {
      const [call, fault] = line.split(' ');
      if (call === undefined || fault === undefined) continue;
      made[`${call} ${fault}`] = (made[`${call} ${fault}`] ?? 0) + 1;
    }
    return made;
  }

  #count(end: string): void {
    this.#ends[end] = (this.#ends[end] ?? 0) + 1;
  }
}
