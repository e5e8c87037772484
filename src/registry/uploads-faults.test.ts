import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newRepository } from '../../test/support/index-values.ts';
import { openFilesBelow } from '../../test/support/open-files.ts';
import { noise } from '../../test/support/pieces.ts';
import {
  bodyOf,
  chunk,
  length,
  NOTHING_ANNOUNCED,
  openShared,
  pullBlob,
  pushBlob,
  type Replica,
  replicaOf,
  type Shared,
} from '../../test/support/replica.ts';
import type { ContentStore, ContentWriter } from '../content/content-store.ts';
import type { Index } from '../index/index.ts';
import { digestOf } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';

/** Uploads over an index and a content store that fail. */

class Fault extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`${code}: made by the test`);
    this.code = code;
  }
}

let shared: Shared;
let healthy: Replica;
let repository: RepositoryName;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(() => {
  healthy = replicaOf(shared);
  repository = newRepository();
});

afterEach(async () => {
  await healthy.uploads.close();
  await healthy.uploads.expire(Number.MAX_SAFE_INTEGER);
  await shared.sweep();
});

const openContent = (): Promise<string[]> => openFilesBelow(join(shared.folder, 'content'));

/** The shared content store, one of whose writers' methods fails while `isBroken` says so. */
function brokenContent(method: 'append' | 'flush', isBroken: () => boolean): ContentStore {
  return {
    ...shared.content,
    write(key) {
      const writer = shared.content.write(key);
      const broken: ContentWriter = {
        key,
        get sizeBytes() {
          return writer.sizeBytes;
        },
        append: async (bytes) => {
          if (method === 'append' && isBroken()) throw new Fault('ENOSPC');
          await writer.append(bytes);
        },
        flush: async () => {
          if (method === 'flush' && isBroken()) throw new Fault('EIO');
          await writer.flush();
        },
        close: () => writer.close(),
      };
      return broken;
    },
  };
}

describe('a content store that fails', () => {
  it.each(['append', 'flush'] as const)(
    'in %s: nothing is acknowledged, and the upload goes on afterwards',
    async (method) => {
      let isBroken = false;
      const content = brokenContent(method, () => isBroken);
      const replica = replicaOf({ index: shared.index, content });
      const bytes = noise(10_000);
      const { id } = await replica.uploads.start(repository);
      await replica.uploads.append(repository, id, chunk(0, 3_999), bodyOf(bytes.subarray(0, 4_000)));
      isBroken = true;
      const code = method === 'append' ? 'ENOSPC' : 'EIO';
      await expect(
        replica.uploads.append(repository, id, chunk(4_000, 7_999), bodyOf(bytes.subarray(4_000, 8_000))),
      ).rejects.toMatchObject({ code });
      expect((await replica.uploads.status(repository, id)).offsetBytes).toBe(4_000);
      const digest = digestOf(bytes);
      await expect(
        replica.uploads.finish(repository, id, digest, chunk(4_000, 9_999), bodyOf(bytes.subarray(4_000))),
      ).rejects.toMatchObject({ code });
      await expect(replica.blobs.sizeBytes(repository, digest)).rejects.toThrow();
      expect((await replica.uploads.status(repository, id)).offsetBytes).toBe(4_000);
      isBroken = false;
      await replica.uploads.append(repository, id, chunk(4_000, 7_999), bodyOf(bytes.subarray(4_000, 8_000)));
      await replica.uploads.finish(repository, id, digest, length(2_000), bodyOf(bytes.subarray(8_000)));
      expect((await pullBlob(replica, repository, digest)).equals(bytes)).toBe(true);
      await replica.uploads.close();
      expect(await openContent()).toEqual([]);
    },
  );

  it('leaves no bytes behind of a push that failed, at once: the disk may be full', async () => {
    const replica = replicaOf({ index: shared.index, content: brokenContent('flush', () => true) });
    const removed: string[] = [];
    const { content } = shared;
    const watched = {
      ...brokenContent('flush', () => true),
      remove: async (key: string) => {
        removed.push(key);
        await content.remove(key);
      },
    };
    const bytes = noise(2_000_000);
    await expect(
      replicaOf({ index: shared.index, content: watched }).uploads.receiveWhole(
        repository,
        digestOf(bytes),
        length(bytes.byteLength),
        bodyOf(bytes),
      ),
    ).rejects.toMatchObject({ code: 'EIO' });
    expect(removed).toHaveLength(1);
    for (const key of removed) expect(await content.sizeBytes(key)).toBeUndefined();
    await replica.uploads.close();
    expect(await openContent()).toEqual([]);
  });

  it('in remove: the push is refused for its own reason, and the failure is in the log', async () => {
    const content = {
      ...brokenContent('flush', () => true),
      remove: () => Promise.reject(new Fault('EROFS')),
    };
    const replica = replicaOf({ index: shared.index, content });
    const bytes = noise(10);
    await expect(pushBlob(replica, repository, bytes)).rejects.toMatchObject({ code: 'EIO' });
    expect(replica.log.at('warn')).toHaveLength(1);
  });
});

/** The shared index, whose answer to a change is lost on its way back, as when a connection breaks. */
function forgetful(method: 'commit' | 'advance', isBroken: () => boolean): Index {
  return {
    ...shared.index,
    blobs: {
      ...shared.index.blobs,
      commit: async (blob) => {
        const outcome = await shared.index.blobs.commit(blob);
        if (method === 'commit' && isBroken()) throw new Fault('ECONNRESET');
        return outcome;
      },
    },
    uploads: {
      ...shared.index.uploads,
      advance: async (step) => {
        const outcome = await shared.index.uploads.advance(step);
        if (method === 'advance' && isBroken()) throw new Fault('ECONNRESET');
        return outcome;
      },
    },
  };
}

describe('an index whose answer is lost after it committed', () => {
  it('loses no blob that was acknowledged before', async () => {
    const bytes = noise(1_000);
    const digest = await pushBlob(healthy, repository, bytes);
    const replica = replicaOf({ index: forgetful('commit', () => true), content: shared.content });
    // The blob now lies under the new push's key, and the old key was given up.
    await expect(pushBlob(replica, newRepository(), bytes)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await shared.sweep();
    expect((await pullBlob(replicaOf(shared), repository, digest)).equals(bytes)).toBe(true);
  });

  it('loses no blob that was acknowledged before, with an upload in several requests', async () => {
    const bytes = noise(1_000);
    const digest = await pushBlob(healthy, repository, bytes);
    const replica = replicaOf({ index: forgetful('commit', () => true), content: shared.content });
    const other = newRepository();
    const { id } = await replica.uploads.start(other);
    await expect(
      replica.uploads.finish(other, id, digest, length(1_000), bodyOf(bytes)),
    ).rejects.toMatchObject({ code: 'ECONNRESET' });
    await shared.sweep();
    expect((await pullBlob(replicaOf(shared), repository, digest)).equals(bytes)).toBe(true);
  });

  it('loses no bytes that the upload says it has', async () => {
    let isBroken = true;
    const replica = replicaOf({ index: forgetful('advance', () => isBroken), content: shared.content });
    const bytes = noise(1_000);
    const { id } = await replica.uploads.start(repository);
    await expect(
      replica.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(0, 600))),
    ).rejects.toMatchObject({ code: 'ECONNRESET' });
    isBroken = false;
    // The client asks where the upload stands and goes on from there.
    const { offsetBytes } = await replica.uploads.status(repository, id);
    const rest = bytes.subarray(offsetBytes);
    await replica.uploads.finish(repository, id, digestOf(bytes), length(rest.byteLength), bodyOf(rest));
    expect((await pullBlob(replica, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await replica.uploads.close();
    expect(await openContent()).toEqual([]);
  });
});
