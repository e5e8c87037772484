import { describe, expect, it } from 'vitest';
import { newKey } from '../../../src/content/fs/layout.ts';
import type { Index } from '../../../src/index/index.ts';
import { KEY_USES, type KeyUse } from '../../../src/index/integrity.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/reference.ts';
import {
  beginUpload,
  manifestOf,
  newDigest,
  newRepository,
  putBlob,
  putManifest,
} from '../../support/index-values.ts';
import { ALL, FIRST_PAGE, type SharedIndex } from './under-test.ts';

const REASON = 'its bytes are missing';
const WHOLE = { after: undefined, limit: ALL };

async function openEntries(index: Index) {
  return (await index.integrity.quarantined(WHOLE)).filter(({ healedAtMs }) => healedAtMs === undefined);
}

async function keysIn(index: Index, use: KeyUse, limit = ALL): Promise<string[]> {
  const all: string[] = [];
  for (let after: string | undefined; ; ) {
    const { entries, next } = await index.integrity.keys(use, { after, limit });
    all.push(...entries);
    if (next === undefined) return all;
    after = next;
  }
}

/** What verifications ask and change. */
export function integrityContract(shared: SharedIndex): void {
  describe('a quarantined blob', () => {
    const quarantined = async () => {
      const { index } = shared;
      const [here, elsewhere] = [newRepository(), newRepository()];
      const digest = newDigest();
      const key = await putBlob(index, here, digest, 42);
      await index.blobs.mount(elsewhere, digest, here, 1);
      await putManifest(index, here, { blobs: [digest], tags: ['v1'] });
      expect(await index.integrity.quarantineBlob({ digest, key, reason: REASON, atMs: 7 })).toBe(true);
      return { index, here, elsewhere, digest, key };
    };

    it('is not there for anybody, also in another process, and its bytes are kept', async () => {
      const { index, here, elsewhere, digest, key } = await quarantined();
      const other = await shared.again();
      try {
        for (const seen of [index, other]) {
          expect(await seen.blobs.find(here, digest)).toBeUndefined();
          expect(await seen.blobs.find(elsewhere, digest)).toBeUndefined();
          expect(await seen.integrity.blob(digest)).toBeUndefined();
        }
      } finally {
        await other.close();
      }
      expect(await index.blobs.mount(newRepository(), digest, here, 1)).toBe(false);
      const asked = [here, elsewhere, newRepository()].map((repository) =>
        index.integrity.isQuarantined(repository, 'blob', digest),
      );
      expect(await Promise.all(asked)).toEqual([true, true, false]);
      expect(await shared.isDiscarded(key)).toBe(false);
      expect(await openEntries(index)).toContainEqual({
        id: expect.any(Number),
        kind: 'blob',
        digest,
        key,
        sizeBytes: 42,
        reason: REASON,
        atMs: 7,
        healedAtMs: undefined,
      });
    });

    it('makes a manifest that names it incomplete: one that is there, and one that is pushed', async () => {
      const { index, here, digest } = await quarantined();
      const [state] = await index.integrity.manifests(here, FIRST_PAGE);
      expect(state).toMatchObject({ hasBytes: true, absent: [digest] });
      expect(await index.manifests.put(manifestOf(here, { blobs: [digest] }))).toEqual({
        outcome: 'missing',
        digests: [digest],
      });
    });

    it('is healed by one push for all who hold it, and what was damaged stays in the list', async () => {
      const { index, here, elsewhere, digest, key } = await quarantined();
      const fresh = await putBlob(index, newRepository(), digest, 42, 9);
      for (const repository of [here, elsewhere]) {
        expect(await index.blobs.find(repository, digest)).toEqual({ digest, key: fresh, sizeBytes: 42 });
      }
      expect(await index.integrity.manifests(here, FIRST_PAGE)).toMatchObject([{ absent: [] }]);
      expect(await shared.isDiscarded(key)).toBe(false);
      const entries = await index.integrity.quarantined(WHOLE);
      expect(entries.find((entry) => entry.digest === digest)).toMatchObject({ key, healedAtMs: 9 });
    });

    it('may be damaged again', async () => {
      const { index, digest } = await quarantined();
      const fresh = await putBlob(index, newRepository(), digest, 42);
      expect(await index.integrity.quarantineBlob({ digest, key: fresh, reason: REASON, atMs: 8 })).toBe(
        true,
      );
      const entries = await index.integrity.quarantined(WHOLE);
      expect(entries.filter((entry) => entry.digest === digest)).toHaveLength(2);
    });

    it('gives its bytes up when it is discarded, and is forgotten once nothing waits for it', async () => {
      const { index, here, digest, key } = await quarantined();
      const entry = (await openEntries(index)).find((open) => open.digest === digest);
      const id = entry?.id ?? 0;
      expect(await index.integrity.discardQuarantined([id, ALL])).toBe(1);
      expect(await shared.isDiscarded(key)).toBe(true);
      expect((await openEntries(index)).find((open) => open.digest === digest)).toMatchObject({
        key: undefined,
      });
      expect(await index.blobs.find(here, digest)).toBeUndefined();
      await putBlob(index, here, digest, 42);
      expect(await index.integrity.discardQuarantined([id])).toBe(1);
      expect(await index.integrity.discardQuarantined([id])).toBe(0);
    });

    it('was not quarantined where a push came first', async () => {
      const { index } = shared;
      const repository = newRepository();
      const digest = newDigest();
      const old = await putBlob(index, repository, digest);
      const key = await putBlob(index, repository, digest);
      expect(await index.integrity.quarantineBlob({ digest, key: old, reason: REASON, atMs: 7 })).toBe(false);
      expect((await index.blobs.find(repository, digest))?.key).toBe(key);
      const unknown = { digest: newDigest(), key, reason: REASON, atMs: 7 };
      expect(await index.integrity.quarantineBlob(unknown)).toBe(false);
    });
  });

  describe('a quarantined manifest', () => {
    const quarantined = async (repositories: readonly RepositoryName[]) => {
      const { index } = shared;
      const received = manifestOf(repositories[0] ?? newRepository(), { tags: ['v1'] });
      for (const repository of repositories) await index.manifests.put({ ...received, repository });
      const { digest, bytes } = received;
      expect(await index.integrity.quarantineManifest({ digest, bytes, reason: REASON, atMs: 7 })).toBe(true);
      return { index, received, digest, bytes };
    };

    it('is not there under its digest or a tag, nor for an index that lists it', async () => {
      const repository = newRepository();
      const { index, received, digest, bytes } = await quarantined([repository]);
      expect(await index.manifests.find(repository, digest)).toBeUndefined();
      for (const tag of received.tags)
        expect(await index.manifests.findByTag(repository, tag)).toBeUndefined();
      expect(await index.manifests.read(digest)).toBeUndefined();
      expect(await index.manifests.put(manifestOf(repository, { children: [digest] }))).toEqual({
        outcome: 'missing',
        digests: [digest],
      });
      expect(await index.integrity.manifests(repository, FIRST_PAGE)).toEqual([]);
      for (const reference of [digest, ...received.tags]) {
        expect(await index.integrity.isQuarantined(repository, 'manifest', reference)).toBe(true);
        expect(await index.integrity.isQuarantined(newRepository(), 'manifest', reference)).toBe(false);
        expect(await index.integrity.isQuarantined(repository, 'blob', digest)).toBe(false);
      }
      expect(await openEntries(index)).toContainEqual(
        expect.objectContaining({ kind: 'manifest', digest, sizeBytes: bytes.byteLength, key: undefined }),
      );
    });

    it('is set aside where it is only among what was deleted, and told of when it comes back', async () => {
      const repository = newRepository();
      const { index } = shared;
      const received = manifestOf(repository, { tags: ['v1'] });
      await index.manifests.put(received);
      const { digest, bytes } = received;
      await index.manifests.remove(repository, digest, '', 5_000);
      expect(await index.integrity.quarantineManifest({ digest, bytes, reason: REASON, atMs: 7 })).toBe(true);
      const restored = await index.trash.restore({
        ...{ repository, wanted: { digest }, keptSinceMs: 0, moveTags: false, withTags: true },
        ...{ actor: '', atMs: 6_000 },
      });
      expect(restored).toMatchObject({ outcome: 'restored', tags: ['v1'], missing: [digest] });
      expect(await index.manifests.find(repository, digest)).toBeUndefined();
      await index.manifests.put({ ...received, tags: [] });
      expect((await index.manifests.findByTag(repository, 'v1' as never))?.digest).toBe(digest);
    });

    it('is healed by one push in every repository that has it, tags included', async () => {
      const [here, elsewhere] = [newRepository(), newRepository()];
      const { index, received, digest, bytes } = await quarantined([here, elsewhere]);
      await index.manifests.put({ ...received, tags: [] });
      for (const tag of received.tags) {
        expect((await index.manifests.findByTag(elsewhere, tag))?.digest).toBe(digest);
      }
      expect(Buffer.from((await index.manifests.read(digest)) ?? []).equals(Buffer.from(bytes))).toBe(true);
      expect((await openEntries(index)).some((entry) => entry.digest === digest)).toBe(false);
      expect(await index.integrity.isQuarantined(here, 'manifest', digest)).toBe(false);
    });

    it('was not quarantined where other bytes are there by now, or none names it', async () => {
      const repository = newRepository();
      const { digest } = await putManifest(shared.index, repository);
      const damaged = { digest, bytes: Buffer.from('other'), reason: REASON, atMs: 7 };
      expect(await shared.index.integrity.quarantineManifest(damaged)).toBe(false);
      expect(await shared.index.integrity.quarantineManifest({ ...damaged, bytes: undefined })).toBe(false);
      const unknown = { ...damaged, digest: newDigest(), bytes: undefined };
      expect(await shared.index.integrity.quarantineManifest(unknown)).toBe(false);
      expect(await shared.index.manifests.find(repository, digest)).toBeDefined();
    });
  });

  it('lists blobs, manifests and what a manifest lacks in pages', async () => {
    const { index } = await shared.openEmpty();
    const repository = newRepository();
    const digests = [newDigest(), newDigest(), newDigest()].toSorted();
    for (const digest of digests) await putBlob(index, repository, digest);
    const first = await index.integrity.blobs({ after: undefined, limit: 2 });
    expect(first.map(({ digest }) => digest)).toEqual(digests.slice(0, 2));
    const rest = await index.integrity.blobs({ after: digests[1], limit: 2 });
    expect(rest.map(({ digest }) => digest)).toEqual(digests.slice(2));
    const manifests = [
      await putManifest(index, repository, { blobs: digests }),
      await putManifest(index, repository, { blobs: digests.slice(1) }),
    ].toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
    const names = manifests.map(({ digest }) => digest);
    expect(await index.integrity.bodies({ after: undefined, limit: 1 })).toEqual(names.slice(0, 1));
    expect(await index.integrity.bodies({ after: names[0], limit: 5 })).toEqual(names.slice(1));
    const [gone] = digests.slice(2);
    if (gone !== undefined) await index.blobs.unlink(repository, gone);
    const states = await index.integrity.manifests(repository, { after: undefined, limit: 1 });
    expect(states).toEqual([
      { digest: names[0], mediaType: manifests[0]?.manifest.mediaType, hasBytes: true, absent: [gone] },
    ]);
    expect(await index.integrity.manifests(repository, { after: names[1], limit: 5 })).toEqual([]);
  });

  it('knows every key in one of its uses, in pages of any size', async () => {
    const { index } = await shared.openEmpty();
    const repository = newRepository();
    const digest = newDigest();
    const discarded = await putBlob(index, repository, digest);
    const blob = await putBlob(index, repository, digest);
    const aside = newDigest();
    const set = await putBlob(index, repository, aside);
    await index.integrity.quarantineBlob({ digest: aside, key: set, reason: REASON, atMs: 1 });
    const uploads: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { id, key } = await beginUpload(index, repository);
      const more = Array.from({ length: 11 }, newKey);
      for (const part of more) await index.uploads.claim(id, part, 1);
      uploads.push(key, ...more);
    }
    for (const limit of [1, 2, 5, 12, ALL]) {
      expect((await keysIn(index, 'upload', limit)).toSorted()).toEqual(uploads.toSorted());
      const others = await Promise.all(KEY_USES.slice(1).map((use) => keysIn(index, use, limit)));
      expect(others).toEqual([[blob], [set], [discarded]]);
    }
  });

  describe('a run', () => {
    const run = (name: string, owner: string, nowMs: number) => ({ name, owner, nowMs });
    const always = { dueBeforeMs: ALL, leftBeforeMs: 0 };

    it('goes on where it stands, for its owner, or for another once it was left', async () => {
      const { integrity } = shared.index;
      const name = newRepository();
      expect(await integrity.beginRun(run(name, 'a', 100), always)).toEqual({ after: undefined });
      expect(await integrity.saveRun(run(name, 'a', 110), 'sha256:7')).toBe(true);
      expect(await integrity.saveRun(run(name, 'b', 110), 'sha256:8')).toBe(false);
      expect(await integrity.beginRun(run(name, 'b', 120), { ...always, leftBeforeMs: 110 })).toBeUndefined();
      expect(await integrity.beginRun(run(name, 'a', 120), { ...always, leftBeforeMs: 110 })).toEqual({
        after: 'sha256:7',
      });
      expect(await integrity.beginRun(run(name, 'b', 130), { ...always, leftBeforeMs: 121 })).toEqual({
        after: 'sha256:7',
      });
      expect(await integrity.saveRun(run(name, 'a', 140), 'sha256:9')).toBe(false);
    });

    it('that is over begins again when it is due, at the beginning', async () => {
      const { integrity } = shared.index;
      const name = newRepository();
      await integrity.beginRun(run(name, 'a', 100), always);
      await integrity.saveRun(run(name, 'a', 110), 'sha256:7');
      await integrity.saveRun(run(name, 'a', 120), undefined);
      expect(await integrity.beginRun(run(name, 'a', 130), { ...always, dueBeforeMs: 120 })).toBeUndefined();
      expect(await integrity.beginRun(run(name, 'b', 130), { ...always, dueBeforeMs: 121 })).toEqual({
        after: undefined,
      });
      // Begun, not over: nobody else begins it.
      expect(await integrity.beginRun(run(name, 'a', 131), { ...always, leftBeforeMs: 130 })).toBeUndefined();
    });
  });

  it('takes the bytes of a manifest that is pushed again where others are kept', async () => {
    const repository = newRepository();
    const received = manifestOf(repository);
    await shared.index.manifests.put({ ...received, bytes: Buffer.from('damaged') });
    await shared.index.manifests.put(received);
    const kept = await shared.index.manifests.read(received.digest);
    expect(digestOf(kept ?? new Uint8Array())).toBe(received.digest);
  });
}
