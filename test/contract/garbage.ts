import { beforeAll, describe, expect, it } from 'vitest';
import type { GarbageIndex, GarbageRule } from '../../src/index/garbage.ts';
import type { Index } from '../../src/index/index.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { newDigest, newRepository, putBlob, putManifest } from '../support/index-values.ts';

const LONG_AGO = 1;
const KEEPING: GarbageRule = { beforeMs: 500, keptSinceMs: undefined, untaggedManifests: false };
const UNTAGGED: GarbageRule = { beforeMs: 500, keptSinceMs: undefined, untaggedManifests: true };
const NOTE = { atMs: 1_000, cause: { kind: 'collection', actor: '', rule: 'a test' } } as const;
const ALL = { after: undefined, limit: 1_000_000 };

/** What every index promises of garbage. The index is closed by whoever opened it. */
export function garbageContract(opened: () => Index): void {
  let index: Index;
  let garbage: GarbageIndex;
  beforeAll(() => {
    index = opened();
    garbage = index.garbage;
  });

  const isGarbageBlob = async (digest: Digest, rule: GarbageRule): Promise<boolean> =>
    (await garbage.scanBlobs(rule, ALL)).garbage.some((blob) => blob.digest === digest);

  describe('garbage', () => {
    it('is a blob that no manifest of its repository names, once it is old', async () => {
      const [repository, elsewhere] = [newRepository(), newRepository()];
      const [named, unnamed, young] = [newDigest(), newDigest(), newDigest()];
      for (const digest of [named, unnamed]) await putBlob(index, repository, digest, 7, LONG_AGO);
      await putBlob(index, repository, young, 7, KEEPING.beforeMs);
      await putManifest(index, repository, { blobs: [named], atMs: LONG_AGO });
      await index.blobs.mount(elsewhere, named, repository, LONG_AGO);
      expect(await garbage.scanLinks(repository, KEEPING, ALL)).toEqual({
        garbage: [unnamed],
        kept: 2,
        next: undefined,
      });
      // Elsewhere a manifest names it, but that is of no use here.
      expect((await garbage.scanLinks(elsewhere, KEEPING, ALL)).garbage).toEqual([named]);
      expect(await isGarbageBlob(unnamed, KEEPING)).toBe(true);
      expect(await isGarbageBlob(young, KEEPING)).toBe(false);
      expect(await isGarbageBlob(named, KEEPING)).toBe(false);
    });

    it('is what only garbage names: a scan sees the end of a collection', async () => {
      const repository = newRepository();
      const [layer, shared] = [newDigest(), newDigest()];
      for (const digest of [layer, shared]) await putBlob(index, repository, digest, 7, LONG_AGO);
      const old = { atMs: LONG_AGO };
      const image = await putManifest(index, repository, { blobs: [layer, shared], ...old });
      const listing = await putManifest(index, repository, { children: [image.digest], ...old });
      const signature = await putManifest(index, repository, { subject: listing.digest, ...old });
      const kept = await putManifest(index, repository, { blobs: [shared], tags: ['kept'], ...old });
      const scanned = await garbage.scanManifests(repository, UNTAGGED, ALL);
      expect(new Set(scanned.garbage)).toEqual(new Set([image.digest, listing.digest, signature.digest]));
      expect(scanned.kept).toBe(1);
      expect((await garbage.scanManifests(repository, KEEPING, ALL)).garbage).toEqual([]);
      expect((await garbage.scanLinks(repository, UNTAGGED, ALL)).garbage).toEqual([layer]);
      expect((await garbage.scanLinks(repository, KEEPING, ALL)).garbage).toEqual([]);
      expect(await isGarbageBlob(layer, UNTAGGED)).toBe(true);
      expect(await isGarbageBlob(layer, KEEPING)).toBe(false);
      expect(await isGarbageBlob(shared, UNTAGGED)).toBe(false);
      expect(kept.tags).toEqual(['kept']);
    });

    it('is removed step by step: an index, its children, their blobs, the bytes', async () => {
      const repository = newRepository();
      const layer = newDigest();
      const key = await putBlob(index, repository, layer, 7, LONG_AGO);
      const old = { atMs: LONG_AGO };
      const image = await putManifest(index, repository, { blobs: [layer], ...old });
      const listing = await putManifest(index, repository, { children: [image.digest], ...old });
      const of = (...digests: Digest[]) => digests.map((digest) => ({ repository, digest }));
      const remove = (digests: Digest[], rule = UNTAGGED) =>
        garbage.removeManifests(rule, of(...digests), NOTE);
      const removeLinks = (...digests: Digest[]) => garbage.removeLinks(UNTAGGED, of(...digests), NOTE);
      expect(await remove([image.digest])).toEqual({ removed: [], children: [] });
      expect(await remove([listing.digest], KEEPING)).toEqual({ removed: [], children: [] });
      expect(await removeLinks(layer)).toEqual([]);
      expect(await remove([listing.digest])).toEqual({
        removed: of(listing.digest),
        children: of(image.digest),
      });
      expect(await remove([image.digest, listing.digest])).toEqual({
        removed: of(image.digest),
        children: [],
      });
      expect(await index.manifests.find(repository, image.digest)).toBeUndefined();
      // Until its keep time is over, it holds what it names.
      expect(await removeLinks(layer)).toEqual([]);
      expect(await index.manifests.read(image.digest)).toBeDefined();
      await index.trash.purge(Number.MAX_SAFE_INTEGER, 1_000_000, NOTE);
      expect(await index.manifests.read(image.digest)).toBeUndefined();
      expect(await garbage.removeBlobs([layer], NOTE)).toEqual([]);
      const elsewhere = [{ repository: newRepository(), digest: layer }];
      expect(await garbage.removeLinks(UNTAGGED, elsewhere, NOTE)).toEqual([]);
      expect(await removeLinks(layer, newDigest())).toEqual(of(layer));
      expect(await garbage.removeBlobs([layer, newDigest()], NOTE)).toEqual([
        { digest: layer, sizeBytes: 7 },
      ]);
      expect(await index.blobs.discarded(1_000_000)).toContain(key);
    });

    it('is listed in pages', async () => {
      const repository = newRepository();
      const digests = [newDigest(), newDigest(), newDigest()].toSorted();
      for (const digest of digests) await putBlob(index, repository, digest, 7, LONG_AGO);
      const first = await garbage.scanLinks(repository, KEEPING, { after: undefined, limit: 2 });
      expect(first).toEqual({ garbage: digests.slice(0, 2), kept: 0, next: digests[1] });
      const second = await garbage.scanLinks(repository, KEEPING, { after: first.next, limit: 2 });
      expect(second).toEqual({ garbage: digests.slice(2), kept: 0, next: undefined });
      const names = await garbage.repositories(ALL);
      expect(names).toContain(repository);
      expect(names).toEqual(names.toSorted());
    });
  });
}
