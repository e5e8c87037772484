import { expect, it } from 'vitest';
import {
  beginUpload,
  newDigest,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

const CAUSE = { kind: 'collection', actor: '', rule: 'a rule' } as const;
const NOTE = { atMs: 9_000, cause: CAUSE };
const RULE = { beforeMs: 9_000, keptSinceMs: undefined, untaggedManifests: true };
const ALL = { before: undefined, limit: 100 };

/** What is promised of the journal of removals. */
export function journalContract(shared: SharedIndex): void {
  it('tells of everything that is removed, when, why and by whom', async () => {
    const { index } = await shared.openEmpty();
    const repository = newRepository();
    const [layer, other] = [newDigest(), newDigest()];
    for (const blob of [layer, other]) await putBlob(index, repository, blob, 7, 1);
    const image = await putManifest(index, repository, { blobs: [layer], tags: ['v', 'w'], atMs: 1 });
    const stray = await putManifest(index, repository, { atMs: 1 });
    await index.tags.remove(repository, tag('w'), 'ann', 2_000);
    await index.manifests.remove(repository, image.digest, 'bob', 3_000);
    await index.blobs.unlink(repository, other, { actor: 'cyd', atMs: 4_000 });
    const { id } = await beginUpload(index, repository);
    await index.uploads.remove(id, 5_000);
    const given = await beginUpload(index, repository);
    await index.uploads.remove(given.id);
    await index.garbage.removeManifests(RULE, [{ repository, digest: stray.digest }], NOTE);
    await index.trash.purge(4_000, 100, NOTE);
    await index.garbage.removeLinks(RULE, [{ repository, digest: layer }], NOTE);
    await index.garbage.removeBlobs([layer], NOTE);
    const by = (actor: string) => ({ kind: 'api', actor, rule: '' });
    const at = { repository, name: undefined, sizeBytes: undefined };
    const sizeBytes = image.bytes.byteLength;
    const expected = [
      { ...at, atMs: 2_000, kind: 'tag', name: 'w', digest: image.digest, cause: by('ann') },
      { ...at, atMs: 3_000, kind: 'tag', name: 'v', digest: image.digest, cause: by('bob') },
      { ...at, atMs: 3_000, kind: 'manifest', digest: image.digest, sizeBytes, cause: by('bob') },
      { ...at, atMs: 4_000, kind: 'link', digest: other, cause: by('cyd') },
      {
        ...{ ...at, atMs: 5_000, kind: 'upload', name: id, digest: undefined, sizeBytes: 0 },
        cause: { kind: 'expiry', actor: '', rule: '' },
      },
      {
        ...{ ...at, atMs: 9_000, kind: 'manifest', digest: stray.digest, cause: CAUSE },
        sizeBytes: stray.bytes.byteLength,
      },
      { ...at, atMs: 9_000, kind: 'kept', digest: image.digest, sizeBytes, cause: CAUSE },
      { ...at, atMs: 9_000, kind: 'link', digest: layer, cause: CAUSE },
      { ...at, atMs: 9_000, kind: 'blob', repository: undefined, digest: layer, sizeBytes: 7, cause: CAUSE },
    ];
    const found = await index.journal.list({}, ALL);
    expect(found.toReversed().map(({ id: _, ...entry }) => entry)).toEqual(expected);

    const kinds = async (filter: Parameters<typeof index.journal.list>[0]) =>
      (await index.journal.list(filter, ALL)).map(({ kind }) => kind);
    expect(await kinds({ digest: layer })).toEqual(['blob', 'link']);
    expect(await kinds({ digest: layer, repository })).toEqual(['blob', 'link']);
    expect(await kinds({ digest: layer, repository: newRepository() })).toEqual(['blob']);
    expect(await kinds({ repository, tag: 'v' })).toEqual(['tag']);
    expect(await kinds({ repository: newRepository() })).toEqual([]);
    const [latest, second] = found;
    expect(await index.journal.list({}, { before: latest?.id, limit: 1 })).toEqual([second]);

    expect(await index.journal.prune(4_000, 2)).toBe(2);
    expect(await index.journal.prune(4_000, 2)).toBe(1);
    expect(await index.journal.list({}, ALL)).toHaveLength(6);
  });

  it('tells of nothing that stayed', async () => {
    const { index } = await shared.openEmpty();
    const repository = newRepository();
    const { digest } = await putManifest(index, repository, { tags: ['v'] });
    await index.garbage.removeManifests(RULE, [{ repository, digest }], NOTE);
    await index.garbage.removeBlobs([newDigest()], NOTE);
    await index.tags.remove(repository, tag('none'), '', 1);
    await index.manifests.remove(repository, newDigest(), '', 1);
    expect(await index.journal.list({}, ALL)).toEqual([]);
    expect(await index.trash.list({ keptSinceMs: 0 }, FIRST_PAGE)).toEqual([]);
  });
}
