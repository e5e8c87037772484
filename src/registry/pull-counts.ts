import type { CountedPulls, PullCount, PullIndex } from '../index/pulls.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { Clock, Logger } from '../ports.ts';

/** So many tags and manifests are recorded at once without waiting for their time. */
const BATCH = 1_000;
/** Of more, the pulls are not remembered: the index must have been out of order for a while. About 5 MB. */
const MOST = 20_000;

type Count = { -readonly [K in keyof PullCount]: PullCount[K] };

interface Counts {
  readonly manifests: Map<Digest, Count>;
  readonly tags: Map<Tag, Count>;
}

/**
 * Counts pulls of manifests in memory; `flush` adds them to the index, in one transaction. Nobody waits for that: a
 * process that is killed loses what it has counted since, and nothing is ever counted twice.
 */
export class PullCounts {
  readonly #index: PullIndex;
  readonly #clock: Clock;
  readonly #log: Logger;
  #repositories = new Map<RepositoryName, Counts>();
  /** Entries in `#repositories`. */
  #size = 0;
  #dropped = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(deps: { index: { readonly pulls: PullIndex }; clock: Clock; log: Logger }) {
    this.#index = deps.index.pulls;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Notes a pull. @param tag where it was asked for by tag */
  count(repository: RepositoryName, digest: Digest, tag: Tag | undefined): void {
    const pull = { pulls: 1, lastAtMs: this.#clock.now() };
    const { manifests, tags } = this.#countsOf(repository);
    const before = this.#size;
    this.#add(manifests, digest, pull);
    if (tag !== undefined) this.#add(tags, tag, pull);
    if (before < BATCH && this.#size >= BATCH) void this.flush();
  }

  /** Records what was counted until now. Never throws: what cannot be recorded waits for the next time. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#record());
    return this.#flushing;
  }

  async #record(): Promise<void> {
    if (this.#size === 0) return;
    const counted = this.#take();
    try {
      await this.#index.record(counted);
    } catch (error) {
      this.#putBack(counted);
      this.#log.error('pulls could not be added to the statistics; trying again', { error });
    }
    if (this.#dropped > 0) this.#log.error('pulls are missing in the statistics', { pulls: this.#dropped });
    this.#dropped = 0;
  }

  #take(): CountedPulls[] {
    const taken = [...this.#repositories].map(([repository, { manifests, tags }]) => ({
      repository,
      manifests: [...manifests].map(([digest, count]) => ({ digest, ...count })),
      tags: [...tags].map(([tag, count]) => ({ tag, ...count })),
    }));
    this.#repositories = new Map();
    this.#size = 0;
    return taken;
  }

  #putBack(counted: readonly CountedPulls[]): void {
    for (const { repository, ...pulled } of counted) {
      const { manifests, tags } = this.#countsOf(repository);
      for (const pull of pulled.manifests) this.#add(manifests, pull.digest, pull);
      for (const pull of pulled.tags) this.#add(tags, pull.tag, pull);
    }
  }

  #countsOf(repository: RepositoryName): Counts {
    let counts = this.#repositories.get(repository);
    if (counts === undefined) {
      counts = { manifests: new Map(), tags: new Map() };
      this.#repositories.set(repository, counts);
    }
    return counts;
  }

  #add<K>(counts: Map<K, Count>, key: K, { pulls, lastAtMs }: PullCount): void {
    const count = counts.get(key);
    if (count !== undefined) {
      count.pulls += pulls;
      count.lastAtMs = Math.max(count.lastAtMs, lastAtMs);
    } else if (this.#size < MOST) {
      counts.set(key, { pulls, lastAtMs });
      this.#size += 1;
    } else {
      this.#dropped += pulls;
    }
  }
}
