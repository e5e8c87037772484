import { afterEach, beforeEach, expect, it } from 'vitest';
import { type OriginalTree, TreeFault } from '../../src/content/original-tree.ts';

/** A tree that the test may fill. */
export interface TreeUnderTest {
  readonly tree: OriginalTree;
  /** Writes a file below `docker/registry/v2`. */
  write(path: string, content: string, atMs: number): void;
  /** Makes a link from one path to another, where the store has such a thing. */
  link?(path: string, target: string): void;
  /** Marks it as that of a pull-through cache. */
  makeCache(): void;
  remove(): Promise<void>;
}

const AT = Date.UTC(2024, 1, 29, 12);

/** What every reader of another registry's tree promises. Call it inside a `describe` that names the adapter. */
export function originalTreeContract(open: () => Promise<TreeUnderTest>): void {
  let place: TreeUnderTest;
  beforeEach(async () => {
    place = await open();
    place.write('blobs/b/data', 'content', AT);
    place.write('blobs/a/data', '', AT);
    place.write('blobs/note', 'x', AT);
  });
  afterEach(() => place.remove());

  it('lists a folder in ASCII order, with what each entry is', async () => {
    expect(await place.tree.list('blobs')).toEqual([
      { name: 'a', kind: 'folder' },
      { name: 'b', kind: 'folder' },
      { name: 'note', kind: 'file' },
    ]);
    expect(await place.tree.list('')).toEqual([{ name: 'blobs', kind: 'folder' }]);
  });

  it('reads a file, or its beginning, with its size and time', async () => {
    const whole = await place.tree.read('blobs/b/data', 100);
    expect(whole).toMatchObject({ sizeBytes: 7, atMs: AT });
    expect(Buffer.from(whole?.bytes ?? []).toString()).toBe('content');
    const part = await place.tree.read('blobs/b/data', 3);
    expect(part?.sizeBytes).toBe(7);
    expect(Buffer.from(part?.bytes ?? []).toString()).toBe('con');
    expect((await place.tree.read('blobs/a/data', 100))?.bytes.length).toBe(0);
  });

  it('tells sizes', async () => {
    expect(await place.tree.sizeBytes('blobs/b/data')).toBe(7);
    expect(await place.tree.sizeBytes('blobs/a/data')).toBe(0);
  });

  it('has nothing where there is nothing', async () => {
    expect(await place.tree.list('blobs/none')).toBeUndefined();
    expect(await place.tree.read('blobs/none/data', 10)).toBeUndefined();
    expect(await place.tree.sizeBytes('none/data')).toBeUndefined();
  });

  it('answers many questions at once', async () => {
    const sizes = await Promise.all(Array.from({ length: 500 }, () => place.tree.sizeBytes('blobs/b/data')));
    expect(new Set(sizes)).toEqual(new Set([7]));
  });

  it('says when something is not what it was asked for as', async () => {
    await expect(place.tree.read('blobs/b', 10)).rejects.toThrow(TreeFault);
    await expect(place.tree.sizeBytes('blobs/b')).rejects.toMatchObject({ reason: 'not-a-file' });
    await expect(place.tree.list('blobs/note')).rejects.toMatchObject({ reason: 'not-a-folder' });
  });

  it('follows no link, wherever on the way it is', async () => {
    if (place.link === undefined) return;
    place.link('blobs/file', 'blobs/b/data');
    place.link('blobs/folder', 'blobs/b');
    expect(await place.tree.list('blobs')).toContainEqual({ name: 'folder', kind: 'link' });
    for (const question of [
      place.tree.read('blobs/file', 10),
      place.tree.sizeBytes('blobs/file'),
      place.tree.read('blobs/folder/data', 10),
      place.tree.sizeBytes('blobs/folder/data'),
      place.tree.list('blobs/folder'),
    ]) {
      await expect(question).rejects.toMatchObject({ name: 'TreeFault', reason: 'link' });
    }
  });

  it('knows a pull-through cache', async () => {
    expect(await place.tree.isCache()).toBe(false);
    place.makeCache();
    expect(await place.tree.isCache()).toBe(true);
  });

  it('goes on after it was closed', async () => {
    await place.tree.close();
    await place.tree.close();
    expect(await place.tree.sizeBytes('blobs/b/data')).toBe(7);
  });
}
