import type { ContentStore } from '../../content/content-store.ts';
import type { OriginalTree, TreeEntry } from '../../content/original-tree.ts';
import type { Index } from '../../index/index.ts';
import type { KnownLink, OriginalPart } from '../../index/takeover.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Clock } from '../../ports.ts';
import { Findings } from './findings.ts';
import { Parts } from './parts.ts';
import { readBlob } from './read-blobs.ts';
import {
  AT_ONCE,
  batches,
  foldersOf,
  type Link,
  latestOf,
  linksBelow,
  noteOdd,
  type Reading,
} from './read-links.ts';
import { readManifest } from './read-manifest.ts';
import { readTags } from './read-tags.ts';
import { isRepositoryFolder, MARKERS, REPOSITORIES } from './repository-names.ts';

/** What a take-over reads from and writes to. */
export interface TakeOverParts {
  readonly index: Index;
  readonly content: ContentStore;
  readonly tree: OriginalTree;
  readonly clock: Clock;
}

const KNOWN_PAGE = 1000;

/** What was taken over before and is gone since: it was deleted here, and does not come back. */
async function deletedSince(index: Index, repository: RepositoryName): Promise<(link: Link) => boolean> {
  const gone = new Map<string, number>();
  let after: KnownLink | undefined;
  do {
    const page = await index.takeOver.known(repository, { after, limit: KNOWN_PAGE });
    for (const { digest, atMs, isHere } of page) if (!isHere) gone.set(digest, atMs);
    after = page.length < KNOWN_PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
  return ({ digest, atMs }) => atMs <= (gone.get(digest) ?? -1);
}

/**
 * Takes over one repository, in parts. It counts as taken over with the last of them; one that was cut off before
 * begins anew, and finds what is stored already. Nothing happens where the tree has no such repository.
 * @param store stores a part, at the caller's pace
 */
export async function takeOverRepository(
  { index, content, tree, clock }: TakeOverParts,
  repository: RepositoryName,
  store: (part: OriginalPart) => Promise<boolean>,
): Promise<void> {
  const folder = `${REPOSITORIES}/${repository}`;
  const found = new Findings();
  const entries = (await found.orNote(tree.list(folder))) ?? [];
  if (!isRepositoryFolder(entries)) return;
  const reading: Reading = { tree, found };
  const isListed = entries.some(({ name, kind }) => name === '_manifests' && kind === 'folder');
  const parts = new Parts({ repository, isListed, found, clock, store });
  const isGone = await deletedSince(index, repository);

  const revisions = latestOf(await linksBelow(reading, `${folder}/_manifests/revisions`));
  const named = new Named();
  const served = new Set<Digest>();
  for (const link of revisions.values()) {
    if (isGone(link) || !parts.isWaiting) continue;
    const read = await readManifest(reading, link);
    if (read === undefined) continue;
    served.add(link.digest);
    named.add(link, read.manifest.manifest);
    await parts.manifest(read.manifest, read.file);
  }

  const layers = latestOf(await linksBelow(reading, `${folder}/_layers`));
  const blobs = { ...reading, blobs: index.blobs, content, repository, expected: named.sizes };
  for (const links of batches(
    [...layers.values()].filter((link) => !isGone(link)),
    AT_ONCE,
  )) {
    if (!parts.isWaiting) break;
    for (const read of await Promise.all(links.map((link) => readBlob(blobs, link)))) {
      if (read !== undefined) await parts.blob(read.blob, read.file);
    }
  }
  await named.noteMissing(found, {
    hasBlob: async (digest) =>
      layers.has(digest) || (await index.blobs.find(repository, digest)) !== undefined,
    hasManifest: async (digest) =>
      revisions.has(digest) || (await index.manifests.find(repository, digest)) !== undefined,
  });

  const has = (digest: Digest): boolean => {
    const link = revisions.get(digest);
    return served.has(digest) || (link !== undefined && isGone(link));
  };
  for await (const tag of readTags(reading, `${folder}/_manifests/tags`, has)) await parts.tag(tag);
  await noteTheRest(reading, folder, entries);
  await parts.finish();
}

/** What manifests name, and how large they say that it is. */
class Named {
  readonly sizes = new Map<Digest, number>();
  readonly #blobs: (readonly [Digest, Link])[] = [];
  readonly #children: (readonly [Digest, Link])[] = [];

  add(link: Link, { blobs, manifests }: Manifest): void {
    for (const { digest, sizeBytes } of blobs) {
      this.sizes.set(digest, sizeBytes);
      this.#blobs.push([digest, link]);
    }
    for (const { digest } of manifests) this.#children.push([digest, link]);
  }

  async noteMissing(
    found: Findings,
    has: {
      hasBlob: (digest: Digest) => Promise<boolean>;
      hasManifest: (digest: Digest) => Promise<boolean>;
    },
  ): Promise<void> {
    for (const [digest, link] of this.#blobs) {
      if (!(await has.hasBlob(digest))) found.add('unlinked-blob', link.path, digest);
    }
    for (const [digest, link] of this.#children) {
      if (!(await has.hasManifest(digest))) found.add('missing-child', link.path, digest);
    }
  }
}

/** Uploads that were under way, and what no registry puts there. */
async function noteTheRest(reading: Reading, folder: string, entries: readonly TreeEntry[]): Promise<void> {
  const { found } = reading;
  for (const entry of entries) {
    if (entry.kind !== 'folder') noteOdd(found, folder, entry);
    else if (entry.name.startsWith('_') && !MARKERS.has(entry.name))
      found.add('foreign', `${folder}/${entry.name}`);
  }
  for (const { name } of await foldersOf(reading, `${folder}/_manifests`)) {
    if (name !== 'revisions' && name !== 'tags') found.add('foreign', `${folder}/_manifests/${name}`);
  }
  const uploads = await foldersOf(reading, `${folder}/_uploads`);
  if (uploads.length > 0) found.add('unfinished-uploads', `${folder}/_uploads`, `${uploads.length} of them`);
}
