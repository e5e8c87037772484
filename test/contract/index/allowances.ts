import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import {
  beginUpload,
  manifestOf,
  newDigest,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

/** Limits that several repositories share. */
export function allowanceContract(shared: SharedIndex): void {
  it('counts once what several members hold, until the last of them gives it up', async () => {
    const [one, two] = [newRepository(), newRepository()];
    const { blobs, manifests, tags, usage } = shared.index;
    const name = randomUUID();
    const layer = newDigest();
    await putBlob(shared.index, one, layer, 100);
    const image = await putManifest(shared.index, one, { blobs: [layer], tags: ['a'] });
    const size = image.bytes.byteLength;
    expect(await usage.ofAllowance(name)).toBeUndefined();
    await usage.assign(one, name);
    expect(await usage.ofAllowance(name)).toEqual({ bytes: 100 + size, tags: 1 });
    await usage.assign(one, name);
    await usage.assign(newRepository(), name);
    await blobs.mount(two, layer, one, 1);
    await usage.assign(two, name);
    await manifests.put({ ...image, repository: two });
    await putBlob(shared.index, two, newDigest(), 5);
    expect(await usage.ofAllowance(name)).toEqual({ bytes: 105 + size, tags: 2 });
    await manifests.remove(one, image.digest, '', 1);
    await blobs.unlink(one, layer);
    expect(await usage.ofAllowance(name)).toEqual({ bytes: 105 + size, tags: 1 });
    await tags.remove(two, tag('a'), '', 1);
    await manifests.remove(two, image.digest, '', 1);
    await blobs.unlink(two, layer);
    expect(await usage.ofAllowance(name)).toEqual({ bytes: 5, tags: 0 });
  });

  it('loses what a repository held that leaves, or goes over to another', async () => {
    const [one, two] = [newRepository(), newRepository()];
    const { usage } = shared.index;
    const [name, other] = [randomUUID(), randomUUID()];
    const layer = newDigest();
    for (const repository of [one, two]) await putBlob(shared.index, repository, layer, 100);
    await putBlob(shared.index, one, newDigest(), 7);
    await putManifest(shared.index, one, { tags: ['a'] });
    for (const repository of [one, two]) await usage.assign(repository, name);
    await usage.assign(one, other);
    expect(await usage.ofAllowance(name)).toEqual({ bytes: 100, tags: 0 });
    expect(await usage.ofAllowance(other)).toEqual(await usage.of(one));
    await usage.assign(two, undefined);
    expect(await usage.ofAllowance(name)).toBeUndefined();
  });

  it('is told of in the list', async () => {
    const { index } = await shared.openEmpty();
    const [one, two] = [newRepository(), newRepository()].sort() as [ReturnType<typeof newRepository>, never];
    for (const repository of [one, two]) await putBlob(index, repository, newDigest(), 1);
    await index.usage.assign(one, 'team/**');
    expect((await index.usage.list(FIRST_PAGE)).map(({ allowance }) => allowance)).toEqual([
      'team/**',
      undefined,
    ]);
  });

  it('keeps out what is too much for all together, and lets in what one of them has', async () => {
    const [one, two] = [newRepository(), newRepository()];
    const { blobs, manifests } = shared.index;
    const limits = { maxBytes: 100, maxTags: 2, allowance: randomUUID() };
    const commit = async (
      repository: typeof one,
      digest: ReturnType<typeof newDigest>,
      sizeBytes: number,
    ) => {
      const { id, key } = await beginUpload(shared.index, repository);
      return blobs.commit({ uploadId: id, repository, digest, key, sizeBytes, atMs: 1, limits });
    };
    const layer = newDigest();
    expect(await commit(one, layer, 60)).toBe('committed');
    expect(await commit(two, newDigest(), 41)).toEqual({
      ...{ outcome: 'over-limit', limit: 'bytes', used: 60, added: 41, max: 100 },
    });
    expect(await blobs.mount(two, layer, one, 1, limits)).toBe(true);
    expect(await commit(two, layer, 60)).toBe('committed');
    expect(await commit(two, newDigest(), 40)).toBe('committed');
    const tags = { ...limits, maxBytes: undefined };
    const put = (repository: typeof one, name: string) =>
      manifests.put({ ...manifestOf(repository, { tags: [name] }), limits: tags });
    expect(await put(one, 'a')).toMatchObject({ outcome: 'stored', usage: { tags: 1 } });
    expect(await put(two, 'a')).toMatchObject({ outcome: 'stored', usage: { tags: 2 } });
    expect(await put(two, 'b')).toMatchObject({ outcome: 'over-limit', limit: 'tags', used: 2, added: 1 });
    expect(await put(two, 'a')).toMatchObject({ outcome: 'stored' });
  });

  it('holds against many repositories that push at once, in any processes', async () => {
    const other = await shared.again();
    onTestFinished(() => other.close());
    const limits = { maxBytes: 100, maxTags: undefined, allowance: randomUUID() };
    const uploads = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const repository = newRepository();
        return { repository, ...(await beginUpload(shared.index, repository)) };
      }),
    );
    const outcomes = await Promise.all(
      uploads.map(({ id, key, repository }, position) =>
        (position % 2 === 0 ? shared.index : other).blobs.commit({
          ...{ uploadId: id, repository, digest: newDigest(), key, sizeBytes: 30, atMs: 1, limits },
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(3);
    expect((await shared.index.usage.ofAllowance(limits.allowance))?.bytes).toBe(90);
  });
}
