import { setTimeout as sleep } from 'node:timers/promises';
import { type Image, Images, imageOf, sha256 } from './images.ts';
import { movingTags, Operations, tagRegister } from './operations.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export const REPOSITORIES = ['team/one', 'team/two', 'other/three'] as const;
/** Blobs come and go here by themselves, and others mount them meanwhile. */
export const BLOB_STORE = 'blobs/only';
const EVERGREENS = 3;
const MOVING = 3;
/** What they have sent waits to be named, in front of a collector without a grace time. */
const LAGGARDS = 4;

/** An image under a tag of its own, with its referrers: it comes once and goes once. */
export interface Family {
  readonly repository: string;
  readonly tag: string;
  readonly image: Image;
  /** Those that were acknowledged. */
  readonly referrers: string[];
  /** Somebody has begun to delete it. */
  isDying: boolean;
}

/** What the actors of a run know together. */
export class Cast {
  readonly families: Family[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #images: Images;
  readonly #evergreens: readonly Image[];
  readonly #stray: readonly Buffer[];
  #named = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#images = new Images(random.fork());
    this.#evergreens = Array.from({ length: EVERGREENS }, () => this.#images.image());
    this.#stray = Array.from({ length: 6 }, () => this.#images.layer());
    for (const repository of REPOSITORIES) {
      for (let moving = 0; moving < MOVING; moving += 1) tagRegister(world, repository, `moving-${moving}`);
    }
  }

  /** Everything that goes on, each as often as it is listed. Who adds an operation, adds a line here. */
  start(): Promise<void>[] {
    const actors = [
      this.#pusher,
      this.#pusher,
      ...Array.from({ length: LAGGARDS }, () => this.#laggard),
      this.#signer,
      this.#mounter,
      this.#mounter,
      this.#retagger,
      this.#retagger,
      this.#recycler,
      this.#recycler,
      this.#deleter,
      this.#undeleter,
      this.#blobKeeper,
      this.#puller,
      this.#puller,
    ];
    return actors.map(async (act) => {
      const operations = new Operations(this.#world, this.#random.fork());
      while (!this.#world.isOver) {
        await act(operations);
        await sleep(operations.random.int(0, 60));
      }
    });
  }

  /** Registers of a family's tag hold its digest; those that pull ask for the referrers that are certain. */
  readonly #newFamily = (repository: string, image: Image): Family => {
    this.#named += 1;
    return { repository, tag: `own-${this.#named}`, image, referrers: [], isDying: false };
  };

  async #push(operations: Operations, family: Family, dwellMs = 0): Promise<boolean> {
    const { repository, tag, image } = family;
    this.families.push(family);
    return operations.pushImage(repository, tag, image, [tagRegister(this.#world, repository, tag)], dwellMs);
  }

  readonly #pusher = async (operations: Operations): Promise<void> => {
    const image = operations.random.chance(0.25) ? this.#images.index() : this.#images.image();
    await this.#push(operations, this.#newFamily(operations.random.pick(REPOSITORIES), image));
  };

  readonly #laggard = async (operations: Operations): Promise<void> => {
    const family = this.#newFamily(operations.random.pick(REPOSITORIES), this.#images.image());
    await this.#push(operations, family, operations.random.int(300, 2_500));
  };

  readonly #signer = async (operations: Operations): Promise<void> => {
    const family = this.#newFamily(operations.random.pick(REPOSITORIES), this.#images.image());
    if (!(await this.#push(operations, family))) return;
    for (let count = operations.random.int(1, 2); count > 0; count -= 1) {
      const referrer = this.#images.image(family.image);
      if (await operations.pushImage(family.repository, referrer.digest, referrer, [])) {
        family.referrers.push(referrer.digest);
      }
    }
  };

  readonly #mounter = async (operations: Operations): Promise<void> => {
    const { random } = operations;
    const repository = random.pick(REPOSITORIES);
    const layer = random.pick(this.#stray);
    const mounted = await operations.mount(repository, BLOB_STORE, sha256(layer));
    if (!mounted) await operations.pushBlob(BLOB_STORE, layer);
    const config = this.#images.config();
    const other = random.chance(0.5) ? [this.#images.shared()] : [];
    for (const blob of other) await operations.mount(repository, random.pick(REPOSITORIES), sha256(blob));
    await this.#push(operations, this.#newFamily(repository, imageOf([layer, ...other], config)));
  };

  readonly #retagger = async (operations: Operations): Promise<void> => {
    const { random } = operations;
    const repository = random.pick(REPOSITORIES);
    const tag = `moving-${random.int(0, MOVING - 1)}`;
    const register = tagRegister(this.#world, repository, tag);
    const others = this.families.filter((family) => family.repository === repository).slice(-20);
    if (random.chance(0.1)) {
      await operations.deleteTag(repository, tag);
    } else if (others.length > 0 && random.chance(0.6)) {
      await operations.putManifest(repository, tag, random.pick(others).image, [register]);
    } else {
      await operations.pushImage(repository, tag, this.#images.image(), [register]);
    }
  };

  /** The same few images, pushed and deleted again and again by several at a time. */
  readonly #recycler = async (operations: Operations): Promise<void> => {
    const { random } = operations;
    const repository = random.pick(REPOSITORIES);
    const number = random.int(0, EVERGREENS - 1);
    const image = this.#evergreens[number];
    const tag = `again-${number}`;
    if (image === undefined) return;
    const chance = random.next();
    if (chance < 0.5) {
      await operations.pushImage(repository, tag, image, [tagRegister(this.#world, repository, tag)]);
    } else if (chance < 0.65) {
      await operations.deleteTag(repository, tag);
    } else if (chance < 0.8) {
      await operations.deleteManifest(repository, tag, image.digest);
    } else {
      await operations.pull(repository, tag);
    }
  };

  readonly #deleter = async (operations: Operations): Promise<void> => {
    const alive = this.families.filter(({ isDying }) => !isDying);
    if (alive.length < 8) return;
    const family = operations.random.pick(alive);
    family.isDying = true;
    const { repository, tag, image } = family;
    await (operations.random.chance(0.5)
      ? operations.deleteTag(repository, tag)
      : operations.deleteManifest(repository, tag, image.digest));
  };

  /** What was deleted lately, or is being deleted just now; it may be too late, or too early. */
  readonly #undeleter = async (operations: Operations): Promise<void> => {
    const dying = this.families.filter(({ isDying }) => isDying).slice(-5);
    if (dying.length === 0) return;
    const family = operations.random.pick(dying);
    const { repository, tag, image } = family;
    if (!(await operations.undelete(repository, tag, image.digest))) return;
    // Those that were deleted by themselves meanwhile need not come back.
    family.referrers.length = 0;
    if (operations.random.chance(0.5)) family.isDying = false;
  };

  readonly #blobKeeper = async (operations: Operations): Promise<void> => {
    const layer = operations.random.pick(this.#stray);
    const register = this.#world.ledger.register(`blob ${BLOB_STORE}@${sha256(layer)}`);
    if (operations.random.chance(0.6)) {
      const pending = register.begin('push', { kind: 'set', value: 'there' });
      // Pushed under several requests: whatever became of them, it may be there.
      await operations.pushBlob(BLOB_STORE, layer);
      pending.leaveOpen();
    } else {
      await operations.deleteBlob(BLOB_STORE, sha256(layer));
    }
  };

  readonly #puller = async (operations: Operations): Promise<void> => {
    const { random } = operations;
    if (random.chance(0.3)) {
      const repository = random.pick(REPOSITORIES);
      const register = random.pick(movingTags(this.#world, repository));
      await operations.pull(repository, register.name.slice(register.name.lastIndexOf(':') + 1));
      return;
    }
    if (this.families.length === 0) return;
    const family = random.pick(this.families);
    await operations.pull(family.repository, family.tag, () => (family.isDying ? [] : [...family.referrers]));
  };
}
