import { expect, it, onTestFinished } from 'vitest';
import type { UsageLimits } from '../../../src/index/limits.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/reference.ts';
import {
  beginUpload,
  manifestOf,
  newDigest,
  newKey,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../../support/index-values.ts';
import { ALL, type SharedIndex } from './under-test.ts';

const bytes = (maxBytes: number): UsageLimits => ({ maxBytes, maxTags: undefined });
const tags = (maxTags: number): UsageLimits => ({ maxBytes: undefined, maxTags });

/** How much a repository holds, and may hold. */
export function usageContract(shared: SharedIndex): void {
  const commit = async (
    repository: RepositoryName,
    digest: Digest,
    sizeBytes: number,
    limits: UsageLimits,
  ) => {
    const { id, key } = await beginUpload(shared.index, repository);
    const blob = { uploadId: id, repository, digest, key, sizeBytes, atMs: 1, limits };
    return { id, key, outcome: await shared.index.blobs.commit(blob) };
  };

  it('is counted as blobs, manifests and tags come and go', async () => {
    const [one, two] = [newRepository(), newRepository()];
    const of = (repository: RepositoryName) => shared.index.usage.of(repository);
    expect(await of(one)).toBeUndefined();
    const layer = newDigest();
    await putBlob(shared.index, one, layer, 100);
    await putBlob(shared.index, one, layer, 100);
    expect(await of(one)).toEqual({ bytes: 100, tags: 0 });
    const image = await putManifest(shared.index, one, { blobs: [layer], tags: ['a', 'b'] });
    const size = image.bytes.byteLength;
    expect(await of(one)).toEqual({ bytes: 100 + size, tags: 2 });
    await shared.index.manifests.put(image);
    await shared.index.blobs.mount(two, layer, one, 1);
    await shared.index.blobs.mount(two, layer, one, 2);
    expect([await of(one), await of(two)]).toEqual([
      { bytes: 100 + size, tags: 2 },
      { bytes: 100, tags: 0 },
    ]);
    await shared.index.tags.remove(one, tag('a'), '', 1);
    await shared.index.blobs.unlink(two, layer);
    expect([await of(one), await of(two)]).toEqual([
      { bytes: 100 + size, tags: 1 },
      { bytes: 0, tags: 0 },
    ]);
    await shared.index.manifests.remove(one, image.digest, '', 1);
    expect(await of(one)).toEqual({ bytes: 100, tags: 0 });
    // Bytes of another length took the place of damaged ones.
    await putBlob(shared.index, one, layer, 140);
    expect(await of(one)).toEqual({ bytes: 140, tags: 0 });
  });

  it('is listed in ASCII order, from anywhere', async () => {
    const { index } = await shared.openEmpty();
    const names = [newRepository(), newRepository(), newRepository()].sort();
    for (const name of names) await putBlob(index, name, newDigest(), 7);
    const list = async (after: string | undefined, limit: number) =>
      (await index.usage.list({ after, limit })).map(({ repository }) => repository);
    expect(await list(undefined, 100)).toEqual(names);
    expect(await list(names[0], 1)).toEqual([names[1]]);
    expect(await index.usage.list({ after: names[1], limit: 9 })).toEqual([
      { repository: names[2], bytes: 7, tags: 0 },
    ]);
  });

  it('keeps a blob out that is too much; its upload is over, and its bytes are discarded', async () => {
    const repository = newRepository();
    await putBlob(shared.index, repository, newDigest(), 60);
    const digest = newDigest();
    const { id, key, outcome } = await commit(repository, digest, 41, bytes(100));
    expect(outcome).toEqual({ outcome: 'over-limit', limit: 'bytes', used: 60, added: 41, max: 100 });
    expect(await shared.index.blobs.find(repository, digest)).toBeUndefined();
    expect(await shared.index.uploads.find(id)).toBeUndefined();
    expect(await shared.isDiscarded(key)).toBe(true);
    expect(await shared.index.usage.of(repository)).toEqual({ bytes: 60, tags: 0 });
    expect((await commit(repository, digest, 40, bytes(100))).outcome).toBe('committed');
  });

  it('discards the bytes of a blob that is too much, also where they are under a new key', async () => {
    const repository = newRepository();
    const { id } = await beginUpload(shared.index, repository);
    const key = newKey();
    const blob = { uploadId: id, repository, digest: newDigest(), key, sizeBytes: 2, atMs: 1 };
    expect(await shared.index.blobs.commit({ ...blob, limits: bytes(1) })).toMatchObject({
      outcome: 'over-limit',
    });
    expect((await shared.index.blobs.discarded(ALL)).filter((each) => each === key)).toEqual([key]);
  });

  it('lets in what adds nothing, however full a repository is', async () => {
    const repository = newRepository();
    const layer = newDigest();
    await putBlob(shared.index, repository, layer, 60);
    const image = await putManifest(shared.index, repository, { blobs: [layer], tags: ['a'] });
    const limits = { maxBytes: 1, maxTags: 1 };
    expect((await commit(repository, layer, 60, limits)).outcome).toBe('committed');
    expect(await shared.index.blobs.mount(repository, layer, repository, 1, limits)).toBe(true);
    expect(await shared.index.manifests.put({ ...image, limits })).toEqual({
      outcome: 'stored',
      usage: { bytes: 60 + image.bytes.byteLength, tags: 1 },
    });
    // The tag is there already: it moves.
    const another = manifestOf(repository, { tags: ['a'] });
    expect((await shared.index.manifests.put({ ...another, limits: tags(1) })).outcome).toBe('stored');
  });

  it('keeps out a mount, a manifest and a tag that are too much, and nothing of them stays', async () => {
    const [from, repository] = [newRepository(), newRepository()];
    const layer = newDigest();
    await putBlob(shared.index, from, layer, 50);
    const { blobs, manifests, usage } = shared.index;
    expect(await blobs.mount(repository, layer, from, 1, bytes(49))).toEqual({
      ...{ outcome: 'over-limit', limit: 'bytes', used: 0, added: 50, max: 49 },
    });
    expect(await blobs.find(repository, layer)).toBeUndefined();
    expect(await blobs.mount(repository, layer, from, 1, bytes(50))).toBe(true);
    const image = manifestOf(repository, { blobs: [layer], tags: ['a', 'b', 'c'] });
    const size = image.bytes.byteLength;
    expect(await manifests.put({ ...image, limits: bytes(50 + size - 1) })).toEqual({
      ...{ outcome: 'over-limit', limit: 'bytes', used: 50, added: size, max: 50 + size - 1 },
    });
    expect(await manifests.put({ ...image, limits: tags(2) })).toEqual({
      ...{ outcome: 'over-limit', limit: 'tags', used: 0, added: 3, max: 2 },
    });
    expect(await manifests.find(repository, image.digest)).toBeUndefined();
    expect(await usage.of(repository)).toEqual({ bytes: 50, tags: 0 });
    const limits = { maxBytes: 50 + size, maxTags: 3 };
    expect(await manifests.put({ ...image, limits })).toMatchObject({ outcome: 'stored' });
    expect(await usage.of(repository)).toEqual({ bytes: limits.maxBytes, tags: limits.maxTags });
  });

  it('holds against many that push at once, in any processes', async () => {
    const other = await shared.again();
    onTestFinished(() => other.close());
    const repository = newRepository();
    const indexes = [shared.index, other];
    const uploads = await Promise.all(
      Array.from({ length: 12 }, async (_, position) => ({
        index: indexes[position % 2] ?? other,
        upload: await beginUpload(shared.index, repository),
      })),
    );
    const outcomes = await Promise.all(
      uploads.map(({ index, upload: { id, key } }) =>
        index.blobs.commit({
          ...{ uploadId: id, repository, digest: newDigest(), key, sizeBytes: 30, atMs: 1 },
          limits: bytes(100),
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(3);
    expect(await shared.index.usage.of(repository)).toEqual({ bytes: 90, tags: 0 });
    const pushes = Array.from({ length: 12 }, (_, position) =>
      (indexes[position % 2] ?? other).manifests.put({
        ...manifestOf(repository, { tags: [`t${position}`] }),
        limits: tags(5),
      }),
    );
    const stored = (await Promise.all(pushes)).filter(({ outcome }) => outcome === 'stored');
    expect(stored).toHaveLength(5);
    expect((await shared.index.usage.of(repository))?.tags).toBe(5);
  });
}
