import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { newRepository } from '../../test/support/index-values.ts';
import { openFilesBelow } from '../../test/support/open-files.ts';
import { cut, noise } from '../../test/support/pieces.ts';
import {
  bodyOf,
  chunk,
  interruptedBody,
  length,
  NOTHING_ANNOUNCED,
  openShared,
  pullBlob,
  pushBlob,
  type Replica,
  refusal,
  replicaOf,
  type Shared,
} from '../../test/support/replica.ts';
import { digestOf } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';
import { BodyInterrupted } from './body.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const UNKNOWN = refusal('BLOB_UPLOAD_UNKNOWN', 404);

let shared: Shared;
let here: Replica;
/** Another process over the same index and content. */
let there: Replica;
let repository: RepositoryName;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(() => {
  here = replicaOf(shared);
  there = replicaOf(shared);
  repository = newRepository();
});

// What a test leaves unfinished is no concern of the next.
afterEach(async () => {
  await here.uploads.close();
  await there.uploads.close();
  await here.uploads.expire(Number.MAX_SAFE_INTEGER);
  await shared.sweep();
});

/** All files of content that are there. */
async function files(): Promise<string[]> {
  const all = await readdir(join(shared.folder, 'content'), { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** Closes the replicas; nothing may be open but the index, and no file may be there that nobody asked to keep. */
async function expectCleanEnd(before: readonly string[], added: number): Promise<void> {
  await here.uploads.close();
  await there.uploads.close();
  const open = await openFilesBelow(join(shared.folder, 'content'));
  expect(open).toEqual([]);
  await shared.sweep();
  expect((await files()).length - before.length).toBe(added);
}

describe('a blob in one request', () => {
  it.each([0, 1, 1000, 3 * MIB + 1])('of %d bytes is there afterwards', async (size) => {
    const before = await files();
    const bytes = noise(size);
    const digest = digestOf(bytes);
    await here.uploads.receiveWhole(repository, digest, length(size), bodyOf(cut(bytes, 64 * KIB)));
    expect(await here.blobs.sizeBytes(repository, digest)).toBe(size);
    expect((await pullBlob(there, repository, digest)).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('may have a sha512 digest, and no announced length', async () => {
    const bytes = noise(1000);
    const digest = digestOf(bytes, 'sha512');
    await here.uploads.receiveWhole(repository, digest, NOTHING_ANNOUNCED, bodyOf(bytes));
    expect((await pullBlob(here, repository, digest)).equals(bytes)).toBe(true);
    await expect(pullBlob(here, repository, digestOf(bytes))).rejects.toMatchObject(
      refusal('BLOB_UNKNOWN', 404),
    );
  });

  it.each([
    ['a wrong digest', length(100), noise(100), noise(1), 'DIGEST_INVALID'],
    ['a shorter body', length(101), noise(100), undefined, 'SIZE_INVALID'],
    ['a longer body', length(99), noise(100), undefined, 'SIZE_INVALID'],
  ] as const)('leaves nothing behind after %s', async (_name, announced, bytes, other, code) => {
    const before = await files();
    const digest = digestOf(other ?? bytes);
    const pushed = here.uploads.receiveWhole(repository, digest, announced, bodyOf(bytes));
    await expect(pushed).rejects.toMatchObject(refusal(code, 400));
    await expect(here.blobs.sizeBytes(repository, digest)).rejects.toMatchObject(
      refusal('BLOB_UNKNOWN', 404),
    );
    expect(here.discards()).toBeGreaterThan(0);
    await expectCleanEnd(before, 0);
  });

  it('leaves nothing behind when the client goes away', async () => {
    const before = await files();
    const bytes = noise(2 * MIB);
    const body = interruptedBody([bytes.subarray(0, MIB)]);
    const pushed = here.uploads.receiveWhole(repository, digestOf(bytes), length(2 * MIB), body);
    await expect(pushed).rejects.toBeInstanceOf(BodyInterrupted);
    await expectCleanEnd(before, 0);
  });
});

describe('an upload', () => {
  it('begins at 0 and is known in its repository alone', async () => {
    const started = await here.uploads.start(repository);
    expect(started.offsetBytes).toBe(0);
    expect(await here.uploads.status(repository, started.id)).toEqual(started);
    expect(await there.uploads.status(repository, started.id)).toEqual(started);
    const other = newRepository();
    const { id } = started;
    const digest = digestOf(Buffer.from('x'));
    await expect(here.uploads.status(other, id)).rejects.toMatchObject(UNKNOWN);
    await expect(here.uploads.append(other, id, NOTHING_ANNOUNCED, bodyOf('x'))).rejects.toMatchObject(
      UNKNOWN,
    );
    await expect(
      here.uploads.finish(other, id, digest, NOTHING_ANNOUNCED, bodyOf('x')),
    ).rejects.toMatchObject(UNKNOWN);
    await expect(here.uploads.cancel(other, id)).rejects.toMatchObject(UNKNOWN);
    expect(await here.uploads.status(repository, id)).toEqual(started);
  });

  it('that never was is unknown to all', async () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const digest = digestOf(Buffer.from('x'));
    await expect(here.uploads.status(repository, id)).rejects.toMatchObject(UNKNOWN);
    await expect(here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('x'))).rejects.toMatchObject(
      UNKNOWN,
    );
    await expect(
      here.uploads.finish(repository, id, digest, NOTHING_ANNOUNCED, bodyOf()),
    ).rejects.toMatchObject(UNKNOWN);
    await expect(here.uploads.cancel(repository, id)).rejects.toMatchObject(UNKNOWN);
  });

  it('takes everything with the finish (POST, then PUT)', async () => {
    const before = await files();
    const bytes = noise(MIB + 1);
    const { id } = await here.uploads.start(repository);
    await here.uploads.finish(repository, id, digestOf(bytes), length(MIB + 1), bodyOf(cut(bytes, 60_000)));
    expect((await pullBlob(here, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await expect(here.uploads.status(repository, id)).rejects.toMatchObject(UNKNOWN);
    await expectCleanEnd(before, 1);
  });

  it('takes everything with one append of unknown length (POST, PATCH, PUT)', async () => {
    const before = await files();
    const bytes = noise(MIB + 1);
    const { id } = await here.uploads.start(repository);
    const status = await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(cut(bytes, 60_000)));
    expect(status).toEqual({ id, offsetBytes: MIB + 1 });
    await here.uploads.finish(repository, id, digestOf(bytes), length(0), bodyOf());
    expect((await pullBlob(here, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('takes chunks, each at the offset that was acknowledged', async () => {
    const before = await files();
    const bytes = noise(10_000);
    const { id } = await here.uploads.start(repository);
    let offset = 0;
    for (const piece of cut(bytes.subarray(0, 9_000), 1_700)) {
      const announced = chunk(offset, offset + piece.byteLength - 1, piece.byteLength);
      const status = await here.uploads.append(repository, id, announced, bodyOf(piece));
      offset += piece.byteLength;
      expect(status.offsetBytes).toBe(offset);
      expect(await there.uploads.status(repository, id)).toEqual(status);
    }
    const rest = bytes.subarray(9_000);
    await here.uploads.finish(repository, id, digestOf(bytes), chunk(9_000, 9_999, 1_000), bodyOf(rest));
    expect((await pullBlob(here, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('may be empty', async () => {
    const { id } = await here.uploads.start(repository);
    const digest = digestOf(Buffer.alloc(0));
    expect((await here.uploads.append(repository, id, length(0), bodyOf())).offsetBytes).toBe(0);
    await here.uploads.finish(repository, id, digest, length(0), bodyOf());
    expect(await here.blobs.sizeBytes(repository, digest)).toBe(0);
    expect(await pullBlob(here, repository, digest)).toEqual(Buffer.alloc(0));
  });

  it.each([
    ['too far', chunk(5, 8, 4)],
    ['too early', chunk(0, 3, 4)],
    ['overlapping', chunk(3, 6, 4)],
  ])('refuses a chunk that is out of order (%s), and stays as it was', async (_name, announced) => {
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, chunk(0, 3, 4), bodyOf('0123'));
    const refused = refusal('RANGE_INVALID', 416);
    for (const replica of [here, there]) {
      await expect(replica.uploads.append(repository, id, announced, bodyOf('xxxx'))).rejects.toMatchObject(
        refused,
      );
      await expect(
        replica.uploads.finish(repository, id, digestOf(Buffer.from('0123xxxx')), announced, bodyOf('xxxx')),
      ).rejects.toMatchObject({ ...refused, detail: { offset: 4 } });
    }
    await here.uploads.append(repository, id, chunk(4, 7, 4), bodyOf('4567'));
    const digest = digestOf(Buffer.from('01234567'));
    await here.uploads.finish(repository, id, digest, length(0), bodyOf());
    expect((await pullBlob(here, repository, digest)).toString()).toBe('01234567');
  });

  it.each([
    ['Content-Range and Content-Length that differ', chunk(4, 7, 5), '4567'],
    ['a body shorter than Content-Length', length(5), '4567'],
    ['a body longer than Content-Length', length(3), '4567'],
    ['a body shorter than Content-Range', chunk(4, 8), '4567'],
    ['a body longer than Content-Range', chunk(4, 6), '4567'],
  ] as const)('refuses %s, and stays as it was', async (_name, announced, body) => {
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('0123'));
    const refused = refusal('SIZE_INVALID', 400);
    const digest = digestOf(Buffer.from('01234567'));
    await expect(here.uploads.append(repository, id, announced, bodyOf(body))).rejects.toMatchObject(refused);
    await expect(here.uploads.finish(repository, id, digest, announced, bodyOf(body))).rejects.toMatchObject(
      refused,
    );
    expect((await here.uploads.status(repository, id)).offsetBytes).toBe(4);
    // In several pieces, of which the last is too much.
    const pieces = body.split('');
    await expect(here.uploads.append(repository, id, announced, bodyOf(pieces))).rejects.toMatchObject(
      refused,
    );
    expect((await here.uploads.status(repository, id)).offsetBytes).toBe(4);
    expect((await here.uploads.append(repository, id, chunk(4, 7), bodyOf('4567'))).offsetBytes).toBe(8);
    await here.uploads.finish(repository, id, digest, length(0), bodyOf());
    expect((await pullBlob(here, repository, digest)).toString()).toBe('01234567');
  });

  it('refuses a first body that is wrong, and starts anew', async () => {
    const before = await files();
    const { id } = await here.uploads.start(repository);
    await expect(here.uploads.append(repository, id, length(9), bodyOf('0123'))).rejects.toMatchObject(
      refusal('SIZE_INVALID', 400),
    );
    await here.uploads.append(repository, id, length(3), bodyOf('abc'));
    const digest = digestOf(Buffer.from('abc'));
    await here.uploads.finish(repository, id, digest, length(0), bodyOf());
    expect((await pullBlob(here, repository, digest)).toString()).toBe('abc');
    await expectCleanEnd(before, 1);
  });

  it('keeps what arrived of a body that was interrupted', async () => {
    const before = await files();
    const bytes = noise(3 * MIB);
    const { id } = await here.uploads.start(repository);
    const body = interruptedBody(cut(bytes.subarray(0, 2 * MIB), 100_000));
    await expect(here.uploads.append(repository, id, length(3 * MIB), body)).rejects.toBeInstanceOf(
      BodyInterrupted,
    );
    expect((await here.uploads.status(repository, id)).offsetBytes).toBe(2 * MIB);
    await here.uploads.append(repository, id, chunk(2 * MIB, 3 * MIB - 1), bodyOf(bytes.subarray(2 * MIB)));
    await here.uploads.finish(repository, id, digestOf(bytes), length(0), bodyOf());
    expect((await pullBlob(here, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('stands where it stood when the finish was interrupted, and can be finished again', async () => {
    const before = await files();
    const { id } = await here.uploads.start(repository);
    const digest = digestOf(Buffer.from('interrupted'));
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('inte'));
    await expect(
      here.uploads.finish(repository, id, digest, length(7), interruptedBody('rru')),
    ).rejects.toBeInstanceOf(BodyInterrupted);
    expect((await here.uploads.status(repository, id)).offsetBytes).toBe(4);
    await here.uploads.finish(repository, id, digest, length(7), bodyOf('rrupted'));
    expect((await pullBlob(here, repository, digest)).toString()).toBe('interrupted');
    await expectCleanEnd(before, 1);
  });

  it('is over after a wrong digest, and its bytes are gone', async () => {
    const before = await files();
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('0123'));
    const received = digestOf(Buffer.from('01234567'));
    const expected = digestOf(Buffer.from('something else'));
    const finished = here.uploads.finish(repository, id, expected, length(4), bodyOf('4567'));
    await expect(finished).rejects.toMatchObject({
      ...refusal('DIGEST_INVALID', 400),
      detail: { received, expected },
    });
    await expect(here.uploads.status(repository, id)).rejects.toMatchObject(UNKNOWN);
    for (const digest of [received, expected]) {
      await expect(here.blobs.sizeBytes(repository, digest)).rejects.toMatchObject(
        refusal('BLOB_UNKNOWN', 404),
      );
    }
    expect(here.discards()).toBeGreaterThan(0);
    await expectCleanEnd(before, 0);
  });

  it('is over when it is cancelled, and its bytes are gone', async () => {
    const before = await files();
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(noise(MIB)));
    await there.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(noise(10)));
    await there.uploads.cancel(repository, id);
    await expect(here.uploads.status(repository, id)).rejects.toMatchObject(UNKNOWN);
    await expect(here.uploads.cancel(repository, id)).rejects.toMatchObject(UNKNOWN);
    await expect(here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('x'))).rejects.toMatchObject(
      UNKNOWN,
    );
    expect(there.discards()).toBeGreaterThan(0);
    await expectCleanEnd(before, 0);
  });

  it('expires when nobody touched it, and not before', async () => {
    const clock = new StoppedClock();
    const replica = replicaOf(shared, { clock });
    const old = await replica.uploads.start(repository);
    await replica.uploads.append(repository, old.id, NOTHING_ANNOUNCED, bodyOf('x'));
    const touched = await replica.uploads.start(repository);
    clock.advance(60_000);
    await replica.uploads.append(repository, touched.id, NOTHING_ANNOUNCED, bodyOf('x'));
    clock.advance(30_000);
    expect(await replica.uploads.expire(clock.now() - 60_000)).toBe(1);
    await expect(replica.uploads.status(repository, old.id)).rejects.toMatchObject(UNKNOWN);
    expect((await replica.uploads.status(repository, touched.id)).offsetBytes).toBe(1);
    expect(await replica.uploads.expire(clock.now() - 60_000)).toBe(0);
    expect(replica.discards()).toBe(1);
    await replica.uploads.close();
  });

  it('expires in any number', async () => {
    const clock = new StoppedClock();
    const replica = replicaOf(shared, { clock });
    await Promise.all(Array.from({ length: 230 }, () => replica.uploads.start(repository)));
    clock.advance(1);
    expect(await replica.uploads.expire(clock.now())).toBe(230);
    await replica.uploads.close();
  });
});

describe('digests', () => {
  it('of sha512 may be asked for at the end only', async () => {
    const bytes = noise(100_000);
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(cut(bytes, 30_000)));
    await here.uploads.finish(repository, id, digestOf(bytes, 'sha512'), length(0), bodyOf());
    expect((await pullBlob(here, repository, digestOf(bytes, 'sha512'))).equals(bytes)).toBe(true);
  });

  it('of sha512 are checked when they are asked for at the end', async () => {
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('0123'));
    const wrong = digestOf(Buffer.from('012'), 'sha512');
    await expect(here.uploads.finish(repository, id, wrong, length(1), bodyOf('4'))).rejects.toMatchObject({
      detail: { received: digestOf(Buffer.from('01234'), 'sha512') },
    });
  });

  it.each(['sha256', 'sha512'] as const)(
    'may be announced as sha512 at the start, and end as %s',
    async (end) => {
      const bytes = noise(100_000);
      const { id } = await here.uploads.start(repository, { algorithm: 'sha512' });
      await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(0, 60_000)));
      await there.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(60_000)));
      await there.uploads.finish(repository, id, digestOf(bytes, end), length(0), bodyOf());
      expect((await pullBlob(here, repository, digestOf(bytes, end))).equals(bytes)).toBe(true);
    },
  );
});

describe('another replica', () => {
  it('goes on with an upload and finishes it', async () => {
    const before = await files();
    const bytes = noise(5 * 700_001);
    const pieces = cut(bytes, 700_001);
    const { id } = await here.uploads.start(repository);
    for (const [number, piece] of pieces.entries()) {
      const replica = number % 2 === 0 ? here : there;
      const first = number * 700_001;
      await replica.uploads.append(repository, id, chunk(first, first + 700_000), bodyOf(piece));
    }
    await there.uploads.finish(repository, id, digestOf(bytes), length(0), bodyOf());
    expect((await pullBlob(here, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('finishes an upload of which it has seen nothing', async () => {
    const before = await files();
    const bytes = noise(2 * MIB);
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(0, MIB)));
    await there.uploads.finish(repository, id, digestOf(bytes), length(MIB), bodyOf(bytes.subarray(MIB)));
    expect((await pullBlob(here, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('goes on after the first one was stopped and started again', async () => {
    const before = await files();
    const bytes = noise(2 * MIB);
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(0, 1000)));
    await here.uploads.close();
    const restarted = replicaOf(shared);
    expect((await restarted.uploads.status(repository, id)).offsetBytes).toBe(1000);
    await restarted.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(1000)));
    await restarted.uploads.close();
    await here.uploads.finish(repository, id, digestOf(bytes), length(0), bodyOf());
    expect((await pullBlob(here, repository, digestOf(bytes))).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('goes on after the first one closed what was idle', async () => {
    const clock = new StoppedClock();
    const replica = replicaOf(shared, { clock });
    const { id } = await replica.uploads.start(repository);
    await replica.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('0123'));
    clock.advance(9 * 60_000);
    await replica.uploads.closeIdle();
    expect(await openFilesBelow(join(shared.folder, 'content'))).toHaveLength(1);
    clock.advance(2 * 60_000);
    await replica.uploads.closeIdle();
    expect(await openFilesBelow(join(shared.folder, 'content'))).toEqual([]);
    await replica.uploads.append(repository, id, chunk(4, 7), bodyOf('4567'));
    const digest = digestOf(Buffer.from('01234567'));
    await replica.uploads.finish(repository, id, digest, length(0), bodyOf());
    expect((await pullBlob(replica, repository, digest)).toString()).toBe('01234567');
  });

  it('that failed in the middle does not keep the first from going on', async () => {
    const { id } = await here.uploads.start(repository);
    await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf('0123'));
    await expect(there.uploads.append(repository, id, length(9), bodyOf('xxxx'))).rejects.toMatchObject(
      refusal('SIZE_INVALID', 400),
    );
    await here.uploads.append(repository, id, chunk(4, 7), bodyOf('4567'));
    const digest = digestOf(Buffer.from('01234567'));
    await there.uploads.finish(repository, id, digest, length(0), bodyOf());
    expect((await pullBlob(here, repository, digest)).toString()).toBe('01234567');
  });
});

describe('a push of what is there already', () => {
  it('replaces the bytes with verified ones and gives up the old', async () => {
    const before = await files();
    const bytes = noise(1000);
    const digest = await pushBlob(here, repository, bytes);
    const old = (await shared.index.blobs.find(repository, digest))?.key ?? '';
    await pushBlob(there, repository, bytes);
    const now = (await shared.index.blobs.find(repository, digest))?.key ?? '';
    expect(now).not.toBe(old);
    await shared.sweep();
    expect(await shared.content.sizeBytes(old)).toBeUndefined();
    expect((await pullBlob(here, repository, digest)).equals(bytes)).toBe(true);
    await expectCleanEnd(before, 1);
  });

  it('heals bytes that were lost', async () => {
    const bytes = noise(1000);
    const digest = await pushBlob(here, repository, bytes);
    const { key } = (await shared.index.blobs.find(repository, digest)) ?? { key: '' };
    await rm(join(shared.folder, key));
    await expect(pullBlob(here, repository, digest)).rejects.toMatchObject(refusal('BLOB_UNKNOWN', 404));
    await pushBlob(here, repository, bytes);
    expect((await pullBlob(here, repository, digest)).equals(bytes)).toBe(true);
  });
});
