import { expect, it } from 'vitest';
import type { Index } from '../../../src/index/index.ts';
import { MediaType } from '../../../src/oci/media-types.ts';
import { newDigest, newRepository, putManifest } from '../../support/index-values.ts';
import type { SharedIndex } from './under-test.ts';

/** The manifests that have another one as their subject. */
export function referrerContract(shared: SharedIndex): void {
  const page = { artifactType: undefined, after: undefined, limit: 100 };

  it('are the manifests of the repository with this subject, in the order of their digests', async () => {
    const [repository, elsewhere] = [newRepository(), newRepository()];
    const subject = newDigest();
    expect(await shared.index.manifests.referrers(repository, subject, page)).toEqual([]);
    const annotations = { 'org.example.kind': 'signature', ümlaut: '"\n' };
    const all = [
      await putManifest(shared.index, repository, { subject, artifactType: 'application/a', annotations }),
      await putManifest(shared.index, repository, { subject, artifactType: 'application/b' }),
      await putManifest(shared.index, repository, { subject }),
    ];
    await putManifest(shared.index, repository, { subject: newDigest(), artifactType: 'application/a' });
    await putManifest(shared.index, repository, { artifactType: 'application/a' });
    await putManifest(shared.index, elsewhere, { subject, artifactType: 'application/a' });
    const expected = all
      .map(({ digest, bytes, manifest }) => ({
        digest,
        mediaType: MediaType.ociArtifact,
        sizeBytes: bytes.byteLength,
        artifactType: manifest.artifactType,
        annotations: manifest.annotations,
      }))
      .sort((a, b) => (a.digest < b.digest ? -1 : 1));
    expect(await shared.index.manifests.referrers(repository, subject, page)).toEqual(expected);
    const filtered = { ...page, artifactType: 'application/a' };
    expect(await shared.index.manifests.referrers(repository, subject, filtered)).toEqual(
      expected.filter(({ artifactType }) => artifactType === 'application/a'),
    );
    const none = { ...page, artifactType: 'application/c' };
    expect(await shared.index.manifests.referrers(repository, subject, none)).toEqual([]);
  });

  it('come in pages', async () => {
    const repository = newRepository();
    const subject = newDigest();
    for (let count = 0; count < 7; count += 1) {
      const artifactType = count % 2 === 0 ? 'application/even' : 'application/odd';
      await putManifest(shared.index, repository, { subject, artifactType });
    }
    for (const artifactType of [undefined, 'application/even']) {
      const whole = await shared.index.manifests.referrers(repository, subject, { ...page, artifactType });
      const paged: unknown[] = [];
      let after: string | undefined;
      for (;;) {
        const query = { artifactType, after, limit: 2 };
        const found = await shared.index.manifests.referrers(repository, subject, query);
        expect(found.length).toBeLessThanOrEqual(2);
        paged.push(...found);
        after = found.at(-1)?.digest;
        if (after === undefined) break;
      }
      expect(whole).toHaveLength(artifactType === undefined ? 7 : 4);
      expect(paged).toEqual(whole);
    }
  });

  it('are also those that somebody lists, if they are here and have no other subject', async () => {
    const [repository, elsewhere] = [newRepository(), newRepository()];
    const subject = newDigest();
    const own = await putManifest(shared.index, repository, { subject, artifactType: 'application/a' });
    const plain = await putManifest(shared.index, repository, { artifactType: 'application/a' });
    const other = await putManifest(shared.index, repository, { artifactType: 'application/b' });
    const foreign = await putManifest(shared.index, repository, { subject: newDigest() });
    const far = await putManifest(shared.index, elsewhere, { artifactType: 'application/a' });
    await putManifest(shared.index, repository, { artifactType: 'application/a' });
    const listed = [own, plain, other, foreign, far].map(({ digest }) => digest).concat(newDigest());
    const found = async (more: Partial<Parameters<Index['manifests']['referrers']>[2]>) =>
      (await shared.index.manifests.referrers(repository, subject, { ...page, listed, ...more })).map(
        ({ digest }) => digest,
      );
    const all = [own.digest, plain.digest, other.digest].sort();
    expect(await found({})).toEqual(all);
    expect(await found({ limit: 2 })).toEqual(all.slice(0, 2));
    expect(await found({ after: all[1] })).toEqual(all.slice(2));
    expect(await found({ artifactType: 'application/a' })).toEqual([own.digest, plain.digest].sort());
    expect(await found({ listed: [] })).toEqual([own.digest]);
  });

  it('are gone with the manifest', async () => {
    const repository = newRepository();
    const subject = newDigest();
    const { digest } = await putManifest(shared.index, repository, { subject });
    await shared.index.manifests.remove(repository, digest, 'bob', 1);
    expect(await shared.index.manifests.referrers(repository, subject, page)).toEqual([]);
  });
}
