import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newDigest, newRepository } from '../../test/support/index-values.ts';
import { openFilesBelow } from '../../test/support/open-files.ts';
import { drain, noise } from '../../test/support/pieces.ts';
import {
  openShared,
  partsOf,
  pullBlob,
  pushBlob,
  type Replica,
  refusal,
  replicaOf,
  type Shared,
  wholeOf,
} from '../../test/support/replica.ts';
import type { ContentStore } from '../content/content-store.ts';
import type { Digest } from '../oci/digest.ts';
import { InvalidValueError } from '../oci/invalid.ts';
import { parseRanges } from '../oci/range.ts';
import type { RepositoryName } from '../oci/reference.ts';

const UNKNOWN = refusal('BLOB_UNKNOWN', 404);

let shared: Shared;
let registry: Replica;
let repository: RepositoryName;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(() => {
  registry = replicaOf(shared);
  repository = newRepository();
});

async function fileOf(digest: Digest): Promise<string> {
  const blob = await shared.index.blobs.find(repository, digest);
  if (blob === undefined) throw new Error('the blob is not there');
  return join(shared.folder, blob.key);
}

/** The same bytes, where something happens before each question to the content store. */
function watchedContent(before: (what: 'read' | 'sizeBytes') => Promise<void>): ContentStore {
  const { content } = shared;
  return {
    ...content,
    async read(key, range) {
      await before('read');
      return content.read(key, range);
    },
    async sizeBytes(key) {
      await before('sizeBytes');
      return content.sizeBytes(key);
    },
  };
}

describe('a blob', () => {
  it('is read whole or in a range', async () => {
    const bytes = noise(100_000);
    const digest = await pushBlob(registry, repository, bytes);
    const whole = await registry.blobs.open(repository, digest, () => undefined);
    expect(whole.sizeBytes).toBe(100_000);
    expect((await drain(wholeOf(whole))).equals(bytes)).toBe(true);
    const part = await registry.blobs.open(repository, digest, (size) => parseRanges('bytes=-5000', size));
    const [tail] = partsOf(part);
    expect([part.sizeBytes, tail?.range]).toEqual([100_000, { first: 95_000, last: 99_999 }]);
    expect(tail && (await drain(tail.stream)).equals(bytes.subarray(95_000))).toBe(true);
    expect(await openFilesBelow(join(shared.folder, 'content'))).toEqual([]);
  });

  it('is read in several ranges, and none is left open where one cannot be opened', async () => {
    const bytes = noise(1_000);
    const digest = await pushBlob(registry, repository, bytes);
    const ranges = [
      { first: 900, last: 999 },
      { first: 0, last: 9 },
    ];
    const opened = await registry.blobs.open(repository, digest, () => ranges);
    for (const { range, stream } of partsOf(opened)) {
      expect((await drain(stream)).equals(bytes.subarray(range.first, range.last + 1))).toBe(true);
    }
    expect(partsOf(opened).map(({ range }) => range)).toEqual(ranges);
    let reads = 0;
    const failing = replicaOf({
      ...shared,
      content: {
        ...shared.content,
        sizeBytes: (key) => shared.content.sizeBytes(key),
        read: async (key, range) => {
          reads += 1;
          return reads % 2 === 0 ? undefined : shared.content.read(key, range);
        },
      },
    });
    await expect(failing.blobs.open(repository, digest, () => ranges)).rejects.toMatchObject({
      entry: { code: 'BLOB_UNKNOWN' },
    });
    expect(await openFilesBelow(join(shared.folder, 'content'))).toEqual([]);
  });

  it('passes on what is wrong with a range, and leaves nothing open', async () => {
    const digest = await pushBlob(registry, repository, noise(10));
    const opened = registry.blobs.open(repository, digest, (size) => parseRanges('bytes=10-', size));
    await expect(opened).rejects.toBeInstanceOf(InvalidValueError);
    expect(await openFilesBelow(join(shared.folder, 'content'))).toEqual([]);
  });

  it('that another repository holds is unknown in this one (CVE-2024-39897)', async () => {
    const digest = await pushBlob(registry, newRepository(), noise(10));
    await pushBlob(registry, repository, noise(10));
    await expect(registry.blobs.sizeBytes(repository, digest)).rejects.toMatchObject({
      ...UNKNOWN,
      detail: { digest },
    });
    await expect(pullBlob(registry, repository, digest)).rejects.toMatchObject(UNKNOWN);
    expect(registry.log.entries).toEqual([]);
  });

  it('is unknown at once when it was removed, and its neighbours stay', async () => {
    const other = newRepository();
    const digest = await pushBlob(registry, repository, noise(10));
    await registry.blobs.mount(other, digest, repository);
    await pullBlob(registry, repository, digest);
    await replicaOf(shared).removal.blob(repository, digest);
    await expect(registry.blobs.sizeBytes(repository, digest)).rejects.toMatchObject(UNKNOWN);
    await expect(pullBlob(registry, repository, digest)).rejects.toMatchObject(UNKNOWN);
    expect((await pullBlob(registry, other, digest)).byteLength).toBe(10);
  });
});

describe('a blob that is pushed again while it is pulled', () => {
  it('is found under its new key', async () => {
    const bytes = noise(1_000);
    const digest = await pushBlob(registry, repository, bytes);
    let pushes = 0;
    // Between the question to the index and the read, the old bytes are replaced and removed.
    const content = watchedContent(async () => {
      if (pushes === 2) return;
      pushes += 1;
      await pushBlob(registry, repository, bytes);
      await shared.sweep();
    });
    const reader = replicaOf({ index: shared.index, content });
    expect((await pullBlob(reader, repository, digest)).equals(bytes)).toBe(true);
    expect(pushes).toBe(2);
    expect(reader.log.entries).toEqual([]);
    // Another one, which has not seen the key yet.
    pushes = 1;
    const asker = replicaOf({ index: shared.index, content });
    expect(await asker.blobs.sizeBytes(repository, digest)).toBe(1_000);
    expect(pushes).toBe(2);
    expect(asker.log.entries).toEqual([]);
  });

  it('is read to the end under its old key', async () => {
    const bytes = noise(4 * 1024 * 1024);
    const digest = await pushBlob(registry, repository, bytes);
    const stream = wholeOf(await registry.blobs.open(repository, digest, () => undefined));
    const first = Buffer.from((await stream.next()) ?? []);
    await pushBlob(registry, repository, bytes);
    await shared.sweep();
    expect(Buffer.concat([first, await drain(stream)]).equals(bytes)).toBe(true);
  });
});

describe('a blob whose bytes are damaged on the disk', () => {
  it('is unknown, is in the log, and is healed by a push', async () => {
    const bytes = noise(1_000);
    const digest = await pushBlob(registry, repository, bytes);
    await rm(await fileOf(digest));
    await expect(registry.blobs.sizeBytes(repository, digest)).rejects.toMatchObject(UNKNOWN);
    await expect(pullBlob(registry, repository, digest)).rejects.toMatchObject(UNKNOWN);
    expect(registry.log.at('error')).toMatchObject([
      { fields: { repository, digest } },
      { fields: { repository, digest } },
    ]);
    await pushBlob(registry, repository, bytes);
    expect((await pullBlob(registry, repository, digest)).equals(bytes)).toBe(true);
  });

  it('is unknown to a client that asks before it pushes, once a pull has found out', async () => {
    const digest = await pushBlob(registry, repository, noise(1_000));
    await registry.blobs.sizeBytes(repository, digest);
    await rm(await fileOf(digest));
    await expect(pullBlob(registry, repository, digest)).rejects.toMatchObject(UNKNOWN);
    // Else the client, told by a cache that the blob is there, does not push what would heal it.
    await expect(registry.blobs.sizeBytes(repository, digest)).rejects.toMatchObject(UNKNOWN);
    expect(await registry.blobs.mount(newRepository(), digest, repository)).toBe(false);
  });

  it('is unknown to a client that asks before it pushes, where it was cut short', async () => {
    const digest = await pushBlob(registry, repository, noise(1_000));
    await truncate(await fileOf(digest), 999);
    await expect(registry.blobs.sizeBytes(repository, digest)).rejects.toMatchObject(UNKNOWN);
  });

  it('is never sent as whole, where it was cut short', async () => {
    const digest = await pushBlob(registry, repository, noise(1_000));
    await truncate(await fileOf(digest), 999);
    await expect(pullBlob(registry, repository, digest)).rejects.toThrow();
    expect(await openFilesBelow(join(shared.folder, 'content'))).toEqual([]);
  });
});

describe('a mount', () => {
  it('makes a blob of one repository one of another, without its bytes', async () => {
    const to = newRepository();
    const digest = await pushBlob(registry, repository, noise(10));
    expect(await registry.blobs.mount(to, digest, repository)).toBe(true);
    expect(await registry.blobs.mount(to, digest, repository)).toBe(true);
    expect((await pullBlob(registry, to, digest)).byteLength).toBe(10);
    expect((await shared.index.blobs.find(to, digest))?.key).toBe(
      (await shared.index.blobs.find(repository, digest))?.key,
    );
  });

  it('needs the blob in the source', async () => {
    const to = newRepository();
    const digest = await pushBlob(registry, newRepository(), noise(10));
    expect(await registry.blobs.mount(to, digest, repository)).toBe(false);
    expect(await registry.blobs.mount(to, newDigest(), repository)).toBe(false);
    await expect(registry.blobs.sizeBytes(to, digest)).rejects.toMatchObject(UNKNOWN);
  });

  it.each(['missing', 'cut short'])('becomes an upload where the bytes are %s', async (how) => {
    const to = newRepository();
    const digest = await pushBlob(registry, repository, noise(10));
    const file = await fileOf(digest);
    await (how === 'missing' ? rm(file) : truncate(file, 9));
    expect(await registry.blobs.mount(to, digest, repository)).toBe(false);
    await expect(registry.blobs.sizeBytes(to, digest)).rejects.toMatchObject(UNKNOWN);
  });
});
