import { randomUUID } from 'node:crypto';
import type { GarbageRule } from '../../src/index/garbage.ts';
import type { ReceivedManifest } from '../../src/index/manifests.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/reference.ts';
import { manifestOf } from './index-values.ts';

/** A repository as a client that remembers every answer sees it. */
export interface ModelRepository {
  readonly name: RepositoryName;
  readonly manifests: Map<Digest, { readonly received: ReceivedManifest; pushedAtMs: number }>;
  readonly tags: Map<string, Digest>;
  /** Blobs, and when each came. */
  readonly links: Map<Digest, number>;
}

function newRepository(name: string): ModelRepository {
  return { name: parseRepositoryName(name), manifests: new Map(), tags: new Map(), links: new Map() };
}

const BLOBS = ['a', 'b', 'c'].map((text) => digestOf(Buffer.from(text)));

/** Manifests, at each call in another order, of every kind that refers to another, a nested index and a pair that keeps each other among them. */
function manifestsOf(repository: RepositoryName): ReceivedManifest[] {
  const [a, b, c] = BLOBS as [Digest, Digest, Digest];
  const make = (unique: string, options: Parameters<typeof manifestOf>[1]): ReceivedManifest =>
    manifestOf(repository, { ...options, annotations: { unique, salt: randomUUID() } });
  const image = make('image', { blobs: [a, b] });
  const other = make('other image', { blobs: [b, c] });
  const index = make('index', { children: [image.digest] });
  const both = make('index of both', { children: [image.digest, other.digest] });
  const nested = make('nested index', { children: [index.digest, other.digest] });
  const signature = make('signature', { blobs: [c], subject: image.digest });
  const ofIndex = make('signature of an index', { blobs: [a], subject: both.digest });
  const ofSignature = make('signature of a signature', { blobs: [], subject: signature.digest });
  const ring = make('index of its own subject', { children: [other.digest], subject: other.digest });
  const lost = make('signature of nothing', { blobs: [b], subject: digestOf(Buffer.from('nothing')) });
  return [image, other, index, both, nested, signature, ofIndex, ofSignature, ring, lost];
}

/** What clients were promised, and by that what a collection may take. */
export class CollectionModel {
  readonly repositories = [newRepository('one'), newRepository('two/three')];
  readonly blobs = BLOBS;
  readonly #pools = new Map(this.repositories.map(({ name }) => [name, manifestsOf(name)]));

  pool(repository: ModelRepository): readonly ReceivedManifest[] {
    return this.#pools.get(repository.name) ?? [];
  }

  /** The manifests that must stay, found from the tags downwards. */
  living(repository: ModelRepository, { beforeMs }: GarbageRule): Set<Digest> {
    const { manifests, tags } = repository;
    const living = new Set<Digest>(tags.values());
    for (const [digest, { pushedAtMs }] of manifests) if (pushedAtMs >= beforeMs) living.add(digest);
    for (let before = -1; before < living.size; ) {
      before = living.size;
      for (const [digest, { received }] of manifests) {
        const { subject, manifests: children } = received.manifest;
        if (subject !== undefined && living.has(subject)) living.add(digest);
        if (living.has(digest)) for (const child of children) living.add(child.digest);
      }
    }
    return living;
  }

  /** The blobs that these manifests need. */
  needed(repository: ModelRepository, manifests: Iterable<Digest>): Set<Digest> {
    const needed = new Set<Digest>();
    for (const digest of manifests) {
      const blobs = repository.manifests.get(digest)?.received.manifest.blobs ?? [];
      for (const blob of blobs) needed.add(blob.digest);
    }
    return needed;
  }

  isListed(repository: ModelRepository, child: Digest): boolean {
    return [...repository.manifests.values()].some(({ received }) =>
      received.manifest.manifests.some(({ digest }) => digest === child),
    );
  }
}
