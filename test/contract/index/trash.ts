import { expect, it } from 'vitest';
import type { Digest } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/reference.ts';
import { newDigest, newRepository, putBlob, putManifest, tag } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex, WHOLE_HISTORY } from './under-test.ts';

const NOTE = { atMs: 9_000, cause: { kind: 'collection', actor: '', rule: 'a rule' } } as const;
const FOR_GOOD = { beforeMs: Number.MAX_SAFE_INTEGER, keptSinceMs: undefined, untaggedManifests: false };

/** What is promised of what was deleted. */
export function trashContract(shared: SharedIndex): void {
  const restore = (
    repository: RepositoryName,
    wanted: { digest: Digest } | { tag: string },
    options: {
      keptSinceMs?: number;
      moveTags?: boolean;
      withTags?: boolean;
      immutableTags?: readonly string[];
    } = {},
  ) =>
    shared.index.trash.restore({
      repository,
      wanted: 'tag' in wanted ? { tag: tag(wanted.tag) } : wanted,
      keptSinceMs: options.keptSinceMs ?? 0,
      moveTags: options.moveTags ?? false,
      withTags: options.withTags ?? true,
      immutableTags: options.immutableTags ?? [],
      actor: 'carol',
      atMs: 5_000,
    });
  const remove = (repository: RepositoryName, digest: Digest, atMs: number) =>
    shared.index.manifests.remove(repository, digest, 'bob', atMs);
  const isThere = async (repository: RepositoryName, digest: Digest): Promise<boolean> =>
    (await shared.index.manifests.find(repository, digest)) !== undefined;
  const listed = (repository: RepositoryName, keptSinceMs = 0) =>
    shared.index.trash.list({ repository, keptSinceMs }, FIRST_PAGE);

  it('a manifest is listed with its tags, and comes back with them, bytes and all', async () => {
    const repository = newRepository();
    const layer = newDigest();
    await putBlob(shared.index, repository, layer);
    const image = await putManifest(shared.index, repository, { blobs: [layer], tags: ['a', 'b'] });
    await remove(repository, image.digest, 2_000);
    expect(await isThere(repository, image.digest)).toBe(false);
    const cause = { kind: 'api', actor: 'bob', rule: '' };
    const common = {
      ...{ repository, digest: image.digest, mediaType: image.manifest.mediaType, cause },
      ...{ sizeBytes: image.bytes.byteLength, movedTo: undefined, deletedAtMs: 2_000 },
    };
    expect(await listed(repository)).toEqual([
      { ...common, tag: undefined },
      { ...common, tag: 'b' },
      { ...common, tag: 'a' },
    ]);
    expect(await shared.index.trash.find(repository, image.digest)).toEqual({ ...common, tag: undefined });
    expect(await listed(repository, 2_001)).toEqual([]);

    expect(await restore(repository, { digest: image.digest })).toEqual({
      outcome: 'restored',
      digest: image.digest,
      manifests: [image.digest],
      tags: ['a', 'b'],
      missing: [],
    });
    expect((await shared.index.manifests.findByTag(repository, tag('b')))?.digest).toBe(image.digest);
    expect(await shared.index.manifests.read(image.digest)).toEqual(image.bytes);
    expect(await listed(repository)).toEqual([]);
    expect(await shared.index.trash.find(repository, image.digest)).toBeUndefined();
    const history = await shared.index.tags.history(repository, tag('a'), WHOLE_HISTORY);
    expect(history.map(({ event }) => event)).toEqual(['created', 'deleted', 'created']);
    expect((await shared.tagEvents(repository)).at(-1)).toMatchObject({ actor: 'carol', previous: null });
    expect(await restore(repository, { digest: image.digest })).toEqual({ outcome: 'not-deleted' });
    expect(await restore(repository, { digest: newDigest() })).toEqual({ outcome: 'unknown' });
    expect(await restore(newRepository(), { tag: 'a' })).toEqual({ outcome: 'unknown' });
  });

  it('its blobs and its bytes stay until it is purged', async () => {
    const repository = newRepository();
    const layer = newDigest();
    await putBlob(shared.index, repository, layer);
    const image = await putManifest(shared.index, repository, { blobs: [layer] });
    await remove(repository, image.digest, 2_000);
    const blobs = [{ repository, digest: layer }];
    const { garbage, trash } = shared.index;
    expect(await garbage.removeLinks(FOR_GOOD, blobs, NOTE)).toEqual([]);
    const keeping = { ...FOR_GOOD, keptSinceMs: 2_000 };
    expect((await garbage.scanLinks(repository, keeping, FIRST_PAGE)).garbage).toEqual([]);
    expect(
      (await garbage.scanLinks(repository, { ...keeping, keptSinceMs: 2_001 }, FIRST_PAGE)).garbage,
    ).toEqual([layer]);
    expect((await trash.purge(2_000, 1_000, NOTE)).manifests).not.toContainEqual({
      repository,
      digest: image.digest,
    });
    const purged = await trash.purge(2_001, 1_000, NOTE);
    expect(purged.manifests).toContainEqual({ repository, digest: image.digest });
    expect(purged.hasMore).toBe(false);
    expect(await shared.bodies(image.digest)).toBe(0);
    expect(await restore(repository, { digest: image.digest })).toEqual({ outcome: 'unknown' });
    expect(await garbage.removeLinks(FOR_GOOD, blobs, NOTE)).toEqual(blobs);
  });

  it('an index comes back with its children, and a subject with what went with it or later', async () => {
    const repository = newRepository();
    const image = await putManifest(shared.index, repository, { blobs: [] });
    const nested = await putManifest(shared.index, repository, { children: [image.digest] });
    const list = await putManifest(shared.index, repository, { children: [nested.digest], tags: ['list'] });
    const signature = await putManifest(shared.index, repository, { subject: list.digest });
    const revoked = await putManifest(shared.index, repository, { subject: list.digest });
    await remove(repository, revoked.digest, 1_500);
    for (const { digest } of [list, nested, image, signature]) await remove(repository, digest, 2_000);
    const restored = await restore(repository, { digest: list.digest }, { withTags: false });
    const all = [list, nested, image, signature].map(({ digest }) => digest).toSorted();
    if (restored.outcome !== 'restored') throw new Error(restored.outcome);
    expect(restored.manifests.toSorted()).toEqual(all);
    expect(restored.tags).toEqual([]);
    for (const digest of all) expect(await isThere(repository, digest)).toBe(true);
    expect(await isThere(repository, revoked.digest)).toBe(false);
    const page = { artifactType: undefined, ...FIRST_PAGE };
    const referrers = await shared.index.manifests.referrers(repository, list.digest, page);
    expect(referrers.map(({ digest }) => digest)).toEqual([signature.digest]);
    // It brings its subject, too.
    for (const { digest } of [list, signature]) await remove(repository, digest, 3_000);
    await restore(repository, { digest: signature.digest });
    expect(await isThere(repository, list.digest)).toBe(true);
  });

  it('what a collection took before its subject went with it, too', async () => {
    const repository = newRepository();
    const image = await putManifest(shared.index, repository, { atMs: 1_000 });
    const signature = await putManifest(shared.index, repository, { subject: image.digest, atMs: 1_000 });
    const rule = { ...FOR_GOOD, untaggedManifests: true };
    for (const [atMs, { digest }] of [[2_000, signature] as const, [2_001, image] as const]) {
      await shared.index.garbage.removeManifests(rule, [{ repository, digest }], { ...NOTE, atMs });
    }
    const restored = await restore(repository, { digest: image.digest });
    expect(restored).toMatchObject({ manifests: [image.digest, signature.digest] });
  });

  it('what is no longer there is said to be missing', async () => {
    const repository = newRepository();
    const layer = newDigest();
    await putBlob(shared.index, repository, layer);
    const image = await putManifest(shared.index, repository, { blobs: [layer] });
    const list = await putManifest(shared.index, repository, { children: [image.digest] });
    await remove(repository, image.digest, 2_000);
    await remove(repository, list.digest, 3_000);
    await shared.index.blobs.unlink(repository, layer);
    const kept = { keptSinceMs: 2_500 };
    expect(await restore(repository, { digest: list.digest }, kept)).toMatchObject({
      missing: [image.digest],
    });
    expect(await restore(repository, { digest: image.digest })).toMatchObject({ missing: [layer] });
  });

  it('a tag goes back to what it pointed to before, unless it is in use', async () => {
    const repository = newRepository();
    const [one, two] = [
      await putManifest(shared.index, repository, { tags: ['v'], atMs: 1_000 }),
      await putManifest(shared.index, repository, { tags: ['v'], atMs: 2_000, actor: 'bob' }),
    ];
    expect(await listed(repository)).toMatchObject([
      { tag: 'v', digest: one.digest, movedTo: two.digest, cause: { kind: 'push', actor: 'bob' } },
    ]);
    expect(await restore(repository, { tag: 'v' })).toEqual({
      outcome: 'tag-in-use',
      tag: 'v',
      digest: two.digest,
    });
    expect(await restore(repository, { tag: 'v' }, { keptSinceMs: 2_001 })).toEqual({ outcome: 'unknown' });
    const moved = await restore(repository, { tag: 'v' }, { moveTags: true });
    expect(moved).toMatchObject({ outcome: 'restored', manifests: [], tags: ['v'], digest: one.digest });
    expect((await shared.index.manifests.findByTag(repository, tag('v')))?.digest).toBe(one.digest);
    // And forth again: what it points to now is not what was lost.
    await restore(repository, { tag: 'v' }, { moveTags: true });
    expect((await shared.index.manifests.findByTag(repository, tag('v')))?.digest).toBe(two.digest);
  });

  it('an immutable tag is not moved, whoever asks, and comes back where there is none', async () => {
    const repository = newRepository();
    const old = await putManifest(shared.index, repository, { tags: ['v1', 'other'] });
    await remove(repository, old.digest, 2_000);
    const immutableTags = ['v*'];
    const current = await putManifest(shared.index, repository, { tags: ['v1'], atMs: 3_000 });
    const refused = { outcome: 'immutable', tag: 'v1', digest: current.digest };
    for (const moveTags of [true, false]) {
      for (const wanted of [{ tag: 'v1' }, { digest: old.digest }]) {
        expect(await restore(repository, wanted, { moveTags, immutableTags })).toEqual(refused);
      }
    }
    expect(await isThere(repository, old.digest)).toBe(false);
    expect(await restore(repository, { tag: 'other' }, { immutableTags })).toMatchObject({
      tags: ['other'],
    });
    await remove(repository, current.digest, 4_000);
    expect(await restore(repository, { tag: 'v1' }, { immutableTags })).toMatchObject({
      outcome: 'restored',
      digest: current.digest,
    });
  });

  it('losses of a tag at the same time are each kept, in their order', async () => {
    const repository = newRepository();
    const images = [];
    for (let n = 0; n < 4; n += 1) {
      images.push(await putManifest(shared.index, repository, { tags: ['v'], atMs: 2_000 }));
    }
    const lost = (await listed(repository)).map(({ digest }) => digest);
    expect(lost).toEqual(
      images
        .slice(0, 3)
        .map(({ digest }) => digest)
        .toReversed(),
    );
    expect(await restore(repository, { tag: 'v' }, { moveTags: true })).toMatchObject({ digest: lost[0] });
  });

  it('counts what was deleted before a time', async () => {
    const { index } = await shared.openEmpty();
    const repository = newRepository();
    for (const atMs of [1_000, 2_000, 3_000]) {
      const { digest } = await putManifest(index, repository, {});
      await index.manifests.remove(repository, digest, '', atMs);
    }
    expect(await index.trash.countBefore(2_000)).toBe(1);
    expect(await index.trash.countBefore(9_000)).toBe(3);
  });

  it('a tag that is in use keeps a manifest from coming back with it, but not without', async () => {
    const repository = newRepository();
    const old = await putManifest(shared.index, repository, { tags: ['v'] });
    await remove(repository, old.digest, 2_000);
    const current = await putManifest(shared.index, repository, { tags: ['v'], atMs: 3_000 });
    expect(await restore(repository, { digest: old.digest })).toMatchObject({ outcome: 'tag-in-use' });
    expect(await isThere(repository, old.digest)).toBe(false);
    expect(await restore(repository, { digest: old.digest }, { withTags: false })).toMatchObject({
      tags: [],
    });
    expect(await isThere(repository, old.digest)).toBe(true);
    expect((await shared.index.manifests.findByTag(repository, tag('v')))?.digest).toBe(current.digest);
  });

  it('a manifest that is pushed again is not deleted any more', async () => {
    const repository = newRepository();
    const image = await putManifest(shared.index, repository, { tags: ['v'] });
    await remove(repository, image.digest, 2_000);
    await shared.index.manifests.put({ ...image, atMs: 3_000 });
    expect(await shared.index.trash.find(repository, image.digest)).toBeUndefined();
    await shared.index.trash.purge(Number.MAX_SAFE_INTEGER, 1_000, NOTE);
    expect(await shared.index.manifests.read(image.digest)).toEqual(image.bytes);
  });

  it('a manifest that lost its tag within the keep time is no garbage', async () => {
    const repository = newRepository();
    const image = await putManifest(shared.index, repository, { tags: ['v'], atMs: 1 });
    await putManifest(shared.index, repository, { tags: ['v'], atMs: 2_000 });
    const rule = { beforeMs: 3_000, keptSinceMs: 2_000, untaggedManifests: true };
    const wanted = [{ repository, digest: image.digest }];
    expect(await shared.index.garbage.removeManifests(rule, wanted, NOTE)).toMatchObject({ removed: [] });
    const later = { ...rule, keptSinceMs: 2_001 };
    expect((await shared.index.garbage.scanManifests(repository, later, FIRST_PAGE)).garbage).toContain(
      image.digest,
    );
    expect(await shared.index.garbage.removeManifests(later, wanted, NOTE)).toMatchObject({
      removed: wanted,
    });
    expect(await shared.index.trash.find(repository, image.digest)).toMatchObject({ cause: NOTE.cause });
  });

  it('is listed in pages, over all repositories', async () => {
    const { index } = await shared.openEmpty();
    const expected: string[] = [];
    for (const atMs of [1_000, 2_000, 2_000]) {
      const repository = newRepository();
      const { digest } = await putManifest(index, repository, { tags: ['a', 'b'], atMs });
      await index.manifests.remove(repository, digest, '', atMs);
      expected.push(...['a', 'b', digest].map((name) => `${repository} ${name}`));
    }
    const found: string[] = [];
    const times: number[] = [];
    for (let after: Parameters<typeof index.trash.list>[1]['after']; ; ) {
      const page = await index.trash.list({ keptSinceMs: 0 }, { after, limit: 2 });
      for (const entry of page) {
        const name = entry.tag ?? entry.digest;
        found.push(`${entry.repository} ${name}`);
        times.push(entry.deletedAtMs);
        after = { deletedAtMs: entry.deletedAtMs, repository: entry.repository, name };
      }
      if (page.length < 2) break;
    }
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });
}
