import type { ManifestTies, RetentionIndex } from '../../index/retention.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';

/** What would go with a tag. */
export interface Departure {
  /** Tags that belong to a manifest that would go. */
  readonly tags: readonly Tag[];
  readonly manifests: readonly ManifestTies[];
}

/**
 * Says what `RetentionIndex.removeTags` would remove, one tag after the other, without changing anything. What it
 * said before counts as removed.
 */
export class RemovalModel {
  readonly #index: RetentionIndex;
  readonly #repository: RepositoryName;
  readonly #beforeMs: number;
  readonly #goneTags = new Set<Tag>();
  readonly #goneManifests = new Set<Digest>();
  /** Of each manifest, how many tags that point to it would be gone, and how many manifests that list it. */
  readonly #lostTags = new Map<Digest, number>();
  readonly #lostListings = new Map<Digest, number>();

  constructor(index: RetentionIndex, repository: RepositoryName, beforeMs: number) {
    this.#index = index;
    this.#repository = repository;
    this.#beforeMs = beforeMs;
  }

  async remove(tag: Tag, digest: Digest): Promise<Departure> {
    const tags: Tag[] = [];
    const manifests: ManifestTies[] = [];
    if (!this.#drop(tag, digest)) return { tags, manifests };
    const waiting = [digest];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (this.#goneManifests.has(next)) continue;
      const ties = await this.#index.ties(this.#repository, next);
      if (ties === undefined || this.#isNeeded(ties)) continue;
      this.#goneManifests.add(next);
      manifests.push(ties);
      for (const child of ties.children) increment(this.#lostListings, child);
      for (const attached of ties.attached) {
        if (this.#drop(attached.tag, attached.digest)) tags.push(attached.tag);
        waiting.push(attached.digest);
      }
      waiting.push(...ties.children, ...ties.referrers);
    }
    return { tags, manifests };
  }

  #drop(tag: Tag, digest: Digest): boolean {
    if (this.#goneTags.has(tag)) return false;
    this.#goneTags.add(tag);
    increment(this.#lostTags, digest);
    return true;
  }

  #isNeeded({ digest, pushedAtMs, askedAtMs = 0, tags, listedBy, subject }: ManifestTies): boolean {
    return (
      Math.max(pushedAtMs, askedAtMs) >= this.#beforeMs ||
      tags > (this.#lostTags.get(digest) ?? 0) ||
      listedBy > (this.#lostListings.get(digest) ?? 0) ||
      (subject !== undefined && !this.#goneManifests.has(subject))
    );
  }
}

function increment(counts: Map<Digest, number>, digest: Digest): void {
  counts.set(digest, (counts.get(digest) ?? 0) + 1);
}
