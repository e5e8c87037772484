import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newDigest, newRepository, putManifest } from '../../test/support/index-values.ts';
import {
  openShared,
  type Replica,
  refusal,
  replicaOf,
  repo,
  type Shared,
} from '../../test/support/replica.ts';
import type { ListPage } from './listing.ts';

let shared: Shared;
let registry: Replica;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(() => {
  registry = replicaOf(shared);
});

/** Follows the pages from the first to the last. */
async function pages<T>(ask: (after: string | undefined) => Promise<ListPage<T>>): Promise<T[][]> {
  const all: T[][] = [];
  let after: string | undefined;
  do {
    const page = await ask(after);
    all.push([...page.entries]);
    after = page.next;
  } while (after !== undefined);
  return all;
}

describe('tags', () => {
  it('come in pages, of which the last says so', async () => {
    const repository = newRepository();
    await putManifest(shared.index, repository, { tags: ['a', 'B', 'c', 'D'] });
    const by = (limit: number) => pages((after) => registry.listing.tags(repository, { after, limit }));
    expect(await by(1)).toEqual([['B'], ['D'], ['a'], ['c']]);
    expect(await by(2)).toEqual([
      ['B', 'D'],
      ['a', 'c'],
    ]);
    expect(await by(3)).toEqual([['B', 'D', 'a'], ['c']]);
    expect(await by(4)).toEqual([['B', 'D', 'a', 'c']]);
    expect(await by(100)).toEqual([['B', 'D', 'a', 'c']]);
  });

  it('of a page of 0 are none, with no page after it', async () => {
    const repository = newRepository();
    await putManifest(shared.index, repository, { tags: ['a'] });
    const page = await registry.listing.tags(repository, { after: undefined, limit: 0 });
    expect(page).toEqual({ entries: [], next: undefined });
  });

  it('go on after a tag that was removed meanwhile', async () => {
    const repository = newRepository();
    await putManifest(shared.index, repository, { tags: ['a', 'b', 'c'] });
    const first = await registry.listing.tags(repository, { after: undefined, limit: 2 });
    await registry.removal.manifest(repository, { kind: 'tag', tag: 'b' as never }, '');
    const second = await registry.listing.tags(repository, { after: first.next, limit: 2 });
    expect(second).toEqual({ entries: ['c'], next: undefined });
  });

  it('of a repository to which nothing was pushed are an error, also after the end of the list', async () => {
    const repository = newRepository();
    await expect(registry.listing.tags(repository, { after: undefined, limit: 5 })).rejects.toMatchObject({
      ...refusal('NAME_UNKNOWN', 404),
      detail: { name: repository },
    });
    await putManifest(shared.index, repository, { tags: ['a'] });
    const after = await registry.listing.tags(repository, { after: 'z', limit: 5 });
    expect(after).toEqual({ entries: [], next: undefined });
  });
});

describe('repositories', () => {
  it('come in pages in ASCII order', async () => {
    const own = await openShared();
    try {
      const names = ['a/b', 'a-b', 'a.b', 'a', 'b'];
      for (const name of names) await putManifest(own.index, repo(name));
      const replica = replicaOf(own);
      const found = await pages((after) => replica.listing.repositories({ after, limit: 2 }));
      expect(found).toEqual([['a', 'a-b'], ['a.b', 'a/b'], ['b']]);
    } finally {
      await own.close();
    }
  });
});

describe('referrers', () => {
  it('come in pages, filtered before they are counted', async () => {
    const repository = newRepository();
    const subject = newDigest();
    for (let count = 0; count < 9; count += 1) {
      const artifactType = count % 3 === 0 ? 'application/third' : 'application/other';
      await putManifest(shared.index, repository, { subject, artifactType });
    }
    const by = (artifactType: string | undefined, limit: number) =>
      pages((after) => registry.listing.referrers(repository, subject, artifactType, { after, limit }));
    const all = (await by(undefined, 4)).map((page) => page.map(({ digest }) => digest));
    expect(all.map((page) => page.length)).toEqual([4, 4, 1]);
    expect(all.flat()).toEqual([...all.flat()].sort());
    const third = await by('application/third', 2);
    expect(third.map((page) => page.length)).toEqual([2, 1]);
    expect(third.flat().every((referrer) => referrer.artifactType === 'application/third')).toBe(true);
  });

  it('of a repository or subject that nobody knows are none', async () => {
    const query = { after: undefined, limit: 5 };
    const page = await registry.listing.referrers(newRepository(), newDigest(), undefined, query);
    expect(page).toEqual({ entries: [], next: undefined });
  });
});
