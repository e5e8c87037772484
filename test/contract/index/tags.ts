import { expect, it } from 'vitest';
import type { ReceivedManifest } from '../../../src/index/manifests.ts';
import type { HistoryPage } from '../../../src/index/tags.ts';
import { newDigest, newRepository, putBlob, putManifest, tag } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex, WHOLE_HISTORY } from './under-test.ts';

/** Tags, and the history of each. */
export function tagContract(shared: SharedIndex): void {
  it('move to the last manifest that was pushed under them, with their history', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['v'], actor: 'alice', atMs: 10 });
    const two = await putManifest(shared.index, repository, { tags: ['v'], actor: 'bob', atMs: 20 });
    // The same once more is no move.
    await shared.index.manifests.put({ ...two, actor: 'carol', atMs: 30 });
    expect((await shared.index.manifests.findByTag(repository, tag('v')))?.digest).toBe(two.digest);
    await shared.index.tags.remove(repository, tag('v'), 'dave', 40);
    await shared.index.manifests.put({ ...one, actor: '', atMs: 50 });
    await shared.index.manifests.remove(repository, one.digest, 'erin', 60);
    expect(await shared.tagEvents(repository)).toEqual([
      { tag: 'v', digest: one.digest, previous: null, actor: 'alice', at: 10 },
      { tag: 'v', digest: two.digest, previous: one.digest, actor: 'bob', at: 20 },
      { tag: 'v', digest: null, previous: two.digest, actor: 'dave', at: 40 },
      { tag: 'v', digest: one.digest, previous: null, actor: '', at: 50 },
      { tag: 'v', digest: null, previous: one.digest, actor: 'erin', at: 60 },
    ]);
  });

  it('have a history that can be read, also when they and their manifests are gone', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['v'], atMs: 10 });
    const two = await putManifest(shared.index, repository, { tags: ['v', 'w'], atMs: 20 });
    await shared.index.tags.remove(repository, tag('v'), 'bob', 30);
    await shared.index.manifests.put({ ...one, atMs: 40 });
    await shared.index.manifests.remove(repository, one.digest, 'bob', 50);
    await shared.index.manifests.remove(repository, two.digest, 'bob', 60);
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
      shared.index.tags.history(repository, tag(name), { ...WHOLE_HISTORY, ...more });
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
    expect(await shared.index.tags.history(newRepository(), tag('v'), WHOLE_HISTORY)).toEqual([]);
  });

  it('have a history in which no two events share a time, even where the clock goes back', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['v'], atMs: 100 });
    const two = await putManifest(shared.index, repository, { tags: ['v'], atMs: 100 });
    await shared.index.manifests.put({ ...one, atMs: 7 });
    await shared.index.manifests.put({ ...two, atMs: 1_000 });
    const history = await shared.index.tags.history(repository, tag('v'), WHOLE_HISTORY);
    expect(history.map(({ atMs }) => atMs)).toEqual([1_000, 102, 101, 100]);
  });

  it('are removed alone; their manifest and its other tags stay', async () => {
    const repository = newRepository();
    const { digest } = await putManifest(shared.index, repository, { tags: ['a', 'b'] });
    expect(await shared.index.tags.remove(repository, tag('a'), 'bob', 1)).toBe(true);
    expect(await shared.index.tags.remove(repository, tag('a'), 'bob', 1)).toBe(false);
    expect(await shared.index.tags.remove(repository, tag('c'), 'bob', 1)).toBe(false);
    expect(await shared.index.tags.remove(newRepository(), tag('b'), 'bob', 1)).toBe(false);
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['b']);
    expect((await shared.index.manifests.find(repository, digest))?.digest).toBe(digest);
  });

  it('are no list where no manifest was ever pushed, and an empty one after the last is gone', async () => {
    const repository = newRepository();
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toBeUndefined();
    await putBlob(shared.index, repository, newDigest());
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toBeUndefined();
    const { digest } = await putManifest(shared.index, repository);
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual([]);
    await shared.index.manifests.remove(repository, digest, 'bob', 1);
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual([]);
  });

  it('are listed in ASCII order, from anywhere', async () => {
    const repository = newRepository();
    const names = ['a', 'A', 'a-b', 'a.b', 'a_b', 'ab', 'B', '_', '0', '10', '9', 'Z', 'z', 'a-B'];
    await putManifest(shared.index, repository, { tags: names });
    const sorted = [...names].sort();
    expect(sorted.slice(0, 4)).toEqual(['0', '10', '9', 'A']);
    const list = (after: string | undefined, limit: number) =>
      shared.index.tags.list(repository, { after, limit });
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
}
