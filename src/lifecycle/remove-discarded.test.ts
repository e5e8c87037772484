import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginUpload, newDigest, newRepository, putBlob } from '../../test/support/index-values.ts';
import { noise, store } from '../../test/support/pieces.ts';
import { openShared, type Shared } from '../../test/support/replica.ts';
import type { ContentStore } from '../content/content-store.ts';
import { removeDiscarded } from './remove-discarded.ts';

const ALL = 1_000_000;

let shared: Shared;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(async () => {
  await shared.index.blobs.forget(await shared.index.blobs.discarded(ALL));
});

/** Bytes that an upload had which is over. @returns their key */
async function discarded(): Promise<string> {
  const key = await store(shared.content, noise(10));
  const { id } = await beginUpload(shared.index, newRepository());
  await shared.index.uploads.claim(id, key, 1);
  await shared.index.uploads.remove(id);
  return key;
}

const many = (count: number): Promise<string[]> => Promise.all(Array.from({ length: count }, discarded));

/** Bytes that the index still knows of: a blob's and an upload's. */
async function used(): Promise<string[]> {
  const repository = newRepository();
  const blob = await store(shared.content, noise(10));
  const finished = await beginUpload(shared.index, repository);
  await shared.index.blobs.commit({
    uploadId: finished.id,
    repository,
    digest: newDigest(),
    key: blob,
    sizeBytes: 10,
    atMs: 1,
  });
  const part = await store(shared.content, noise(10));
  const { id } = await beginUpload(shared.index, repository);
  await shared.index.uploads.claim(id, part, 1);
  const unknown = await store(shared.content, noise(10));
  return [blob, part, unknown];
}

const isThere = async (key: string): Promise<boolean> => (await shared.content.sizeBytes(key)) !== undefined;

/** The shared content store, whose removals the test sees and can make fail. */
function watched(onRemove: (key: string) => void): ContentStore {
  return {
    ...shared.content,
    remove: async (key) => {
      onRemove(key);
      await shared.content.remove(key);
    },
  };
}

describe('the removal of what was discarded', () => {
  it('removes exactly that, in any number, and forgets it', async () => {
    const keep = await used();
    const gone = await many(130);
    const first = await shared.index.blobs.discarded(ALL);
    expect(first).toEqual(expect.arrayContaining(gone));
    const removed: string[] = [];
    await removeDiscarded({ index: shared.index, content: watched((key) => removed.push(key)) });
    expect([...removed].sort()).toEqual([...first].sort());
    for (const key of gone) expect(await isThere(key)).toBe(false);
    for (const key of keep) expect(await isThere(key)).toBe(true);
    expect(await shared.index.blobs.discarded(ALL)).toEqual([]);
  });

  it('does nothing where nothing was discarded', async () => {
    const removed: string[] = [];
    await removeDiscarded({ index: shared.index, content: watched((key) => removed.push(key)) });
    expect(removed).toEqual([]);
  });

  it('is not hindered by bytes that are gone already', async () => {
    const key = await discarded();
    await shared.content.remove(key);
    await removeDiscarded(shared);
    expect(await shared.index.blobs.discarded(ALL)).toEqual([]);
  });

  it('forgets no key whose bytes it could not remove', async () => {
    const key = await discarded();
    let isBroken = true;
    const content = watched((removed) => {
      if (isBroken && removed === key) throw new Error('no luck');
    });
    await expect(removeDiscarded({ index: shared.index, content })).rejects.toThrow('could not be removed');
    expect(await shared.index.blobs.discarded(ALL)).toContain(key);
    isBroken = false;
    await removeDiscarded({ index: shared.index, content });
    expect(await isThere(key)).toBe(false);
    expect(await shared.index.blobs.discarded(ALL)).toEqual([]);
  });

  it('goes on with the others where one cannot be removed', async () => {
    const keys = await many(120);
    // Among the first hundred that it looks at, so that it meets this key before the others.
    const [bad] = await shared.index.blobs.discarded(1);
    const content = watched((removed) => {
      if (removed === bad) throw new Error('no luck');
    });
    await removeDiscarded({ index: shared.index, content }).catch(() => undefined);
    for (const key of keys) expect(await isThere(key), key).toBe(key === bad);
  });

  it('goes on with the others where one is no key of this store', async () => {
    const { id } = await beginUpload(shared.index, newRepository());
    // The first one in any order.
    await shared.index.uploads.claim(id, '!not a key', 1);
    await shared.index.uploads.remove(id);
    const keys = [await discarded(), await discarded()];
    await removeDiscarded(shared).catch(() => undefined);
    for (const key of keys) expect(await isThere(key), key).toBe(false);
  });

  it('finds again what a process left that died between the removal and the end', async () => {
    const keys = [await discarded(), await discarded()];
    const index = {
      ...shared.index,
      blobs: { ...shared.index.blobs, forget: () => Promise.reject(new Error('killed')) },
    };
    await expect(removeDiscarded({ index, content: shared.content })).rejects.toThrow('killed');
    await removeDiscarded(shared);
    for (const key of keys) expect(await isThere(key)).toBe(false);
    expect(await shared.index.blobs.discarded(ALL)).toEqual([]);
  });

  it('may be done by several processes at once', async () => {
    const keys = await many(120);
    const keep = await putBlobWithBytes();
    await Promise.all([removeDiscarded(shared), removeDiscarded(shared), removeDiscarded(shared)]);
    for (const key of keys) expect(await isThere(key)).toBe(false);
    expect(await isThere(keep)).toBe(true);
    expect(await shared.index.blobs.discarded(ALL)).toEqual([]);
  });
});

async function putBlobWithBytes(): Promise<string> {
  const [blob = ''] = await used();
  await putBlob(shared.index, newRepository(), newDigest());
  return blob;
}
