import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CountedPulls } from '../../../src/index/pulls.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/reference.ts';
import { newDigest, newRepository, putManifest, tag } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

/** How often, and when last, tags and manifests were pulled. */
export function pullContract(shared: SharedIndex): void {
  const tagsOf = (repository: RepositoryName) => shared.index.pulls.tags(repository, FIRST_PAGE);
  const manifestsOf = (repository: RepositoryName) => shared.index.pulls.manifests(repository, FIRST_PAGE);
  const counted = (
    repository: RepositoryName,
    digest: Digest,
    pulls: number,
    lastAtMs: number,
    ...tags: string[]
  ): CountedPulls => ({
    repository,
    manifests: [{ digest, pulls, lastAtMs }],
    tags: tags.map((name) => ({ tag: tag(name), pulls, lastAtMs })),
  });

  it('add up, and the latest time counts, in whatever order they come', async () => {
    const repository = newRepository();
    const { digest, manifest } = await putManifest(shared.index, repository, { tags: ['a', 'b'] });
    const { mediaType } = manifest;
    expect(await manifestsOf(repository)).toEqual([{ digest, mediaType, pulls: 0, lastAtMs: undefined }]);
    await shared.index.pulls.record([counted(repository, digest, 2, 70, 'a')]);
    await shared.index.pulls.record([counted(repository, digest, 3, 50, 'a')]);
    await shared.index.pulls.record([counted(repository, digest, 1, 60)]);
    expect(await tagsOf(repository)).toEqual([
      { tag: 'a', digest, pulls: 5, lastAtMs: 70 },
      { tag: 'b', digest, pulls: 0, lastAtMs: undefined },
    ]);
    expect(await manifestsOf(repository)).toEqual([{ digest, mediaType, pulls: 6, lastAtMs: 70 }]);
  });

  it('are listed in pages', async () => {
    const repository = newRepository();
    for (const name of ['a', 'b', 'c']) await putManifest(shared.index, repository, { tags: [name] });
    const page = await shared.index.pulls.tags(repository, { after: 'a', limit: 1 });
    expect(page.map((entry) => entry.tag)).toEqual(['b']);
    const [first, second] = await manifestsOf(repository);
    const next = await shared.index.pulls.manifests(repository, { after: first?.digest, limit: 1 });
    expect(next).toEqual([second]);
    expect(await tagsOf(newRepository())).toEqual([]);
  });

  it('of what is gone are not kept, however it went, and none come later', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['v', 'w'] });
    const pull = counted(repository, one.digest, 1, 10, 'v', 'w');
    await shared.index.pulls.record([pull]);
    await shared.index.tags.remove(repository, tag('v'), '', 20);
    await shared.index.pulls.record([pull]);
    await shared.index.manifests.put({ ...one, tags: [tag('v')] });
    expect(await tagsOf(repository)).toMatchObject([
      { tag: 'v', pulls: 0 },
      { tag: 'w', pulls: 2 },
    ]);
    await shared.index.manifests.remove(repository, one.digest, '', 30);
    await shared.index.pulls.record([pull, counted(newRepository(), newDigest(), 1, 10, 'v')]);
    await shared.index.manifests.put({ ...one, tags: [tag('w')] });
    expect(await tagsOf(repository)).toMatchObject([{ tag: 'w', pulls: 0, lastAtMs: undefined }]);
    expect(await manifestsOf(repository)).toMatchObject([{ pulls: 0, lastAtMs: undefined }]);
  });

  it('of a tag stay with it when it moves', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['v'] });
    await shared.index.pulls.record([counted(repository, one.digest, 1, 10, 'v')]);
    const two = await putManifest(shared.index, repository, { tags: ['v'] });
    expect(await tagsOf(repository)).toEqual([{ tag: 'v', digest: two.digest, pulls: 1, lastAtMs: 10 }]);
  });

  it('are counted since the index was made', async () => {
    const since = await shared.index.pulls.countedSinceMs();
    expect(Number.isSafeInteger(since)).toBe(true);
    expect(since).toBeLessThanOrEqual(Date.now());
    const again = await shared.again();
    expect(await again.pulls.countedSinceMs()).toBe(since);
    await again.close();
  });

  it('of several processes add up', async () => {
    const repository = newRepository();
    const { digest } = await putManifest(shared.index, repository, { tags: ['v'] });
    const others = await Promise.all([shared.again(), shared.again()]);
    const batch = fc.record({ process: fc.nat(2), pulls: fc.integer({ min: 1, max: 9 }), atMs: fc.nat(99) });
    let [pulls, lastAtMs] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 8 }), async (batches) => {
        const processes = [shared.index, ...others];
        await Promise.all(
          batches.map((one) =>
            processes[one.process]?.pulls.record([counted(repository, digest, one.pulls, one.atMs, 'v')]),
          ),
        );
        pulls += batches.reduce((total, one) => total + one.pulls, 0);
        lastAtMs = Math.max(lastAtMs, ...batches.map((one) => one.atMs));
        await new Promise((resolve) => setImmediate(resolve));
        expect(await tagsOf(repository)).toEqual([{ tag: 'v', digest, pulls, lastAtMs }]);
        expect(await manifestsOf(repository)).toMatchObject([{ pulls, lastAtMs }]);
      }),
      { numRuns: 20 },
    );
    await Promise.all(others.map((other) => other.close()));
  });
}
