import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { beginUpload, newDigest, newKey, newRepository, putBlob } from '../../support/index-values.ts';
import type { SharedIndex } from './under-test.ts';

/** Blobs: which bytes a digest stands for, and whose repositories have them. */
export function blobContract(shared: SharedIndex): void {
  it('are unknown until they are committed, and then in their repository alone', async () => {
    const [here, elsewhere] = [newRepository(), newRepository()];
    const digest = newDigest();
    expect(await shared.index.blobs.find(here, digest)).toBeUndefined();
    const key = await putBlob(shared.index, here, digest, 42);
    await putBlob(shared.index, elsewhere, newDigest());
    expect(await shared.index.blobs.find(here, digest)).toEqual({ digest, key, sizeBytes: 42 });
    expect(await shared.index.blobs.find(elsewhere, digest)).toBeUndefined();
    expect(await shared.index.blobs.find(newRepository(), digest)).toBeUndefined();
  });

  it('may be empty, and larger than 4 GiB', async () => {
    const repository = newRepository();
    for (const size of [0, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      const digest = newDigest();
      await putBlob(shared.index, repository, digest, size);
      expect((await shared.index.blobs.find(repository, digest))?.sizeBytes).toBe(size);
    }
  });

  it('end their upload when they are committed', async () => {
    const repository = newRepository();
    const { id, key } = await beginUpload(shared.index, repository);
    const blob = { uploadId: id, repository, digest: newDigest(), key, sizeBytes: 1, atMs: 1 };
    expect(await shared.index.blobs.commit(blob)).toBe('committed');
    expect(await shared.index.uploads.find(id)).toBeUndefined();
    expect(await shared.isDiscarded(key)).toBe(false);
    expect(await shared.index.blobs.commit(blob)).toBe('unknown-upload');
  });

  it('of an unknown upload change nothing', async () => {
    const repository = newRepository();
    const digest = newDigest();
    const key = await putBlob(shared.index, repository, digest);
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
      expect(await shared.index.blobs.commit(blob)).toBe('unknown-upload');
    }
    expect(await shared.index.blobs.find(repository, digest)).toEqual({ digest, key, sizeBytes: 10 });
    expect(await shared.index.blobs.find(other, digest)).toBeUndefined();
    expect(await shared.isDiscarded(late)).toBe(false);
  });

  it('that are pushed again move to the new key and discard the old one', async () => {
    const [first, second] = [newRepository(), newRepository()];
    const digest = newDigest();
    const old = await putBlob(shared.index, first, digest);
    const { id, key } = await beginUpload(shared.index, second);
    await shared.index.blobs.commit({
      uploadId: id,
      repository: second,
      digest,
      key,
      sizeBytes: 10,
      atMs: 1,
    });
    for (const repository of [first, second]) {
      expect((await shared.index.blobs.find(repository, digest))?.key).toBe(key);
    }
    expect(await shared.isDiscarded(old)).toBe(true);
    expect(await shared.isDiscarded(key)).toBe(false);
  });

  it('discard whatever else their upload had', async () => {
    const repository = newRepository();
    const { id, key } = await beginUpload(shared.index, repository);
    await shared.index.uploads.advance({ id, key, partBytes: 5, fromBytes: 0, atMs: 1 });
    const [idle, whole] = [newKey(), newKey()];
    await shared.index.uploads.claim(id, idle, 1);
    await shared.index.uploads.claim(id, whole, 1);
    await shared.index.blobs.commit({
      uploadId: id,
      repository,
      digest: newDigest(),
      key: whole,
      sizeBytes: 9,
      atMs: 1,
    });
    expect(await shared.isDiscarded(key)).toBe(true);
    expect(await shared.isDiscarded(idle)).toBe(true);
    expect(await shared.isDiscarded(whole)).toBe(false);
  });

  it('are mounted where the source has them, as often as asked', async () => {
    const [from, to] = [newRepository(), newRepository()];
    const digest = newDigest();
    const key = await putBlob(shared.index, from, digest);
    expect(await shared.index.blobs.mount(to, digest, from, 1)).toBe(true);
    expect(await shared.index.blobs.mount(to, digest, from, 1)).toBe(true);
    expect(await shared.index.blobs.mount(from, digest, from, 1)).toBe(true);
    expect(await shared.index.blobs.find(to, digest)).toEqual({ digest, key, sizeBytes: 10 });
  });

  it('are not mounted from a source that does not have them', async () => {
    const [holder, from, to] = [newRepository(), newRepository(), newRepository()];
    const digest = newDigest();
    await putBlob(shared.index, holder, digest);
    await putBlob(shared.index, from, newDigest());
    expect(await shared.index.blobs.mount(to, digest, from, 1)).toBe(false);
    expect(await shared.index.blobs.mount(to, digest, newRepository(), 1)).toBe(false);
    expect(await shared.index.blobs.mount(to, newDigest(), holder, 1)).toBe(false);
    await shared.index.blobs.unlink(holder, digest);
    expect(await shared.index.blobs.mount(to, digest, holder, 1)).toBe(false);
    expect(await shared.index.blobs.find(to, digest)).toBeUndefined();
  });

  it('have a holder, told only of repositories that may be told of', async () => {
    const [holder, other] = [newRepository(), newRepository()];
    const digest = newDigest();
    expect(await shared.index.blobs.holder(digest, 'any')).toBeUndefined();
    await putBlob(shared.index, holder, digest);
    await putBlob(shared.index, other, newDigest());
    expect(await shared.index.blobs.holder(digest, 'any')).toBe(holder);
    expect(await shared.index.blobs.holder(digest, [newRepository(), other, holder])).toBe(holder);
    expect(
      await shared.index.blobs.holder(digest, [other, newRepository(), 'no name at all']),
    ).toBeUndefined();
    expect(await shared.index.blobs.holder(digest, [])).toBeUndefined();
    await shared.index.blobs.unlink(holder, digest);
    expect(await shared.index.blobs.holder(digest, 'any')).toBeUndefined();
  });

  it('are taken out of one repository and stay in the others', async () => {
    const [one, two] = [newRepository(), newRepository()];
    const digest = newDigest();
    const key = await putBlob(shared.index, one, digest);
    await shared.index.blobs.mount(two, digest, one, 1);
    expect(await shared.index.blobs.unlink(one, digest)).toBe(true);
    expect(await shared.index.blobs.unlink(one, digest)).toBe(false);
    expect(await shared.index.blobs.unlink(one, newDigest())).toBe(false);
    expect(await shared.index.blobs.unlink(newRepository(), digest)).toBe(false);
    expect(await shared.index.blobs.find(one, digest)).toBeUndefined();
    expect((await shared.index.blobs.find(two, digest))?.key).toBe(key);
    expect(await shared.isDiscarded(key)).toBe(false);
  });

  it('give their discarded keys in parts until those are forgotten', async () => {
    const { index: empty } = await shared.openEmpty();
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
}
