import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Random } from './random.ts';
import { type Place, TorturedProcess } from './server.ts';
import type { World } from './world.ts';

const PAUSE_MS = 400;
/** `0` takes all that nothing names at the moment; with an hour, nothing that this run made is taken but untagged links. */
const GRACES = ['0', '0', '0', '1s', '1h'] as const;

/** Runs `berth garbage-collect` again and again beside the servers, and kills it now and then. */
export class Collector {
  readonly #place: Place;
  readonly #world: World;
  readonly #random: Random;
  readonly #planted: string | undefined;
  readonly #nextFaults: () => readonly Fault[];
  #running: TorturedProcess | undefined;
  #isHalted = false;

  constructor(options: {
    place: Place;
    world: World;
    random: Random;
    planted: string | undefined;
    nextFaults: () => readonly Fault[];
  }) {
    this.#place = options.place;
    this.#world = options.world;
    this.#random = options.random;
    this.#planted = options.planted;
    this.#nextFaults = options.nextFaults;
  }

  async run(): Promise<void> {
    while (!this.#world.isOver) {
      if (!this.#isHalted && existsSync(join(this.#place.root, 'berth.db'))) await this.#collect();
      await sleep(PAUSE_MS);
    }
  }

  /** kill -9, and none is started until `resume`. */
  async halt(): Promise<void> {
    this.#isHalted = true;
    await this.#running?.kill(true);
  }

  resume(): void {
    this.#isHalted = false;
  }

  async #collect(): Promise<void> {
    const random = this.#random;
    const faults = random.chance(0.2) ? this.#nextFaults() : [];
    const args = [
      'garbage-collect',
      '-q',
      '--grace',
      random.pick(GRACES),
      ...(random.chance(0.8) ? ['-m'] : []),
    ];
    const beganMs = performance.now();
    const collector = new TorturedProcess(this.#place, [...args, 'config.yml'], faults, this.#planted);
    this.#running = collector;
    const killing = random.chance(0.35)
      ? setTimeout(() => void collector.kill(true), random.int(200, 1_500))
      : undefined;
    const code = await collector.ended;
    clearTimeout(killing);
    this.#running = undefined;
    const outcome = code === null ? 'killed' : code === 0 ? 'finished' : 'failed';
    this.#world.count('collection', outcome);
    if (outcome === 'failed' && faults.length === 0 && !this.#world.isTroubledSince(beganMs)) {
      this.#world.find(`a collection failed, and nothing had been done to it:\n${collector.lastWords}`);
    }
  }
}
