import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { uploadOffset } from '../../../src/index/uploads.ts';
import { beginUpload, newKey, newRepository } from '../../support/index-values.ts';
import type { SharedIndex } from './under-test.ts';

/** Uploads: the parts of what is not a blob yet. */
export function uploadContract(shared: SharedIndex): void {
  it('are found with what was acknowledged', async () => {
    const repository = newRepository();
    expect(await shared.index.uploads.find(randomUUID())).toBeUndefined();
    const { id, key } = await beginUpload(shared.index, repository, 77);
    expect(await shared.index.uploads.find(id)).toEqual({ id, repository, parts: [], startedAtMs: 77 });
    await shared.index.uploads.advance({ id, key, partBytes: 5, fromBytes: 0, atMs: 100 });
    const found = await shared.index.uploads.find(id);
    expect(found).toEqual({ id, repository, parts: [{ key, sizeBytes: 5 }], startedAtMs: 77 });
    expect(found && uploadOffset(found)).toBe(5);
  });

  it('know with which token they were begun', async () => {
    const upload = {
      id: randomUUID(),
      repository: newRepository(),
      key: newKey(),
      atMs: 5,
      tokenDigest: 'ab12',
    };
    await shared.index.uploads.create(upload);
    expect((await shared.index.uploads.find(upload.id))?.tokenDigest).toBe('ab12');
  });

  it('have ids that are used once', async () => {
    const repository = newRepository();
    const { id, key } = await beginUpload(shared.index, repository);
    const again = { id, repository: newRepository(), key: newKey(), atMs: 5 };
    await expect(shared.index.uploads.create(again)).rejects.toThrow();
    expect((await shared.index.uploads.find(id))?.repository).toBe(repository);
    expect(await shared.index.uploads.advance({ id, key, partBytes: 1, fromBytes: 0, atMs: 6 })).toBe(
      'advanced',
    );
  });

  it('keep parts in the order in which they were claimed', async () => {
    const { id, key } = await beginUpload(shared.index, newRepository());
    await shared.index.uploads.advance({ id, key, partBytes: 5, fromBytes: 0, atMs: 1 });
    const [second, third] = [newKey(), newKey()];
    expect(await shared.index.uploads.claim(id, second, 2)).toBe(true);
    await shared.index.uploads.advance({ id, key: second, partBytes: 7, fromBytes: 5, atMs: 3 });
    expect(await shared.index.uploads.claim(id, third, 2)).toBe(true);
    await shared.index.uploads.advance({ id, key: third, partBytes: 1, fromBytes: 12, atMs: 3 });
    expect((await shared.index.uploads.find(id))?.parts).toEqual([
      { key, sizeBytes: 5 },
      { key: second, sizeBytes: 7 },
      { key: third, sizeBytes: 1 },
    ]);
  });

  it('do not count a key that was claimed and holds nothing acknowledged', async () => {
    const { id } = await beginUpload(shared.index, newRepository());
    await shared.index.uploads.claim(id, newKey(), 2);
    expect((await shared.index.uploads.find(id))?.parts).toEqual([]);
  });

  it('that are unknown cannot be claimed, advanced or removed', async () => {
    const id = randomUUID();
    const key = newKey();
    expect(await shared.index.uploads.claim(id, key, 1)).toBe(false);
    expect(await shared.index.uploads.advance({ id, key, partBytes: 1, fromBytes: 0, atMs: 1 })).toBe(
      'unknown-upload',
    );
    expect(await shared.index.uploads.remove(id)).toBe(false);
    expect(await shared.isDiscarded(key)).toBe(false);
  });

  it('let a part grow while it is the last', async () => {
    const { id, key } = await beginUpload(shared.index, newRepository());
    for (const [from, to] of [
      [0, 4],
      [4, 9],
      [9, 10],
    ] as const) {
      const step = { id, key, partBytes: to, fromBytes: from, atMs: 1 };
      expect(await shared.index.uploads.advance(step)).toBe('advanced');
    }
    expect((await shared.index.uploads.find(id))?.parts).toEqual([{ key, sizeBytes: 10 }]);
  });

  it('let no part grow but the last', async () => {
    const { id, key } = await beginUpload(shared.index, newRepository());
    await shared.index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 });
    const second = newKey();
    await shared.index.uploads.claim(id, second, 1);
    await shared.index.uploads.advance({ id, key: second, partBytes: 3, fromBytes: 4, atMs: 1 });
    const late = { id, key, partBytes: 9, fromBytes: 7, atMs: 1 };
    expect(await shared.index.uploads.advance(late)).toBe('offset-moved');
    expect((await shared.index.uploads.find(id))?.parts).toEqual([
      { key, sizeBytes: 4 },
      { key: second, sizeBytes: 3 },
    ]);
  });

  it('let a part grow after a later one was claimed in vain', async () => {
    const { id, key } = await beginUpload(shared.index, newRepository());
    await shared.index.uploads.claim(id, newKey(), 1);
    expect(await shared.index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 })).toBe(
      'advanced',
    );
  });

  it('let no part that was claimed before another grow once that one holds bytes', async () => {
    const { id } = await beginUpload(shared.index, newRepository());
    const [second, third] = [newKey(), newKey()];
    await shared.index.uploads.claim(id, second, 1);
    await shared.index.uploads.claim(id, third, 1);
    await shared.index.uploads.advance({ id, key: third, partBytes: 4, fromBytes: 0, atMs: 1 });
    const late = { id, key: second, partBytes: 4, fromBytes: 4, atMs: 1 };
    expect(await shared.index.uploads.advance(late)).toBe('offset-moved');
  });

  it('advance from where they stand only, and under their own keys', async () => {
    const { id, key } = await beginUpload(shared.index, newRepository());
    await shared.index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 });
    for (const fromBytes of [0, 3, 5]) {
      expect(await shared.index.uploads.advance({ id, key, partBytes: 9, fromBytes, atMs: 1 })).toBe(
        'offset-moved',
      );
    }
    const foreign = { id, key: newKey(), partBytes: 9, fromBytes: 4, atMs: 1 };
    expect(await shared.index.uploads.advance(foreign)).toBe('offset-moved');
    expect((await shared.index.uploads.find(id))?.parts).toEqual([{ key, sizeBytes: 4 }]);
  });

  it('let one of two requests win that began at the same offset, in any processes', async () => {
    const other = await shared.again();
    onTestFinished(() => other.close());
    for (let round = 0; round < 20; round += 1) {
      const { id, key } = await beginUpload(shared.index, newRepository());
      const second = newKey();
      await other.uploads.claim(id, second, 1);
      const outcomes = await Promise.all([
        shared.index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 }),
        other.uploads.advance({ id, key: second, partBytes: 6, fromBytes: 0, atMs: 1 }),
      ]);
      expect([...outcomes].sort()).toEqual(['advanced', 'offset-moved']);
      const winner = outcomes[0] === 'advanced' ? { key, sizeBytes: 4 } : { key: second, sizeBytes: 6 };
      expect((await shared.index.uploads.find(id))?.parts).toEqual([winner]);
    }
  });

  it('discard every key when they are removed', async () => {
    const { id, key } = await beginUpload(shared.index, newRepository());
    await shared.index.uploads.advance({ id, key, partBytes: 4, fromBytes: 0, atMs: 1 });
    const claimed = newKey();
    await shared.index.uploads.claim(id, claimed, 1);
    expect(await shared.index.uploads.remove(id)).toBe(true);
    expect(await shared.index.uploads.remove(id)).toBe(false);
    expect(await shared.index.uploads.find(id)).toBeUndefined();
    expect(await shared.isDiscarded(key)).toBe(true);
    expect(await shared.isDiscarded(claimed)).toBe(true);
  });

  it('are stale since they were touched last, in any way', async () => {
    const { index: empty } = await shared.openEmpty();
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
}
