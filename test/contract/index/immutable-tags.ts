import { expect, it, onTestFinished } from 'vitest';
import {
  manifestOf,
  newDigest,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

/** Tags that stay where they are. */
export function immutableTagContract(shared: SharedIndex): void {
  it('may be set once, and again to the same', async () => {
    const repository = newRepository();
    const one = { ...manifestOf(repository, { tags: ['v1'] }), immutableTags: [tag('v1')] };
    const two = { ...manifestOf(repository, { tags: ['v1'] }), immutableTags: [tag('v1')] };
    expect((await shared.index.manifests.put(one)).outcome).toBe('stored');
    expect((await shared.index.manifests.put(one)).outcome).toBe('stored');
    expect(await shared.index.manifests.put(two)).toEqual({
      outcome: 'immutable',
      tag: 'v1',
      digest: one.digest,
    });
    expect((await shared.index.manifests.findByTag(repository, tag('v1')))?.digest).toBe(one.digest);
    expect(await shared.index.manifests.find(repository, two.digest)).toBeUndefined();
    expect(await shared.index.manifests.read(two.digest)).toBeUndefined();
  });

  it('keep all the tags of a push where they are', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['a', 'v1'] });
    const two = manifestOf(repository, { tags: ['a', 'b', 'v1', 'v2'] });
    const put = (...names: string[]) => shared.index.manifests.put({ ...two, immutableTags: names.map(tag) });
    expect(await put('v2', 'v1')).toEqual({ outcome: 'immutable', tag: 'v1', digest: one.digest });
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['a', 'v1']);
    expect((await put('v2')).outcome).toBe('stored');
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['a', 'b', 'v1', 'v2']);
  });

  it('belong to the first of many pushes at once, in any processes', async () => {
    const other = await shared.again();
    onTestFinished(() => other.close());
    for (let round = 0; round < 5; round += 1) {
      const repository = newRepository();
      const pushes = Array.from({ length: 8 }, () => ({
        ...manifestOf(repository, { tags: ['v1', 'latest'] }),
        immutableTags: [tag('v1')],
      }));
      const outcomes = await Promise.all(
        pushes.map((push, position) => (position % 2 === 0 ? shared.index : other).manifests.put(push)),
      );
      const winners = pushes.filter((_, position) => outcomes[position]?.outcome === 'stored');
      expect(winners).toHaveLength(1);
      for (const name of ['v1', 'latest']) {
        const found = await shared.index.manifests.findByTag(repository, tag(name));
        expect(found?.digest).toBe(winners[0]?.digest);
      }
      expect(outcomes.filter((each) => each.outcome === 'immutable')).toHaveLength(7);
    }
  });

  it('keep what they point to, and what that needs', async () => {
    const repository = newRepository();
    const [layer, other] = [newDigest(), newDigest()];
    for (const digest of [layer, other]) await putBlob(shared.index, repository, digest);
    const child = await putManifest(shared.index, repository, { blobs: [layer] });
    const index = await putManifest(shared.index, repository, { children: [child.digest], tags: ['v1'] });
    const loose = await putManifest(shared.index, repository, { blobs: [other], tags: ['w1'] });
    const { manifests, blobs } = shared.index;
    const patterns = ['/^v[0-9]/', 'x*'];
    const kept = { outcome: 'immutable', tag: 'v1', digest: index.digest };
    for (const { digest } of [child, index]) {
      expect(await manifests.remove(repository, digest, 'bob', 1, {}, patterns)).toEqual(kept);
      expect((await manifests.find(repository, digest))?.digest).toBe(digest);
    }
    expect(await blobs.unlink(repository, layer, patterns)).toEqual(kept);
    expect(await blobs.find(repository, layer)).toBeDefined();
    expect(await blobs.unlink(repository, other, patterns)).toBe(true);
    expect(await manifests.remove(repository, loose.digest, 'bob', 1, {}, patterns)).toBe(true);
    // What is not there is not there, and another repository's tags are its own.
    expect(await manifests.remove(repository, loose.digest, 'bob', 1, {}, patterns)).toBe(false);
    expect(await blobs.unlink(newRepository(), layer, patterns)).toBe(false);
    expect(await manifests.remove(repository, child.digest, 'bob', 1, {}, ['w*'])).toBe(true);
  });
}
