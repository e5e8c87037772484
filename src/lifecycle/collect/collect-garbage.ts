import type { ContentStore } from '../../content/content-store.ts';
import type {
  GarbageBlob,
  GarbageIndex,
  GarbageRule,
  InRepository,
  RemovalNote,
} from '../../index/garbage.ts';
import type { Index } from '../../index/index.ts';
import type { Cause } from '../../index/journal.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Clock } from '../../ports.ts';
import { removeDiscarded } from '../remove-discarded.ts';
import { freeOriginals } from '../takeover/free-originals.ts';
import { Batch } from './batch.ts';
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
  /** Manifests that had been deleted before and whose keep time is over. */
  readonly purged: number;
  /** Blobs that were taken out of a repository. */
  readonly links: number;
  readonly blobs: number;
  /** Of those blobs. */
  readonly freedBytes: number;
  readonly keptBlobs: number;
}

export interface CollectionOptions {
  readonly rule: GarbageRule;
  /** For the journal. */
  readonly cause: Cause;
  readonly clock: Clock;
  /** Whether files of registry:2 are removed too, without which it could no longer serve the folder. */
  readonly removesOriginals: boolean;
  readonly dryRun: boolean;
  readonly watcher?: CollectionWatcher;
  /** How fast; in a running registry others want to write too. */
  readonly pace?: Pace;
  /** So many are named in one transaction that removes. */
  readonly batch?: number;
  /** Cuts it off: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const DEFAULT_BATCH = 50;

type RemovedManifests = Awaited<ReturnType<GarbageIndex['removeManifests']>>;

/** Fields of {@link Collected} while they are counted. */
type Count = { -readonly [K in keyof Collected]: Collected[K] };

/**
 * Removes what nothing needs any more, while pushes go on: manifests first, if they are asked for, then those whose keep
 * time is over, then blobs from their repositories, then blobs that are in none, and last their bytes. Each step is
 * small, checks again what it removes in the transaction that removes it, and leaves everything that is still listed
 * whole. One that was cut off is finished by the next.
 * @throws AggregateError where bytes could not be removed; they are tried again at the next collection
 */
export async function collectGarbage(
  deps: { index: Index; content: ContentStore },
  options: CollectionOptions,
): Promise<Collected> {
  const collection = new Collection(deps.index, options);
  const collected = await collection.run();
  const { dryRun, removesOriginals: originals, signal } = options;
  if (!dryRun) {
    if (originals) await freeOriginals(deps, options.pace);
    await removeDiscarded(deps, { originals, signal });
  }
  return collected;
}

class Collection {
  readonly #index: Index;
  readonly #options: CollectionOptions;
  readonly #rule: GarbageRule;
  readonly #watcher: CollectionWatcher;
  readonly #pace: Pace;
  readonly #size: number;
  readonly #count: Count = {
    ...{ repositories: 0, manifests: 0, purged: 0, links: 0, blobs: 0, freedBytes: 0, keptBlobs: 0 },
  };

  constructor(index: Index, options: CollectionOptions) {
    this.#index = index;
    this.#options = options;
    this.#rule = options.rule;
    this.#watcher = options.watcher ?? {};
    this.#pace = options.pace ?? new SteadyPace();
    this.#size = options.batch ?? DEFAULT_BATCH;
  }

  async run(): Promise<Collected> {
    if (this.#rule.untaggedManifests) await this.#manifests();
    await this.#purge();
    await this.#links();
    await this.#blobs();
    return this.#count;
  }

  /** @param isFirstPass whether they are told of now */
  async *#repositories(isFirstPass: boolean): AsyncGenerator<RepositoryName> {
    const pages = pagesOf(this.#pace, async (page) => {
      const names = await this.#index.garbage.repositories(page);
      return { entries: names, next: names.length < page.limit ? undefined : names.at(-1) };
    });
    for await (const { entries } of pages) {
      for (const name of entries) {
        this.#options.signal?.throwIfAborted();
        if (isFirstPass) {
          this.#count.repositories += 1;
          this.#watcher.repository?.(name);
        }
        yield name;
      }
    }
  }

  async #manifests(): Promise<void> {
    const { garbage } = this.#index;
    // A child cannot go before the last index that lists it: it is tried again after each of them.
    const batch = new Batch<InRepository>(this.#size, async (manifests) => {
      const found = { removed: [...manifests], children: [] };
      const { removed, children } = await this.#write<RemovedManifests>(found, (note) =>
        garbage.removeManifests(this.#rule, manifests, note),
      );
      this.#count.manifests += removed.length;
      for (const { repository, digest } of removed) this.#watcher.manifest?.(repository, digest);
      return children;
    });
    for await (const repository of this.#repositories(true)) {
      for await (const page of pagesOf(this.#pace, (at) =>
        garbage.scanManifests(repository, this.#rule, at),
      )) {
        await batch.add(page.garbage.map((digest) => ({ repository, digest })));
      }
    }
    await batch.finish();
  }

  /** From here on, what these manifests named is as good as any other garbage. */
  async #purge(): Promise<void> {
    const keptSinceMs = this.#rule.keptSinceMs ?? Number.MAX_SAFE_INTEGER;
    if (this.#options.dryRun) {
      this.#count.purged = await this.#pace.read(() => this.#index.trash.countBefore(keptSinceMs));
      return;
    }
    for (let hasMore = true; hasMore; ) {
      const step = await this.#pace.step(() =>
        this.#index.trash.purge(keptSinceMs, this.#size, this.#note()),
      );
      this.#count.purged += step.manifests.length;
      hasMore = step.hasMore;
    }
    // Those that went just now are counted already; some may have been pushed again meanwhile.
    if (this.#rule.keptSinceMs === undefined) {
      this.#count.purged = Math.max(0, this.#count.purged - this.#count.manifests);
    }
  }

  async #links(): Promise<void> {
    const { garbage } = this.#index;
    const batch = new Batch<InRepository>(this.#size, async (blobs) => {
      const gone = await this.#write(blobs, (note) => garbage.removeLinks(this.#rule, blobs, note));
      this.#count.links += gone.length;
      for (const { repository, digest } of gone) this.#watcher.link?.(repository, digest);
      return [];
    });
    for await (const repository of this.#repositories(!this.#rule.untaggedManifests)) {
      for await (const page of pagesOf(this.#pace, (at) => garbage.scanLinks(repository, this.#rule, at))) {
        await batch.add(page.garbage.map((digest) => ({ repository, digest })));
      }
    }
    await batch.finish();
  }

  async #blobs(): Promise<void> {
    const { garbage } = this.#index;
    const batch = new Batch<GarbageBlob>(this.#size, async (blobs) => {
      const digests = blobs.map(({ digest }) => digest);
      const gone = await this.#write(blobs, (note) => garbage.removeBlobs(digests, note));
      this.#count.keptBlobs += blobs.length - gone.length;
      this.#count.blobs += gone.length;
      for (const blob of gone) {
        this.#count.freedBytes += blob.sizeBytes;
        this.#watcher.blob?.(blob);
      }
      return [];
    });
    for await (const page of pagesOf(this.#pace, (at) => garbage.scanBlobs(this.#rule, at))) {
      this.#options.signal?.throwIfAborted();
      this.#count.keptBlobs += page.kept;
      await batch.add(page.garbage);
    }
    await batch.finish();
  }

  /** One transaction, at the pace that leaves room for others; in a dry run none, and all is as found. */
  #write<T>(found: T, transaction: (note: RemovalNote) => Promise<T>): Promise<T> {
    if (this.#options.dryRun) return Promise.resolve(found);
    return this.#pace.step(() => transaction(this.#note()));
  }

  #note(): RemovalNote {
    this.#options.signal?.throwIfAborted();
    const { clock, cause } = this.#options;
    return { atMs: clock.now(), cause };
  }
}
