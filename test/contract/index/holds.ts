import { expect, it } from 'vitest';
import { newDigest, newRepository, putBlob, putManifest, tag } from '../../support/index-values.ts';
import type { SharedIndex } from './under-test.ts';

const LONG_AGO = 1;
const NOW = 10_000;
const NOTE = { atMs: NOW, cause: { kind: 'collection', actor: '', rule: '' } } as const;
const RULE = { beforeMs: NOW, keptSinceMs: undefined, untaggedManifests: true };

/** What is promised to a client that asks whether something is there. */
export function holdContract(shared: SharedIndex): void {
  it('a tag holds what it points to, children, referrers and their blobs', async () => {
    const repository = newRepository();
    const [layer, proof, stray] = [newDigest(), newDigest(), newDigest()];
    for (const blob of [layer, proof, stray]) await putBlob(shared.index, repository, blob, 1, LONG_AGO);
    const old = { atMs: LONG_AGO };
    const image = await putManifest(shared.index, repository, { blobs: [layer], ...old });
    const list = await putManifest(shared.index, repository, {
      ...{ children: [image.digest], tags: ['v'], ...old },
    });
    const signature = await putManifest(shared.index, repository, {
      ...{ blobs: [proof], subject: list.digest, ...old },
    });
    const lone = await putManifest(shared.index, repository, { blobs: [stray], ...old });
    const { holds } = shared.index;
    for (const blob of [layer, proof]) expect(await holds.isBlobHeld(repository, blob, NOW)).toBe(true);
    for (const { digest } of [image, list, signature]) {
      expect(await holds.isManifestHeld(repository, digest, NOW)).toBe(true);
    }
    // A manifest without a tag may go, and then the blob goes with it.
    expect(await holds.isBlobHeld(repository, stray, NOW)).toBe(false);
    expect(await holds.isManifestHeld(repository, lone.digest, NOW)).toBe(false);
    expect(await holds.isManifestHeld(repository, newDigest(), NOW)).toBe(false);
    expect(await holds.isBlobHeld(newRepository(), layer, NOW)).toBe(false);
    // Among many that name it, not all are looked at; whichever way, the answer is never true where no tag is.
    await shared.index.tags.remove(repository, tag('v'), '', LONG_AGO);
    expect(await holds.isBlobHeld(repository, layer, NOW)).toBe(false);
    expect(await holds.isManifestHeld(repository, image.digest, NOW)).toBe(false);
  });

  it('what is made young is no garbage, and stays so', async () => {
    const repository = newRepository();
    const blob = newDigest();
    await putBlob(shared.index, repository, blob, 1, LONG_AGO);
    const { digest } = await putManifest(shared.index, repository, { atMs: LONG_AGO });
    const { holds, garbage } = shared.index;
    expect(await holds.holdBlob(repository, blob, NOW)).toBe(true);
    expect(await holds.holdManifest(repository, digest, NOW)).toBe(true);
    // A slower process must not make it older.
    await holds.holdBlob(repository, blob, NOW - 1);
    await holds.holdManifest(repository, digest, NOW - 1);
    expect(await holds.isBlobHeld(repository, blob, NOW)).toBe(true);
    expect(await holds.isManifestHeld(repository, digest, NOW)).toBe(true);
    expect(await garbage.removeLinks(RULE, [{ repository, digest: blob }], NOTE)).toEqual([]);
    expect(await garbage.removeManifests(RULE, [{ repository, digest }], NOTE)).toMatchObject({
      removed: [],
    });
    const later = { ...RULE, beforeMs: NOW + 1 };
    expect(await garbage.removeLinks(later, [{ repository, digest: blob }], NOTE)).toHaveLength(1);
    expect((await garbage.removeManifests(later, [{ repository, digest }], NOTE)).removed).toHaveLength(1);
    expect(await holds.holdBlob(repository, blob, NOW)).toBe(false);
    expect(await holds.holdManifest(repository, digest, NOW)).toBe(false);
  });

  it('a deletion makes young what was held through what it deletes', async () => {
    const repository = newRepository();
    const layer = newDigest();
    await putBlob(shared.index, repository, layer, 1, LONG_AGO);
    const old = { atMs: LONG_AGO };
    const image = await putManifest(shared.index, repository, { blobs: [layer], ...old });
    const list = await putManifest(shared.index, repository, {
      children: [image.digest],
      tags: ['v'],
      ...old,
    });
    const signature = await putManifest(shared.index, repository, { subject: list.digest, ...old });
    const { holds, manifests, tags, garbage } = shared.index;
    /** Which of them a collection would leave whose grace time began now. */
    const everything = async (): Promise<boolean[]> => {
      const page = { after: undefined, limit: 100 };
      const goes = (await garbage.scanManifests(repository, RULE, page)).garbage;
      return [
        !(await garbage.scanLinks(repository, RULE, page)).garbage.includes(layer),
        !goes.includes(image.digest),
        !goes.includes(signature.digest),
      ];
    };
    expect(await everything()).toEqual([true, true, true]);
    await tags.remove(repository, tag('v'), '', NOW);
    expect(await everything()).toEqual([true, true, true]);
    await manifests.remove(repository, list.digest, '', NOW);
    expect(await everything()).toEqual([true, true, true]);
    await manifests.remove(repository, image.digest, '', NOW);
    expect(await holds.isBlobHeld(repository, layer, NOW)).toBe(true);
    expect(await holds.isBlobHeld(repository, layer, NOW + 1)).toBe(false);
  });
}
