import { expect, it, onTestFinished } from 'vitest';
import type { Precondition } from '../../../src/oci/precondition.ts';
import { manifestOf, newDigest, newRepository, putManifest, tag } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

/** Changes that hold only where nobody else was first. */
export function preconditionContract(shared: SharedIndex): void {
  it('are those of the tags, of which each must fulfil them', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['a', 'b'] });
    const next = manifestOf(repository, { tags: ['a', 'b', 'c'] });
    const put = (precondition: Precondition) => shared.index.manifests.put({ ...next, precondition });
    expect(await put({ ifNoneMatch: '*' })).toEqual({ outcome: 'changed', tag: 'a' });
    expect(await put({ ifMatch: [one.digest] })).toEqual({ outcome: 'changed', tag: 'c' });
    expect(await put({ ifMatch: '*' })).toEqual({ outcome: 'changed', tag: 'c' });
    expect(await put({ ifMatch: [] })).toEqual({ outcome: 'changed', tag: 'a' });
    // Nothing of it was kept.
    expect(await shared.index.manifests.find(repository, next.digest)).toBeUndefined();
    expect(await shared.index.manifests.read(next.digest)).toBeUndefined();
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['a', 'b']);
    expect(await put({ ifNoneMatch: [next.digest] })).toEqual({ outcome: 'stored' });
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['a', 'b', 'c']);
    expect(await put({ ifMatch: [newDigest(), next.digest] })).toEqual({ outcome: 'stored' });
  });

  it('of a push without tags are those of the manifest', async () => {
    const repository = newRepository();
    const received = manifestOf(repository);
    const put = (precondition: Precondition) => shared.index.manifests.put({ ...received, precondition });
    expect(await put({ ifMatch: '*' })).toEqual({ outcome: 'changed', tag: undefined });
    expect(await put({ ifNoneMatch: '*' })).toEqual({ outcome: 'stored' });
    expect(await put({ ifNoneMatch: '*' })).toEqual({ outcome: 'changed', tag: undefined });
    expect(await put({ ifMatch: [received.digest] })).toEqual({ outcome: 'stored' });
  });

  it('of a removal that do not hold leave everything', async () => {
    const repository = newRepository();
    const { digest } = await putManifest(shared.index, repository, { tags: ['v'] });
    const never = { ifMatch: [newDigest()] };
    expect(await shared.index.tags.remove(repository, tag('v'), 'bob', 1, never)).toBe('changed');
    expect(await shared.index.manifests.remove(repository, digest, 'bob', 1, never)).toBe('changed');
    // What is not there is not there, whatever the condition.
    expect(await shared.index.tags.remove(repository, tag('w'), 'bob', 1, never)).toBe(false);
    expect(await shared.index.manifests.remove(repository, newDigest(), 'bob', 1, never)).toBe(false);
    expect((await shared.index.manifests.findByTag(repository, tag('v')))?.digest).toBe(digest);
    expect(await shared.index.tags.remove(repository, tag('v'), 'bob', 1, { ifMatch: [digest] })).toBe(true);
    expect(await shared.index.manifests.remove(repository, digest, 'bob', 1, { ifMatch: '*' })).toBe(true);
  });

  it('let one of many win that ask at once, in any processes', async () => {
    const other = await shared.again();
    onTestFinished(() => other.close());
    const repository = newRepository();
    let current = await putManifest(shared.index, repository, { tags: ['v'] });
    for (let round = 0; round < 5; round += 1) {
      const precondition = { ifMatch: [current.digest] };
      const pushes = Array.from({ length: 6 }, () => ({
        ...manifestOf(repository, { tags: ['v'] }),
        precondition,
      }));
      const outcomes = await Promise.all(
        pushes.map((push, position) => (position % 2 === 0 ? shared.index : other).manifests.put(push)),
      );
      const winners = pushes.filter((_, position) => outcomes[position]?.outcome === 'stored');
      expect(winners).toHaveLength(1);
      const [winner] = winners;
      if (winner === undefined) throw new Error('nobody won');
      expect((await shared.index.manifests.findByTag(repository, tag('v')))?.digest).toBe(winner.digest);
      current = winner;
    }
  });
}
