import { setTimeout as sleep } from 'node:timers/promises';
import { originalKey } from '../../content/original-keys.ts';
import { TreeFault } from '../../content/original-tree.ts';
import type { TakeOverFigures } from '../../index/takeover.ts';
import { algorithmOf, type Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Logger } from '../../ports.ts';
import type { Preparation } from '../../registry/preparation.ts';
import { FULL_SPEED, type Pace } from '../collect/pace.ts';
import { Findings } from './findings.ts';
import { pathOfKey } from './read-manifest.ts';
import { type OriginalRepository, REPOSITORIES, repositoriesOf } from './repository-names.ts';
import { type TakeOverParts, takeOverRepository } from './take-over-repository.ts';
import { walkFiles } from './walk-files.ts';

const NAMES_BATCH = 500;
const WAITING_PAGE = 64;
const TELL_EVERY_MS = 5_000;

/** What a take-over works with. */
export interface TakeOverDependencies extends TakeOverParts {
  readonly log: Logger;
  /** Between the transactions that nobody waits for. */
  readonly pace: Pace;
  /** Repositories that are taken over at once. */
  readonly lanes: number;
  /** Told how far it has come, every few seconds and at the end. */
  readonly onProgress?: (figures: TakeOverFigures) => void;
}

/**
 * Takes over what a registry:2 or registry:3 left, while it is served: whatever is asked for before its turn is taken
 * over first. What was done is in the index, so that another process goes on where this one ends, and several may do
 * it together.
 */
export class TakeOver implements Preparation {
  readonly #deps: TakeOverDependencies;
  readonly #underWay = new Map<RepositoryName, Promise<void>>();
  readonly #failed = new Map<RepositoryName, unknown>();
  #listing: Promise<void> | undefined;
  #isListed = false;
  #isFinished = false;
  #isStopped = false;
  #toldAtMs = 0;

  constructor(deps: TakeOverDependencies) {
    this.#deps = deps;
  }

  /** Whether all is taken over, as far as this process knows. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  repository(name: RepositoryName): Promise<void> | undefined {
    return this.#isFinished ? undefined : this.#ensure(name);
  }

  /** How far it has come, from 0 to 1; undefined once it is finished. */
  async progress(): Promise<number | undefined> {
    if (this.#isFinished) return undefined;
    if (!this.#isListed) return 0;
    const { repositories, waiting } = await this.#deps.index.takeOver.progress();
    return repositories === 0 ? 1 : (repositories - waiting) / repositories;
  }

  holder(digest: Digest, among: 'any' | readonly string[]): Promise<void> | undefined {
    return this.#isFinished ? undefined : this.#takeOverHolder(digest, among);
  }

  names(): Promise<void> | undefined {
    return this.#isListed ? undefined : this.#list();
  }

  /**
   * Takes over all that waits. Does nothing once that is done.
   * @throws AggregateError where some of it could not be; the next run tries again
   */
  async run(): Promise<void> {
    if (this.#isFinished || this.#isStopped) return;
    const { index, log, clock } = this.#deps;
    this.#failed.clear();
    await index.takeOver.begin(clock.now());
    if (await this.#isFinishedElsewhere()) return;
    await this.names();
    await this.#takeOverWaiting();
    if (this.#failed.size > 0) {
      const names = [...this.#failed.keys()];
      throw new AggregateError(
        [...this.#failed.values()],
        `${names.length} repositories could not be taken over: ${names.slice(0, 5).join(', ')}`,
      );
    }
    if (this.#isStopped) return;
    await this.#walkFiles();
    if (this.#isStopped || !(await index.takeOver.finish(clock.now()))) return;
    this.#isFinished = true;
    // A request may still be at what is done by now.
    await Promise.allSettled(this.#underWay.values());
    await this.#deps.tree.close();
    const figures = await this.#figures();
    if (figures === undefined) return;
    this.#deps.onProgress?.(figures);
    const { repositories, manifests, tags, blobs, findings } = figures;
    log.info('the data folder of registry:2 is taken over', {
      repositories,
      manifests,
      tags,
      blobs,
      findings,
    });
  }

  /** Ends at the next step; what was stored stays. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled([this.#listing, ...this.#underWay.values()]);
    await this.#deps.tree.close();
  }

  async #isFinishedElsewhere(): Promise<boolean> {
    const status = await this.#deps.index.takeOver.status();
    this.#isListed = status?.listedAtMs !== undefined;
    this.#isFinished = status?.finishedAtMs !== undefined;
    return this.#isFinished;
  }

  async #ensure(name: RepositoryName): Promise<void> {
    const isDone = await this.#deps.index.takeOver.isDone(name);
    if (isDone === true || (isDone === undefined && this.#isListed)) return;
    await this.#takeOver(name, FULL_SPEED);
  }

  /** Takes over a repository that holds the blob, where none does of those that are taken over. */
  async #takeOverHolder(digest: Digest, among: 'any' | readonly string[]): Promise<void> {
    const { index } = this.#deps;
    if ((await index.blobs.holder(digest, among)) !== undefined) return;
    if (!(await this.#isLinked(pathOfKey(originalKey(digest)).replace(/\/data$/, '')))) return;
    await this.names();
    for (let after: RepositoryName | undefined; ; ) {
      const page = await index.takeOver.waiting({ after, limit: WAITING_PAGE });
      const names = page.filter((name) => among === 'any' || among.includes(name));
      const holds = await Promise.all(names.map((name) => this.#isLinked(layerOf(name, digest))));
      const holder = names.find((_, at) => holds[at]);
      if (holder !== undefined) return this.#ensure(holder);
      after = page.at(-1);
      if (after === undefined) return;
    }
  }

  /** Whether there is such a folder. What cannot be read is told when its turn comes. */
  async #isLinked(path: string): Promise<boolean> {
    try {
      return (await this.#deps.tree.list(path)) !== undefined;
    } catch (error) {
      if (error instanceof TreeFault) return false;
      throw error;
    }
  }

  /** One at a time for each repository, whoever asks. */
  #takeOver(name: RepositoryName, pace: Pace): Promise<void> {
    let underWay = this.#underWay.get(name);
    if (underWay === undefined) {
      const { index } = this.#deps;
      underWay = takeOverRepository(this.#deps, name, (part) =>
        pace.step(() => index.takeOver.store(part)),
      ).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, underWay);
    }
    return underWay;
  }

  /** Names come first, in one quick pass, so that the catalog is whole. */
  #list(): Promise<void> {
    this.#listing ??= this.#addNames().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  async #addNames(): Promise<void> {
    const { index, tree, clock } = this.#deps;
    await index.takeOver.begin(clock.now());
    if ((await this.#isFinishedElsewhere()) || this.#isListed) return;
    const found = new Findings();
    let batch: OriginalRepository[] = [];
    const send = async (): Promise<void> => {
      await index.takeOver.addRepositories(batch, clock.now());
      batch = [];
    };
    for await (const repository of repositoriesOf({ tree, found })) {
      if (this.#isStopped) return;
      batch.push(repository);
      if (batch.length >= NAMES_BATCH) await send();
    }
    if (await tree.isCache()) found.add('pull-through-cache', REPOSITORIES);
    await send();
    await index.takeOver.addFiles([], found.take());
    await index.takeOver.finishListing(clock.now());
    this.#isListed = true;
  }

  async #takeOverWaiting(): Promise<void> {
    const { index, lanes, pace } = this.#deps;
    let after: RepositoryName | undefined;
    for (;;) {
      const page = await index.takeOver.waiting({ after, limit: WAITING_PAGE });
      after = page.at(-1);
      if (after === undefined || this.#isStopped) return;
      // Several processes that share the folder then seldom meet at the same one.
      const names = shuffled(page);
      const lane = async (): Promise<void> => {
        for (let name = names.pop(); name !== undefined && !this.#isStopped; name = names.pop()) {
          const waiting = name;
          if (await index.takeOver.isDone(waiting)) continue;
          await this.#takeOver(waiting, pace).catch((error: unknown) => this.#failed.set(waiting, error));
          await this.#tell();
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
    }
  }

  async #walkFiles(): Promise<void> {
    const { index, tree, pace } = this.#deps;
    for await (const { files, findings } of walkFiles({ tree, found: new Findings() })) {
      if (this.#isStopped) return;
      await pace.step(() => index.takeOver.addFiles(files, findings));
    }
  }

  #figures(): Promise<TakeOverFigures | undefined> {
    return this.#deps.index.takeOver.figures();
  }

  async #tell(): Promise<void> {
    const now = performance.now();
    if (now - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = now;
    const figures = await this.#figures();
    if (figures === undefined) return;
    this.#deps.onProgress?.(figures);
    const { repositories, waiting, findings } = figures;
    this.#deps.log.info('taking over the data folder of registry:2; it is served meanwhile', {
      done: repositories - waiting,
      repositories,
      findings,
    });
    // Lets requests come between what the index answers without leaving the thread.
    await sleep(0);
  }
}

/** The folder of the link that puts a blob into a repository. */
function layerOf(repository: RepositoryName, digest: Digest): string {
  const algorithm = algorithmOf(digest);
  return `${REPOSITORIES}/${repository}/_layers/${algorithm}/${digest.slice(algorithm.length + 1)}`;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
