import type { ContentStore } from '../../content/content-store.ts';
import type { GarbageBlob, GarbageIndex, GarbageRule } from '../../index/garbage.ts';
import type { Index } from '../../index/index.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import { removeDiscarded } from '../remove-discarded.ts';
import { type Pace, SteadyPace } from './pace.ts';
import { pagesOf } from './pages.ts';

/** What is told while a collection goes on. In a dry run: what would be removed. */
export interface CollectionWatcher {
  /** Before anything of this repository. */
  repository?(name: RepositoryName): void;
  manifest?(repository: RepositoryName, digest: Digest): void;
  /** A blob that no manifest of the repository names; others may still hold it. */
  link?(repository: RepositoryName, digest: Digest): void;
  /** A blob that is in no repository any more. */
  blob?(blob: GarbageBlob): void;
}

/** What a collection did. In a dry run: what it would have done. */
export interface Collected {
  readonly repositories: number;
  readonly manifests: number;
  /** Blobs that were taken out of a repository. */
  readonly links: number;
  readonly blobs: number;
  /** Of those blobs. */
  readonly freedBytes: number;
  readonly keptBlobs: number;
}

export interface CollectionOptions {
  readonly rule: GarbageRule;
  readonly dryRun: boolean;
  readonly watcher?: CollectionWatcher;
  /** How fast; in a running registry others want to write too. */
  readonly pace?: Pace;
  /** So many are named in one transaction that removes. */
  readonly batch?: number;
}

const DEFAULT_BATCH = 50;

/** Fields of {@link Collected} while they are counted. */
type Count = { -readonly [K in keyof Collected]: Collected[K] };

/**
 * Removes what nothing needs any more, while pushes go on: manifests first, if they are asked for, then blobs from
 * their repositories, then blobs that are in none, and last their bytes. Each step is small, checks again what it
 * removes in the transaction that removes it, and leaves everything that is still listed whole. One that was cut off
 * is finished by the next.
 * @throws AggregateError where bytes could not be removed; they are tried again at the next collection
 */
export async function collectGarbage(
  deps: { index: Index; content: ContentStore },
  options: CollectionOptions,
): Promise<Collected> {
  const collection = new Collection(deps.index.garbage, options);
  const collected = await collection.run();
  if (!options.dryRun) await removeDiscarded(deps);
  return collected;
}

class Collection {
  readonly #index: GarbageIndex;
  readonly #rule: GarbageRule;
  readonly #dryRun: boolean;
  readonly #watcher: CollectionWatcher;
  readonly #pace: Pace;
  readonly #batch: number;
  readonly #count: Count = {
    repositories: 0,
    manifests: 0,
    links: 0,
    blobs: 0,
    freedBytes: 0,
    keptBlobs: 0,
  };

  constructor(index: GarbageIndex, options: CollectionOptions) {
    this.#index = index;
    this.#rule = options.rule;
    this.#dryRun = options.dryRun;
    this.#watcher = options.watcher ?? {};
    this.#pace = options.pace ?? new SteadyPace();
    this.#batch = options.batch ?? DEFAULT_BATCH;
  }

  async run(): Promise<Collected> {
    const repositories = pagesOf(async (page) => {
      const names = await this.#index.repositories(page);
      return { entries: names, next: names.length < page.limit ? undefined : names.at(-1) };
    });
    for await (const { entries } of repositories) for (const name of entries) await this.#repository(name);
    await this.#blobs();
    return this.#count;
  }

  async #repository(name: RepositoryName): Promise<void> {
    this.#count.repositories += 1;
    this.#watcher.repository?.(name);
    if (this.#rule.untaggedManifests) await this.#manifests(name);
    for await (const { garbage } of pagesOf((page) => this.#index.scanLinks(name, this.#rule, page))) {
      for (const digests of batches(garbage, this.#batch)) {
        const gone = await this.#write(digests, () => this.#index.removeLinks(name, this.#rule, digests));
        this.#count.links += gone.length;
        for (const digest of gone) this.#watcher.link?.(name, digest);
      }
    }
  }

  async #manifests(name: RepositoryName): Promise<void> {
    for await (const { garbage } of pagesOf((page) => this.#index.scanManifests(name, this.#rule, page))) {
      // A child cannot go before the last index that lists it: it is tried again after each of them.
      const waiting = [...garbage];
      while (waiting.length > 0) {
        const digests = waiting.splice(0, this.#batch);
        const { removed, children } = await this.#write({ removed: digests, children: [] }, () =>
          this.#index.removeManifests(name, this.#rule, digests),
        );
        waiting.push(...children);
        this.#count.manifests += removed.length;
        for (const digest of removed) this.#watcher.manifest?.(name, digest);
      }
    }
  }

  async #blobs(): Promise<void> {
    for await (const { garbage, kept } of pagesOf((page) => this.#index.scanBlobs(this.#rule, page))) {
      this.#count.keptBlobs += kept;
      for (const blobs of batches(garbage, this.#batch)) {
        const gone = await this.#write(blobs, () =>
          this.#index.removeBlobs(blobs.map((blob) => blob.digest)),
        );
        this.#count.keptBlobs += blobs.length - gone.length;
        this.#count.blobs += gone.length;
        for (const blob of gone) {
          this.#count.freedBytes += blob.sizeBytes;
          this.#watcher.blob?.(blob);
        }
      }
    }
  }

  /** One transaction, at the pace that leaves room for others; in a dry run none, and all is as found. */
  #write<T>(found: T, transaction: () => Promise<T>): Promise<T> {
    return this.#dryRun ? Promise.resolve(found) : this.#pace.step(transaction);
  }
}

function* batches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
