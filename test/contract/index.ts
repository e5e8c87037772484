import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Index } from '../../src/index/index.ts';
import type { ReceivedManifest } from '../../src/index/manifests.ts';
import type { HistoryPage } from '../../src/index/tags.ts';
import { uploadOffset } from '../../src/index/uploads.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import type { Precondition } from '../../src/oci/precondition.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/reference.ts';
import {
  beginUpload,
  manifestOf,
  newDigest,
  newKey,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../support/index-values.ts';
import { garbageContract } from './garbage.ts';
import { indexModelProperty } from './index-model.ts';

/** A move of a tag, as the index keeps it. */
export interface TagEvent {
  readonly tag: string;
  readonly digest: string | null;
  readonly previous: string | null;
  readonly actor: string;
  readonly at: number;
}

/** An index that is empty and nobody else's. */
export interface IndexUnderTest {
  readonly index: Index;
  /** The same index as another process sees it; the caller closes it. */
  again(): Promise<Index>;
  /** A repository's history of tags, the oldest first, with what no port tells. */
  tagEvents(repository: RepositoryName): Promise<readonly TagEvent[]>;
  /** How many bodies of manifests are kept under the digest. */
  bodies(digest: Digest): Promise<number>;
  /** Closes the index and removes it. */
  remove(): Promise<void>;
}

const ALL = 1_000_000;
const FIRST_PAGE = { after: undefined, limit: 100 };
const WHOLE_HISTORY = { beforeMs: undefined, sinceMs: undefined, digest: undefined, limit: 100 };

/** What every index promises. Call it inside a `describe` that names the adapter. */
export function indexContract(open: () => Promise<IndexUnderTest>): void {
  let place: IndexUnderTest;
  let index: Index;

  beforeAll(async () => {
    place = await open();
    index = place.index;
  });

  afterAll(() => place.remove());

  /** An index with nothing in it, for questions about all there is. */
  const openEmpty = async (): Promise<IndexUnderTest> => {
    const empty = await open();
    onTestFinished(() => empty.remove());
    return empty;
  };

  const isDiscarded = async (key: string): Promise<boolean> =>
    (await index.blobs.discarded(ALL)).includes(key);

  garbageContract(() => index);

  describe('blobs', () => {
    it('are unknown until they are committed, and then in their repository alone', async () => {
      const [here, elsewhere] = [newRepository(), newRepository()];
      const digest = newDigest();
      expect(await index.blobs.find(here, digest)).toBeUndefined();
      const key = await putBlob(index, here, digest, 42);
      await putBlob(index, elsewhere, newDigest());
      expect(await index.blobs.find(here, digest)).toEqual({ digest, key, sizeBytes: 42 });
      expect(await index.blobs.find(elsewhere, digest)).toBeUndefined();
      expect(await index.blobs.find(newRepository(), digest)).toBeUndefined();
    });

    it('may be empty, and larger than 4 GiB', async () => {
      const repository = newRepository();
      for (const size of [0, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
        const digest = newDigest();
        await putBlob(index, repository, digest, size);
        expect((await index.blobs.find(repository, digest))?.sizeBytes).toBe(size);
      }
    });

    it('end their upload when they are committed', async () => {
      const repository = newRepository();
      const { id, key } = await beginUpload(index, repository);
      const blob = { uploadId: id, repository, digest: newDigest(), key, sizeBytes: 1, atMs: 1 };
      expect(await index.blobs.commit(blob)).toBe('committed');
      expect(await index.uploads.find(id)).toBeUndefined();
      expect(await isDiscarded(key)).toBe(false);
      expect(await index.blobs.commit(blob)).toBe('unknown-upload');
    });

    it('of an unknown upload change nothing', async () => {
      const repository = newRepository();
      const digest = newDigest();
      const key = await putBlob(index, repository, digest);
      const other = newRepository();
      const late = newKey();
      for (const [target, what] of [
        [repository, digest],
        [other, digest],
        [other, newDigest()],
      ] as const) {
        const blob = {
          uploadId: randomUUID(),
          repository: target,
          digest: what,
          key: late,
          sizeBytes: 7,
          atMs: 1,
        };
        expect(await index.blobs.commit(blob)).toBe('unknown-upload');
      }
      expect(await index.blobs.find(repository, digest)).toEqual({ digest, key, sizeBytes: 10 });
      expect(await index.blobs.find(other, digest)).toBeUndefined();
      expect(await isDiscarded(late)).toBe(false);
    });

    it('that are pushed again move to the new key and discard the old one', async () => {
      const [first, second] = [newRepository(), newRepository()];
      const digest = newDigest();
      const old = await putBlob(index, first, digest);
      const { id, key } = await beginUpload(index, second);
      await index.blobs.commit({ uploadId: id, repository: second, digest, key, sizeBytes: 10, atMs: 1 });
      for (const repository of [first, second]) {
        expect((await index.blobs.find(repository, digest))?.key).toBe(key);
      }
      expect(await isDiscarded(old)).toBe(true);
      expect(await isDiscarded(key)).toBe(false);
    });

    it('discard whatever else their upload had', async () => {
      const repository = newRepository();
      const { id, key } = await beginUpload(index, repository);
      await index.uploads.advance({ id, key, partBytes: 5, fromBytes: 0, atMs: 1 });
      const [idle, whole] = [newKey(), newKey()];
      await index.uploads.claim(id, idle, 1);
      await index.uploads.claim(id, whole, 1);
      await index.blobs.commit({
        uploadId: id,
        repository,
        digest: newDigest(),
        key: whole,
        sizeBytes: 9,
        atMs: 1,
      });
      expect(await isDiscarded(key)).toBe(true);
      expect(await isDiscarded(idle)).toBe(true);
      expect(await isDiscarded(whole)).toBe(false);
    });

    it('are mounted where the source has them, as often as asked', async () => {
      const [from, to] = [newRepository(), newRepository()];
      const digest = newDigest();
      const key = await putBlob(index, from, digest);
      expect(await index.blobs.mount(to, digest, from, 1)).toBe(true);
      expect(await index.blobs.mount(to, digest, from, 1)).toBe(true);
      expect(await index.blobs.mount(from, digest, from, 1)).toBe(true);
      expect(await index.blobs.find(to, digest)).toEqual({ digest, key, sizeBytes: 10 });
    });

    it('are not mounted from a source that does not have them', async () => {
      const [holder, from, to] = [newRepository(), newRepository(), newRepository()];
      const digest = newDigest();
      await putBlob(index, holder, digest);
      await putBlob(index, from, newDigest());
      expect(await index.blobs.mount(to, digest, from, 1)).toBe(false);
      expect(await index.blobs.mount(to, digest, newRepository(), 1)).toBe(false);
      expect(await index.blobs.mount(to, newDigest(), holder, 1)).toBe(false);
      await index.blobs.unlink(holder, digest);
      expect(await index.blobs.mount(to, digest, holder, 1)).toBe(false);
      expect(await index.blobs.find(to, digest)).toBeUndefined();
    });

    it('have a holder, told only of repositories that may be told of', async () => {
      const [holder, other] = [newRepository(), newRepository()];
      const digest = newDigest();
      expect(await index.blobs.holder(digest, 'any')).toBeUndefined();
      await putBlob(index, holder, digest);
      await putBlob(index, other, newDigest());
      expect(await index.blobs.holder(digest, 'any')).toBe(holder);
      expect(await index.blobs.holder(digest, [newRepository(), other, holder])).toBe(holder);
      expect(await index.blobs.holder(digest, [other, newRepository(), 'no name at all'])).toBeUndefined();
      expect(await index.blobs.holder(digest, [])).toBeUndefined();
      await index.blobs.unlink(holder, digest);
      expect(await index.blobs.holder(digest, 'any')).toBeUndefined();
    });

    it('are taken out of one repository and stay in the others', async () => {
      const [one, two] = [newRepository(), newRepository()];
      const digest = newDigest();
      const key = await putBlob(index, one, digest);
      await index.blobs.mount(two, digest, one, 1);
      expect(await index.blobs.unlink(one, digest)).toBe(true);
      expect(await index.blobs.unlink(one, digest)).toBe(false);
      expect(await index.blobs.unlink(one, newDigest())).toBe(false);
      expect(await index.blobs.unlink(newRepository(), digest)).toBe(false);
      expect(await index.blobs.find(one, digest)).toBeUndefined();
      expect((await index.blobs.find(two, digest))?.key).toBe(key);
      expect(await isDiscarded(key)).toBe(false);
    });

    it('give their discarded keys in parts until those are forgotten', async () => {
      const { index: empty } = await openEmpty();
      expect(await empty.blobs.discarded(10)).toEqual([]);
      const repository = newRepository();
      const digest = newDigest();
      const keys: string[] = [];
      for (let count = 0; count < 6; count += 1) keys.push(await putBlob(empty, repository, digest));
      const kept = keys.pop();
      expect(await empty.blobs.discarded(2)).toHaveLength(2);
      expect((await empty.blobs.discarded(100)).sort()).toEqual([...keys].sort());
      const gone = keys.splice(0, 2);
      await empty.blobs.forget([...gone, 'never seen']);
      await empty.blobs.forget([]);
      expect((await empty.blobs.discarded(100)).sort()).toEqual([...keys].sort());
      await empty.blobs.forget(keys);
      expect(await empty.blobs.discarded(100)).toEqual([]);
      expect((await empty.blobs.find(repository, digest))?.key).toBe(kept);
    });
  });

  describe('uploads', () => {
    it('are found with what was acknowledged', async () => {
      const repository = newRepository();
      expect(await index.uploads.find(randomUUID())).toBeUndefined();
      const { id, key } = await beginUpload(index, repository, 77);
      expect(await index.uploads.find(id)).toEqual({ id, repository, parts: [], startedAtMs: 77 });
      await index.uploads.advance({ id, key, partBytes: 5, fromBytes: 0, atMs: 100 });
      const found = await index.uploads.find(id);
      expect(found).toEqual({ id, repository, parts: [{ key, sizeBytes: 5 }], startedAtMs: 77 });
      expect(found && uploadOffset(found)).toBe(5);
    });

    it('have ids that are used once', async () => {
      const repository = newRepository();
      const { id, key } = await beginUpload(index, repository);
      const again = { id, repository: newRepository(), key: newKey(), atMs: 5 };
      await expect(index.uploads.create(again)).rejects.toThrow();
      expect((await index.uploads.find(id))?.repository).toBe(repository);
      expect(await index.uploads.advance({ id, key, partBytes: 1, fromBytes: 0, atMs: 6 })).toBe('advanced');
    });

    it('keep parts in the order in which they were claimed', async () => {
      const { id, key } = await beginUpload(index, newRepository());
      await index.uploads.advance({ id, key, partBytes: 5, fromBytes: 0, atMs: 1 });
      const [second, third] = [newKey(), newKey()];
      expect(await index.uploads.claim(id, second, 2)).toBe(true);
      await index.uploads.advance({ id, key: second, partBytes: 7, fromBytes: 5, atMs: 3 });
      expect(await index.uploads.claim(id, third, 2)).toBe(true);
      await index.uploads.advance({ id, key: third, partBytes: 1, fromBytes: 12, atMs: 3 });
      expect((await index.uploads.find(id))?.parts).toEqual([
        { key, sizeBytes: 5 },
        { key: second, sizeBytes: 7 },
        { key: third, sizeBytes: 1 },
      ]);
    });

    it('do not count a key that was claimed and holds nothing acknowledged', async () => {
      const { id } = await beginUpload(index, newRepository());
      await index.uploads.claim(id, newKey(), 2);
      expect((await index.uploads.find(id))?.parts).toEqual([]);
    });

    it('that are unknown cannot be claimed, advanced or removed', async () => {
      const id = randomUUID();
      const key = newKey();
      expect(await index.uploads.claim(id, key, 1)).toBe(false);
      expect(await index.uploads.advance({ id, key, partBytes: 1, fromBytes: 0, atMs: 1 })).toBe(
        'unknown-upload',
      );
      expect(await index.uploads.remove(id)).toBe(false);
      expect(await isDiscarded(key)).toBe(false);
    });

    it('let a part grow while it is the last', async () => {
      const { id, key } = await beginUpload(index, newRepository());
      for (const [from, to] of [
        [0, 4],
        [4, 9],
        [9, 10],
      ] as const) {
        const step = { id, key, partBytes: to, fromBytes: from, atMs: 1 };
        expect(await index.uploads.advance(step)).toBe('advanced');
      }
      expect((await index.uploads.find(id))?.parts).toEqual([{ key, sizeBytes: 10 }]);
    });

    it('let no part grow but the last', async () => {
      const { id, key } = await beginUpload(index, newRepository());
      await index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 });
      const second = newKey();
      await index.uploads.claim(id, second, 1);
      await index.uploads.advance({ id, key: second, partBytes: 3, fromBytes: 4, atMs: 1 });
      const late = { id, key, partBytes: 9, fromBytes: 7, atMs: 1 };
      expect(await index.uploads.advance(late)).toBe('offset-moved');
      expect((await index.uploads.find(id))?.parts).toEqual([
        { key, sizeBytes: 4 },
        { key: second, sizeBytes: 3 },
      ]);
    });

    it('let a part grow after a later one was claimed in vain', async () => {
      const { id, key } = await beginUpload(index, newRepository());
      await index.uploads.claim(id, newKey(), 1);
      expect(await index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 })).toBe('advanced');
    });

    it('let no part that was claimed before another grow once that one holds bytes', async () => {
      const { id } = await beginUpload(index, newRepository());
      const [second, third] = [newKey(), newKey()];
      await index.uploads.claim(id, second, 1);
      await index.uploads.claim(id, third, 1);
      await index.uploads.advance({ id, key: third, partBytes: 4, fromBytes: 0, atMs: 1 });
      const late = { id, key: second, partBytes: 4, fromBytes: 4, atMs: 1 };
      expect(await index.uploads.advance(late)).toBe('offset-moved');
    });

    it('advance from where they stand only, and under their own keys', async () => {
      const { id, key } = await beginUpload(index, newRepository());
      await index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 });
      for (const fromBytes of [0, 3, 5]) {
        expect(await index.uploads.advance({ id, key, partBytes: 9, fromBytes, atMs: 1 })).toBe(
          'offset-moved',
        );
      }
      const foreign = { id, key: newKey(), partBytes: 9, fromBytes: 4, atMs: 1 };
      expect(await index.uploads.advance(foreign)).toBe('offset-moved');
      expect((await index.uploads.find(id))?.parts).toEqual([{ key, sizeBytes: 4 }]);
    });

    it('let one of two requests win that began at the same offset, in any processes', async () => {
      const other = await place.again();
      onTestFinished(() => other.close());
      for (let round = 0; round < 20; round += 1) {
        const { id, key } = await beginUpload(index, newRepository());
        const second = newKey();
        await other.uploads.claim(id, second, 1);
        const outcomes = await Promise.all([
          index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 }),
          other.uploads.advance({ id, key: second, partBytes: 6, fromBytes: 0, atMs: 1 }),
        ]);
        expect([...outcomes].sort()).toEqual(['advanced', 'offset-moved']);
        const winner = outcomes[0] === 'advanced' ? { key, sizeBytes: 4 } : { key: second, sizeBytes: 6 };
        expect((await index.uploads.find(id))?.parts).toEqual([winner]);
      }
    });

    it('discard every key when they are removed', async () => {
      const { id, key } = await beginUpload(index, newRepository());
      await index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 });
      const claimed = newKey();
      await index.uploads.claim(id, claimed, 1);
      expect(await index.uploads.remove(id)).toBe(true);
      expect(await index.uploads.remove(id)).toBe(false);
      expect(await index.uploads.find(id)).toBeUndefined();
      expect(await isDiscarded(key)).toBe(true);
      expect(await isDiscarded(claimed)).toBe(true);
    });

    it('are stale since they were touched last, in any way', async () => {
      const { index: empty } = await openEmpty();
      const repository = newRepository();
      const ids: string[] = [];
      for (const atMs of [400, 100, 300, 200]) ids.push((await beginUpload(empty, repository, atMs)).id);
      const [newest, oldest, third, second] = ids;
      expect(await empty.uploads.stale(100, 10)).toEqual([]);
      expect(await empty.uploads.stale(101, 10)).toEqual([oldest]);
      expect(await empty.uploads.stale(1_000, 10)).toEqual([oldest, second, third, newest]);
      expect(await empty.uploads.stale(1_000, 2)).toEqual([oldest, second]);
      await empty.uploads.claim(oldest ?? '', newKey(), 500);
      expect(await empty.uploads.stale(1_000, 10)).toEqual([second, third, newest, oldest]);
      const { id, key } = await beginUpload(empty, repository, 50);
      await empty.uploads.advance({ id, key, partBytes: 1, fromBytes: 0, atMs: 600 });
      expect(await empty.uploads.stale(600, 10)).toEqual([second, third, newest, oldest]);
      expect(await empty.uploads.stale(601, 10)).toEqual([second, third, newest, oldest, id]);
    });
  });

  describe('manifests', () => {
    it('are found by digest and by tag, with the bytes that came', async () => {
      const repository = newRepository();
      const blob = newDigest();
      await putBlob(index, repository, blob);
      const received = await putManifest(index, repository, { blobs: [blob], tags: ['v1', 'latest'] });
      const record = {
        digest: received.digest,
        mediaType: MediaType.ociArtifact,
        sizeBytes: received.bytes.byteLength,
      };
      expect(await index.manifests.find(repository, received.digest)).toEqual(record);
      expect(await index.manifests.findByTag(repository, tag('v1'))).toEqual(record);
      expect(await index.manifests.findByTag(repository, tag('latest'))).toEqual(record);
      expect(Buffer.from((await index.manifests.read(received.digest)) ?? [])).toEqual(received.bytes);
    });

    it('are found nowhere else', async () => {
      const repository = newRepository();
      const { digest } = await putManifest(index, repository, { tags: ['v1'] });
      expect(await index.manifests.find(newRepository(), digest)).toBeUndefined();
      expect(await index.manifests.find(repository, newDigest())).toBeUndefined();
      expect(await index.manifests.findByTag(repository, tag('V1'))).toBeUndefined();
      expect(await index.manifests.findByTag(newRepository(), tag('v1'))).toBeUndefined();
      expect(await index.manifests.read(newDigest())).toBeUndefined();
    });

    it('are kept byte by byte, whatever the bytes are', async () => {
      const repository = newRepository();
      const base = manifestOf(repository);
      const text = `\n\t${Buffer.from(base.bytes).toString()} \0\u{1f600}`;
      const whole = Buffer.from(`before${text}after`);
      // A part of a larger buffer, as requests have them.
      const bytes = whole.subarray(6, whole.byteLength - 5);
      const digest = digestOf(bytes);
      await index.manifests.put({ ...base, bytes, digest });
      const found = await index.manifests.read(digest);
      expect(Buffer.from(found ?? []).equals(bytes)).toBe(true);
    });

    it('of 4 MiB are taken', async () => {
      const repository = newRepository();
      const bytes = Buffer.alloc(4 * 1024 * 1024, ' ');
      const digest = digestOf(Buffer.concat([bytes, Buffer.from(randomUUID())]));
      await index.manifests.put({ ...manifestOf(repository), bytes, digest });
      expect((await index.manifests.read(digest))?.byteLength).toBe(bytes.byteLength);
    });

    it('with parts that are missing change nothing, and say which', async () => {
      const [repository, elsewhere] = [newRepository(), newRepository()];
      const [present, missing, foreign] = [newDigest(), newDigest(), newDigest()];
      await putBlob(index, repository, present);
      await putBlob(index, elsewhere, foreign);
      const before = await putManifest(index, repository, { tags: ['v1'] });
      const received = manifestOf(repository, {
        blobs: [present, missing, foreign, missing],
        tags: ['v1', 'v2'],
        subject: before.digest,
      });
      const outcome = await index.manifests.put(received);
      expect(outcome.outcome).toBe('missing');
      const digests = outcome.outcome === 'missing' ? [...outcome.digests].sort() : [];
      expect(digests).toEqual([missing, foreign].sort());
      expect(await index.manifests.find(repository, received.digest)).toBeUndefined();
      expect(await index.manifests.read(received.digest)).toBeUndefined();
      expect((await index.manifests.findByTag(repository, tag('v1')))?.digest).toBe(before.digest);
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual(['v1']);
      const page = { artifactType: undefined, ...FIRST_PAGE };
      expect(await index.manifests.referrers(repository, before.digest, page)).toEqual([]);
      expect(await place.tagEvents(repository)).toHaveLength(1);
    });

    it('that are missing something do not make their repository known', async () => {
      const { index: empty } = await openEmpty();
      const repository = newRepository();
      await empty.manifests.put(manifestOf(repository, { blobs: [newDigest()], tags: ['v1'] }));
      expect(await empty.tags.list(repository, FIRST_PAGE)).toBeUndefined();
      expect(await empty.tags.repositories(FIRST_PAGE)).toEqual([]);
    });

    it('need their children in the same repository', async () => {
      const [repository, elsewhere] = [newRepository(), newRepository()];
      const child = await putManifest(index, repository);
      const foreign = await putManifest(index, elsewhere);
      const missing = newDigest();
      const received = manifestOf(repository, { children: [child.digest, foreign.digest, missing] });
      const outcome = await index.manifests.put(received);
      const digests = outcome.outcome === 'missing' ? [...outcome.digests].sort() : [];
      expect(digests).toEqual([foreign.digest, missing].sort());
      const whole = await putManifest(index, repository, { children: [child.digest] });
      expect((await index.manifests.find(repository, whole.digest))?.mediaType).toBe(MediaType.ociIndex);
    });

    it('are taken without the parts that may be missing, and with all others', async () => {
      const repository = newRepository();
      const [blob, child] = [newDigest(), newDigest()];
      const image = { ...manifestOf(repository, { blobs: [blob] }), mayBeMissing: [blob] };
      expect(await index.manifests.put(image)).toEqual({ outcome: 'stored' });
      const sparse = manifestOf(repository, { children: [image.digest, child] });
      expect(await index.manifests.put({ ...sparse, mayBeMissing: [child] })).toEqual({ outcome: 'stored' });
      const other = manifestOf(repository, { children: [newDigest(), child] });
      expect((await index.manifests.put({ ...other, mayBeMissing: [child] })).outcome).toBe('missing');
    });

    it('are not kept from referring to a subject that is not there', async () => {
      const repository = newRepository();
      const subject = newDigest();
      const { digest } = await putManifest(index, repository, { subject });
      const page = { artifactType: undefined, ...FIRST_PAGE };
      const found = await index.manifests.referrers(repository, subject, page);
      expect(found.map((referrer) => referrer.digest)).toEqual([digest]);
    });

    it('may be pushed again, which changes nothing but the tags', async () => {
      const repository = newRepository();
      const blob = newDigest();
      await putBlob(index, repository, blob);
      const received = await putManifest(index, repository, { blobs: [blob], tags: ['v1'] });
      expect(await index.manifests.put({ ...received, tags: [tag('v2')] })).toEqual({ outcome: 'stored' });
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual(['v1', 'v2']);
    });

    it('take their tags along when they are removed', async () => {
      const repository = newRepository();
      const gone = await putManifest(index, repository, { tags: ['a', 'b'] });
      const kept = await putManifest(index, repository, { tags: ['c'] });
      expect(await index.manifests.remove(repository, gone.digest, 'bob', 2_000)).toBe(true);
      expect(await index.manifests.find(repository, gone.digest)).toBeUndefined();
      expect(await index.manifests.findByTag(repository, tag('a'))).toBeUndefined();
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual(['c']);
      expect((await index.manifests.find(repository, kept.digest))?.digest).toBe(kept.digest);
      expect(await index.manifests.remove(repository, gone.digest, 'bob', 2_000)).toBe(false);
    });

    it('that are not there cannot be removed', async () => {
      const { digest } = await putManifest(index, newRepository());
      expect(await index.manifests.remove(newRepository(), digest, 'bob', 1)).toBe(false);
      const other = newRepository();
      await putManifest(index, other);
      expect(await index.manifests.remove(other, digest, 'bob', 1)).toBe(false);
      expect(await index.manifests.read(digest)).toBeDefined();
    });

    it('keep their bytes as long as a repository has them', async () => {
      const [one, two] = [newRepository(), newRepository()];
      const received = await putManifest(index, one);
      await index.manifests.put({ ...received, repository: two });
      expect(await place.bodies(received.digest)).toBe(1);
      await index.manifests.remove(one, received.digest, 'bob', 1);
      expect(Buffer.from((await index.manifests.read(received.digest)) ?? [])).toEqual(received.bytes);
      expect(await index.manifests.find(two, received.digest)).toBeDefined();
      await index.manifests.remove(two, received.digest, 'bob', 1);
      expect(await index.manifests.read(received.digest)).toBeUndefined();
      expect(await place.bodies(received.digest)).toBe(0);
    });

    it('can be pushed again after they were removed', async () => {
      const repository = newRepository();
      const received = await putManifest(index, repository, { tags: ['v1'] });
      await index.manifests.remove(repository, received.digest, 'bob', 1);
      await index.manifests.put(received);
      expect((await index.manifests.findByTag(repository, tag('v1')))?.digest).toBe(received.digest);
      expect(await index.manifests.read(received.digest)).toBeDefined();
    });
  });

  describe('preconditions', () => {
    it('are those of the tags, of which each must fulfil them', async () => {
      const repository = newRepository();
      const one = await putManifest(index, repository, { tags: ['a', 'b'] });
      const next = manifestOf(repository, { tags: ['a', 'b', 'c'] });
      const put = (precondition: Precondition) => index.manifests.put({ ...next, precondition });
      expect(await put({ ifNoneMatch: '*' })).toEqual({ outcome: 'changed', tag: 'a' });
      expect(await put({ ifMatch: [one.digest] })).toEqual({ outcome: 'changed', tag: 'c' });
      expect(await put({ ifMatch: '*' })).toEqual({ outcome: 'changed', tag: 'c' });
      expect(await put({ ifMatch: [] })).toEqual({ outcome: 'changed', tag: 'a' });
      // Nothing of it was kept.
      expect(await index.manifests.find(repository, next.digest)).toBeUndefined();
      expect(await index.manifests.read(next.digest)).toBeUndefined();
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual(['a', 'b']);
      expect(await put({ ifNoneMatch: [next.digest] })).toEqual({ outcome: 'stored' });
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual(['a', 'b', 'c']);
      expect(await put({ ifMatch: [newDigest(), next.digest] })).toEqual({ outcome: 'stored' });
    });

    it('of a push without tags are those of the manifest', async () => {
      const repository = newRepository();
      const received = manifestOf(repository);
      const put = (precondition: Precondition) => index.manifests.put({ ...received, precondition });
      expect(await put({ ifMatch: '*' })).toEqual({ outcome: 'changed', tag: undefined });
      expect(await put({ ifNoneMatch: '*' })).toEqual({ outcome: 'stored' });
      expect(await put({ ifNoneMatch: '*' })).toEqual({ outcome: 'changed', tag: undefined });
      expect(await put({ ifMatch: [received.digest] })).toEqual({ outcome: 'stored' });
    });

    it('of a removal that do not hold leave everything', async () => {
      const repository = newRepository();
      const { digest } = await putManifest(index, repository, { tags: ['v'] });
      const never = { ifMatch: [newDigest()] };
      expect(await index.tags.remove(repository, tag('v'), 'bob', 1, never)).toBe('changed');
      expect(await index.manifests.remove(repository, digest, 'bob', 1, never)).toBe('changed');
      // What is not there is not there, whatever the condition.
      expect(await index.tags.remove(repository, tag('w'), 'bob', 1, never)).toBe(false);
      expect(await index.manifests.remove(repository, newDigest(), 'bob', 1, never)).toBe(false);
      expect((await index.manifests.findByTag(repository, tag('v')))?.digest).toBe(digest);
      expect(await index.tags.remove(repository, tag('v'), 'bob', 1, { ifMatch: [digest] })).toBe(true);
      expect(await index.manifests.remove(repository, digest, 'bob', 1, { ifMatch: '*' })).toBe(true);
    });

    it('let one of many win that ask at once, in any processes', async () => {
      const other = await place.again();
      onTestFinished(() => other.close());
      const repository = newRepository();
      let current = await putManifest(index, repository, { tags: ['v'] });
      for (let round = 0; round < 5; round += 1) {
        const precondition = { ifMatch: [current.digest] };
        const pushes = Array.from({ length: 6 }, () => ({
          ...manifestOf(repository, { tags: ['v'] }),
          precondition,
        }));
        const outcomes = await Promise.all(
          pushes.map((push, position) => (position % 2 === 0 ? index : other).manifests.put(push)),
        );
        const winners = pushes.filter((_, position) => outcomes[position]?.outcome === 'stored');
        expect(winners).toHaveLength(1);
        const [winner] = winners;
        if (winner === undefined) throw new Error('nobody won');
        expect((await index.manifests.findByTag(repository, tag('v')))?.digest).toBe(winner.digest);
        current = winner;
      }
    });
  });

  describe('referrers', () => {
    const page = { artifactType: undefined, after: undefined, limit: 100 };

    it('are the manifests of the repository with this subject, in the order of their digests', async () => {
      const [repository, elsewhere] = [newRepository(), newRepository()];
      const subject = newDigest();
      expect(await index.manifests.referrers(repository, subject, page)).toEqual([]);
      const annotations = { 'org.example.kind': 'signature', ümlaut: '"\n' };
      const all = [
        await putManifest(index, repository, { subject, artifactType: 'application/a', annotations }),
        await putManifest(index, repository, { subject, artifactType: 'application/b' }),
        await putManifest(index, repository, { subject }),
      ];
      await putManifest(index, repository, { subject: newDigest(), artifactType: 'application/a' });
      await putManifest(index, repository, { artifactType: 'application/a' });
      await putManifest(index, elsewhere, { subject, artifactType: 'application/a' });
      const expected = all
        .map(({ digest, bytes, manifest }) => ({
          digest,
          mediaType: MediaType.ociArtifact,
          sizeBytes: bytes.byteLength,
          artifactType: manifest.artifactType,
          annotations: manifest.annotations,
        }))
        .sort((a, b) => (a.digest < b.digest ? -1 : 1));
      expect(await index.manifests.referrers(repository, subject, page)).toEqual(expected);
      const filtered = { ...page, artifactType: 'application/a' };
      expect(await index.manifests.referrers(repository, subject, filtered)).toEqual(
        expected.filter(({ artifactType }) => artifactType === 'application/a'),
      );
      const none = { ...page, artifactType: 'application/c' };
      expect(await index.manifests.referrers(repository, subject, none)).toEqual([]);
    });

    it('come in pages', async () => {
      const repository = newRepository();
      const subject = newDigest();
      for (let count = 0; count < 7; count += 1) {
        const artifactType = count % 2 === 0 ? 'application/even' : 'application/odd';
        await putManifest(index, repository, { subject, artifactType });
      }
      for (const artifactType of [undefined, 'application/even']) {
        const whole = await index.manifests.referrers(repository, subject, { ...page, artifactType });
        const paged: unknown[] = [];
        let after: string | undefined;
        for (;;) {
          const query = { artifactType, after, limit: 2 };
          const found = await index.manifests.referrers(repository, subject, query);
          expect(found.length).toBeLessThanOrEqual(2);
          paged.push(...found);
          after = found.at(-1)?.digest;
          if (after === undefined) break;
        }
        expect(whole).toHaveLength(artifactType === undefined ? 7 : 4);
        expect(paged).toEqual(whole);
      }
    });

    it('are also those that somebody lists, if they are here and have no other subject', async () => {
      const [repository, elsewhere] = [newRepository(), newRepository()];
      const subject = newDigest();
      const own = await putManifest(index, repository, { subject, artifactType: 'application/a' });
      const plain = await putManifest(index, repository, { artifactType: 'application/a' });
      const other = await putManifest(index, repository, { artifactType: 'application/b' });
      const foreign = await putManifest(index, repository, { subject: newDigest() });
      const far = await putManifest(index, elsewhere, { artifactType: 'application/a' });
      await putManifest(index, repository, { artifactType: 'application/a' });
      const listed = [own, plain, other, foreign, far].map(({ digest }) => digest).concat(newDigest());
      const found = async (more: Partial<Parameters<Index['manifests']['referrers']>[2]>) =>
        (await index.manifests.referrers(repository, subject, { ...page, listed, ...more })).map(
          ({ digest }) => digest,
        );
      const all = [own.digest, plain.digest, other.digest].sort();
      expect(await found({})).toEqual(all);
      expect(await found({ limit: 2 })).toEqual(all.slice(0, 2));
      expect(await found({ after: all[1] })).toEqual(all.slice(2));
      expect(await found({ artifactType: 'application/a' })).toEqual([own.digest, plain.digest].sort());
      expect(await found({ listed: [] })).toEqual([own.digest]);
    });

    it('are gone with the manifest', async () => {
      const repository = newRepository();
      const subject = newDigest();
      const { digest } = await putManifest(index, repository, { subject });
      await index.manifests.remove(repository, digest, 'bob', 1);
      expect(await index.manifests.referrers(repository, subject, page)).toEqual([]);
    });
  });

  describe('tags', () => {
    it('move to the last manifest that was pushed under them, with their history', async () => {
      const repository = newRepository();
      const one = await putManifest(index, repository, { tags: ['v'], actor: 'alice', atMs: 10 });
      const two = await putManifest(index, repository, { tags: ['v'], actor: 'bob', atMs: 20 });
      // The same once more is no move.
      await index.manifests.put({ ...two, actor: 'carol', atMs: 30 });
      expect((await index.manifests.findByTag(repository, tag('v')))?.digest).toBe(two.digest);
      await index.tags.remove(repository, tag('v'), 'dave', 40);
      await index.manifests.put({ ...one, actor: '', atMs: 50 });
      await index.manifests.remove(repository, one.digest, 'erin', 60);
      expect(await place.tagEvents(repository)).toEqual([
        { tag: 'v', digest: one.digest, previous: null, actor: 'alice', at: 10 },
        { tag: 'v', digest: two.digest, previous: one.digest, actor: 'bob', at: 20 },
        { tag: 'v', digest: null, previous: two.digest, actor: 'dave', at: 40 },
        { tag: 'v', digest: one.digest, previous: null, actor: '', at: 50 },
        { tag: 'v', digest: null, previous: one.digest, actor: 'erin', at: 60 },
      ]);
    });

    it('have a history that can be read, also when they and their manifests are gone', async () => {
      const repository = newRepository();
      const one = await putManifest(index, repository, { tags: ['v'], atMs: 10 });
      const two = await putManifest(index, repository, { tags: ['v', 'w'], atMs: 20 });
      await index.tags.remove(repository, tag('v'), 'bob', 30);
      await index.manifests.put({ ...one, atMs: 40 });
      await index.manifests.remove(repository, one.digest, 'bob', 50);
      await index.manifests.remove(repository, two.digest, 'bob', 60);
      const event = (kind: string, { digest, bytes, manifest }: ReceivedManifest, atMs: number) => ({
        event: kind,
        digest,
        mediaType: manifest.mediaType,
        sizeBytes: bytes.byteLength,
        atMs,
      });
      const all = [
        event('deleted', one, 50),
        event('created', one, 40),
        event('deleted', two, 30),
        event('created', two, 20),
        event('created', one, 10),
      ];
      const history = (more: Partial<HistoryPage>, name = 'v') =>
        index.tags.history(repository, tag(name), { ...WHOLE_HISTORY, ...more });
      expect(await history({})).toEqual(all);
      expect(await history({ limit: 2 })).toEqual(all.slice(0, 2));
      expect(await history({ limit: 0 })).toEqual([]);
      expect(await history({ beforeMs: 40 })).toEqual(all.slice(2));
      expect(await history({ beforeMs: 40.5 })).toEqual(all.slice(1));
      expect(await history({ sinceMs: 30 })).toEqual(all.slice(0, 2));
      expect(await history({ sinceMs: 10, beforeMs: 50 })).toEqual(all.slice(1, 4));
      expect(await history({ digest: two.digest })).toEqual(all.slice(2, 4));
      expect(await history({ digest: two.digest, sinceMs: 20, limit: 1 })).toEqual([all[2]]);
      expect(await history({ digest: newDigest() })).toEqual([]);
      expect(await history({}, 'never')).toEqual([]);
      expect(await index.tags.history(newRepository(), tag('v'), WHOLE_HISTORY)).toEqual([]);
    });

    it('have a history in which no two events share a time, even where the clock goes back', async () => {
      const repository = newRepository();
      const one = await putManifest(index, repository, { tags: ['v'], atMs: 100 });
      const two = await putManifest(index, repository, { tags: ['v'], atMs: 100 });
      await index.manifests.put({ ...one, atMs: 7 });
      await index.manifests.put({ ...two, atMs: 1_000 });
      const history = await index.tags.history(repository, tag('v'), WHOLE_HISTORY);
      expect(history.map(({ atMs }) => atMs)).toEqual([1_000, 102, 101, 100]);
    });

    it('are removed alone; their manifest and its other tags stay', async () => {
      const repository = newRepository();
      const { digest } = await putManifest(index, repository, { tags: ['a', 'b'] });
      expect(await index.tags.remove(repository, tag('a'), 'bob', 1)).toBe(true);
      expect(await index.tags.remove(repository, tag('a'), 'bob', 1)).toBe(false);
      expect(await index.tags.remove(repository, tag('c'), 'bob', 1)).toBe(false);
      expect(await index.tags.remove(newRepository(), tag('b'), 'bob', 1)).toBe(false);
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual(['b']);
      expect((await index.manifests.find(repository, digest))?.digest).toBe(digest);
    });

    it('are no list where no manifest was ever pushed, and an empty one after the last is gone', async () => {
      const repository = newRepository();
      expect(await index.tags.list(repository, FIRST_PAGE)).toBeUndefined();
      await putBlob(index, repository, newDigest());
      expect(await index.tags.list(repository, FIRST_PAGE)).toBeUndefined();
      const { digest } = await putManifest(index, repository);
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual([]);
      await index.manifests.remove(repository, digest, 'bob', 1);
      expect(await index.tags.list(repository, FIRST_PAGE)).toEqual([]);
    });

    it('are listed in ASCII order, from anywhere', async () => {
      const repository = newRepository();
      const names = ['a', 'A', 'a-b', 'a.b', 'a_b', 'ab', 'B', '_', '0', '10', '9', 'Z', 'z', 'a-B'];
      await putManifest(index, repository, { tags: names });
      const sorted = [...names].sort();
      expect(sorted.slice(0, 4)).toEqual(['0', '10', '9', 'A']);
      const list = (after: string | undefined, limit: number) =>
        index.tags.list(repository, { after, limit });
      expect(await list(undefined, 100)).toEqual(sorted);
      for (let limit = 1; limit < 5; limit += 1) {
        const paged: string[] = [];
        for (;;) {
          const found = (await list(paged.at(-1), limit)) ?? [];
          expect(found.length).toBeLessThanOrEqual(limit);
          if (found.length === 0) break;
          paged.push(...found);
        }
        expect(paged).toEqual(sorted);
      }
      // Names that are no tags mark a place too.
      expect(await list('a!', 2)).toEqual(['a-B', 'a-b']);
      expect(await list('zz', 2)).toEqual([]);
      expect(await list('', 1)).toEqual(['0']);
      expect(await list(undefined, 0)).toEqual([]);
    });
  });

  describe('repositories', () => {
    it('are listed from their first manifest on, in ASCII order', async () => {
      const { index: empty } = await openEmpty();
      expect(await empty.tags.repositories(FIRST_PAGE)).toEqual([]);
      const names = ['a', 'a/b', 'a-b', 'a.b', 'a_b', 'a0', 'ab', 'a/b/c', 'a--b', 'b', '0', 'a__b'];
      for (const name of names) await putManifest(empty, parseRepositoryName(name), { tags: ['v'] });
      await putBlob(empty, parseRepositoryName('only-blobs'), newDigest());
      await beginUpload(empty, parseRepositoryName('only-an-upload'));
      const sorted = [...names].sort();
      expect(await empty.tags.repositories(FIRST_PAGE)).toEqual(sorted);
      expect(sorted.indexOf('a-b')).toBeLessThan(sorted.indexOf('a/b'));
      const paged: string[] = [];
      for (;;) {
        const found = await empty.tags.repositories({ after: paged.at(-1), limit: 5 });
        if (found.length === 0) break;
        paged.push(...found);
      }
      expect(paged).toEqual(sorted);
      expect(await empty.tags.repositories({ after: 'a.', limit: 2 })).toEqual(['a.b', 'a/b']);
    });

    it('stay listed without manifests', async () => {
      const { index: empty } = await openEmpty();
      const repository = newRepository();
      const { digest } = await putManifest(empty, repository);
      await empty.manifests.remove(repository, digest, 'bob', 1);
      expect(await empty.tags.repositories(FIRST_PAGE)).toEqual([repository]);
    });
  });

  describe('accounts', () => {
    const account = (name: string, isAdmin = false) => ({ name, passwordHash: `hash of ${name}`, isAdmin });

    it('are created once, found, listed and removed', async () => {
      const { index: empty } = await openEmpty();
      const { accounts } = empty;
      expect(await accounts.isEmpty()).toBe(true);
      expect(await accounts.list()).toEqual([]);
      expect(await accounts.find('bob')).toBeUndefined();
      expect(await accounts.create(account('bob'), 1)).toBe(true);
      expect(await accounts.create(account('Bob', true), 1)).toBe(true);
      expect(await accounts.create({ ...account('bob', true), passwordHash: 'other' }, 2)).toBe(false);
      expect(await accounts.isEmpty()).toBe(false);
      expect(await accounts.find('bob')).toEqual(account('bob'));
      expect(await accounts.find('Bob')).toEqual(account('Bob', true));
      expect(await accounts.list()).toEqual([account('Bob', true), account('bob')]);
      expect(await accounts.remove('bob')).toBe(true);
      expect(await accounts.remove('bob')).toBe(false);
      expect(await accounts.find('bob')).toBeUndefined();
      expect(await accounts.remove('Bob')).toBe(true);
      expect(await accounts.isEmpty()).toBe(true);
    });

    it('take a new password and keep the rest', async () => {
      const name = randomUUID();
      expect(await index.accounts.setPassword(name, 'new', 1)).toBe(false);
      expect(await index.accounts.find(name)).toBeUndefined();
      await index.accounts.create(account(name, true), 1);
      expect(await index.accounts.setPassword(name, 'new', 2)).toBe(true);
      expect(await index.accounts.find(name)).toEqual({ name, passwordHash: 'new', isAdmin: true });
    });

    it('may have any name', async () => {
      const { index: empty } = await openEmpty();
      const names = ['', "o'brien", 'ünï', '%', 'a:b', '😀'];
      for (const name of names) expect(await empty.accounts.create(account(name), 1), name).toBe(true);
      for (const name of names) expect(await empty.accounts.find(name), name).toEqual(account(name));
    });
  });

  describe('signing keys', () => {
    const key = (id: string, createdAtMs = 1) => ({ id, privateKeyPem: `pem of ${id}`, createdAtMs });

    it('are made once', async () => {
      const { index: empty } = await openEmpty();
      expect(await empty.signingKeys.list()).toEqual([]);
      expect(await empty.signingKeys.createFirst(key('one'))).toEqual([key('one')]);
      expect(await empty.signingKeys.createFirst(key('two', 2))).toEqual([key('one')]);
      expect(await empty.signingKeys.list()).toEqual([key('one')]);
    });

    it('are one for all who ask at once', async () => {
      const { index: empty, again } = await openEmpty();
      const others = await Promise.all([again(), again()]);
      onTestFinished(async () => {
        await Promise.all(others.map((other) => other.close()));
      });
      const all = await Promise.all(
        [empty, ...others, empty].map((one, number) => one.signingKeys.createFirst(key(`key-${number}`))),
      );
      expect(all[0]).toHaveLength(1);
      for (const keys of all) expect(keys).toEqual(all[0]);
    });
  });

  describe('transactions', () => {
    it('that fail do not take others with them that were asked for at the same time', async () => {
      const repository = newRepository();
      const taken = await beginUpload(index, repository);
      const uploads = Array.from({ length: 300 }, (_, number) => ({
        id: number % 7 === 3 ? taken.id : randomUUID(),
        repository,
        key: newKey(),
        atMs: 1,
      }));
      const results = await Promise.allSettled(uploads.map((upload) => index.uploads.create(upload)));
      for (const [number, result] of results.entries()) {
        expect(result.status, `upload ${number}`).toBe(number % 7 === 3 ? 'rejected' : 'fulfilled');
      }
      for (const [number, { id }] of uploads.entries()) {
        if (number % 7 !== 3) expect(await index.uploads.find(id), `upload ${number}`).toBeDefined();
      }
      // What failed left nothing half done.
      const { key } = taken;
      const step = { id: taken.id, key, partBytes: 1, fromBytes: 0, atMs: 2 };
      expect(await index.uploads.advance(step)).toBe('advanced');
      expect(await index.uploads.remove(taken.id)).toBe(true);
      const discarded = new Set(await index.blobs.discarded(ALL));
      expect(uploads.filter((upload) => discarded.has(upload.key))).toEqual([]);
    });

    it('are seen by whoever asks after they were acknowledged, at once', async () => {
      const repository = newRepository();
      for (let round = 0; round < 30; round += 1) {
        const digest = newDigest();
        const before = index.blobs.find(repository, digest);
        const key = await putBlob(index, repository, digest);
        expect(await before).toBeUndefined();
        expect((await index.blobs.find(repository, digest))?.key).toBe(key);
      }
    });

    it('are seen in every process, from the next turn of its event loop on', async () => {
      const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
      const other = await place.again();
      onTestFinished(() => other.close());
      const repository = newRepository();
      for (let round = 0; round < 30; round += 1) {
        const digest = newDigest();
        const [writer, reader] = round % 2 === 0 ? [index, other] : [other, index];
        const key = await putBlob(writer, repository, digest);
        expect((await writer.blobs.find(repository, digest))?.key).toBe(key);
        await turn();
        expect((await reader.blobs.find(repository, digest))?.key).toBe(key);
        const { digest: manifest } = await putManifest(writer, repository, { tags: ['v'] });
        await turn();
        expect((await reader.manifests.findByTag(repository, tag('v')))?.digest).toBe(manifest);
      }
    });
  });

  describe('the end', () => {
    it('waits for what is under way; it is there when the index is opened again', async () => {
      const { index: closing, again } = await openEmpty();
      const names = Array.from({ length: 50 }, () => randomUUID());
      const created = names.map((name) =>
        closing.accounts.create({ name, passwordHash: 'x', isAdmin: false }, 1),
      );
      await closing.close();
      expect(await Promise.all(created)).toEqual(names.map(() => true));
      const reopened = await again();
      onTestFinished(() => reopened.close());
      expect(await reopened.accounts.list()).toHaveLength(50);
    });

    it('makes every method reject', async () => {
      const { index: closed } = await openEmpty();
      await closed.ping();
      await closed.close();
      await closed.close();
      const repository = newRepository();
      const digest = newDigest();
      const step = { id: 'x', key: 'x', partBytes: 1, fromBytes: 0, atMs: 1 };
      const blob = { uploadId: 'x', repository, digest, key: 'x', sizeBytes: 1, atMs: 1 };
      const account = { name: 'x', passwordHash: 'x', isAdmin: false };
      const rule = { beforeMs: 1, untaggedManifests: true };
      const methods: Record<string, () => Promise<unknown>> = {
        'blobs.find': () => closed.blobs.find(repository, digest),
        'blobs.commit': () => closed.blobs.commit(blob),
        'blobs.mount': () => closed.blobs.mount(repository, digest, repository, 1),
        'blobs.holder': () => closed.blobs.holder(digest, 'any'),
        'blobs.unlink': () => closed.blobs.unlink(repository, digest),
        'blobs.discarded': () => closed.blobs.discarded(1),
        'blobs.forget': () => closed.blobs.forget(['x']),
        'uploads.create': () => closed.uploads.create({ id: 'x', repository, key: 'x', atMs: 1 }),
        'uploads.find': () => closed.uploads.find('x'),
        'uploads.claim': () => closed.uploads.claim('x', 'x', 1),
        'uploads.advance': () => closed.uploads.advance(step),
        'uploads.remove': () => closed.uploads.remove('x'),
        'uploads.stale': () => closed.uploads.stale(1, 1),
        'manifests.find': () => closed.manifests.find(repository, digest),
        'manifests.findByTag': () => closed.manifests.findByTag(repository, tag('x')),
        'manifests.read': () => closed.manifests.read(digest),
        'manifests.put': () => closed.manifests.put(manifestOf(repository)),
        'manifests.remove': () => closed.manifests.remove(repository, digest, 'x', 1),
        'manifests.referrers': () =>
          closed.manifests.referrers(repository, digest, { artifactType: undefined, ...FIRST_PAGE }),
        'tags.list': () => closed.tags.list(repository, FIRST_PAGE),
        'tags.remove': () => closed.tags.remove(repository, tag('x'), 'x', 1),
        'tags.history': () => closed.tags.history(repository, tag('x'), WHOLE_HISTORY),
        'tags.repositories': () => closed.tags.repositories(FIRST_PAGE),
        'garbage.repositories': () => closed.garbage.repositories(FIRST_PAGE),
        'garbage.scanManifests': () => closed.garbage.scanManifests(repository, rule, FIRST_PAGE),
        'garbage.scanLinks': () => closed.garbage.scanLinks(repository, rule, FIRST_PAGE),
        'garbage.scanBlobs': () => closed.garbage.scanBlobs(rule, FIRST_PAGE),
        'garbage.removeManifests': () => closed.garbage.removeManifests(repository, rule, [digest]),
        'garbage.removeLinks': () => closed.garbage.removeLinks(repository, rule, [digest]),
        'garbage.removeBlobs': () => closed.garbage.removeBlobs([digest]),
        'accounts.find': () => closed.accounts.find('x'),
        'accounts.list': () => closed.accounts.list(),
        'accounts.isEmpty': () => closed.accounts.isEmpty(),
        'accounts.create': () => closed.accounts.create(account, 1),
        'accounts.setPassword': () => closed.accounts.setPassword('x', 'x', 1),
        'accounts.remove': () => closed.accounts.remove('x'),
        'signingKeys.list': () => closed.signingKeys.list(),
        'signingKeys.createFirst': () =>
          closed.signingKeys.createFirst({ id: 'x', privateKeyPem: 'x', createdAtMs: 1 }),
        ping: () => closed.ping(),
      };
      for (const [name, method] of Object.entries(methods)) {
        await expect((async () => method())(), name).rejects.toThrow();
      }
    });
  });

  describe('beside a model in memory', () => {
    indexModelProperty(openEmpty);
  });
}
