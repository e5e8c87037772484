import { expect, it } from 'vitest';
import type { RetentionIndex, TagFacts } from '../../../src/index/retention.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/reference.ts';
import { referrersTag } from '../../../src/oci/referrers-tag.ts';
import { newDigest, newRepository, putBlob, putManifest, tag } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

const LATER = 1_000_000;

/** Tags that rules remove, and what goes with them. */
export function retentionContract(shared: SharedIndex): void {
  const retention = (): RetentionIndex => shared.index.retention;
  const factsOf = (repository: RepositoryName): Promise<TagFacts[]> =>
    retention().tags(repository, FIRST_PAGE);

  /** Removes tags by name, as they are or with facts that were true before. */
  const remove = async (
    repository: RepositoryName,
    names: readonly string[],
    more: { facts?: readonly TagFacts[]; assuming?: readonly string[]; beforeMs?: number } = {},
  ) => {
    const facts = more.facts ?? (await factsOf(repository));
    const named = (wanted: readonly string[]) => facts.filter((one) => wanted.includes(one.tag));
    return retention().removeTags({
      repository,
      tags: named(names).map((one) => ({ facts: one, rule: `rule for ${one.tag}` })),
      assuming: named(more.assuming ?? []),
      beforeMs: more.beforeMs ?? LATER,
      actor: 'retention',
      atMs: LATER,
    });
  };
  const isThere = async (repository: RepositoryName, { digest }: { digest: Digest }): Promise<boolean> =>
    (await shared.index.manifests.find(repository, digest)) !== undefined;

  it('have facts: when they moved, were pushed and pulled', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['a'], atMs: 10 });
    await shared.index.manifests.put({ ...one, tags: [tag('b')], atMs: 20 });
    const { digest } = one;
    const facts = {
      digest,
      pushedAtMs: 20,
      pulledAtMs: undefined,
      askedAtMs: undefined,
      attachedTo: undefined,
    };
    expect(await factsOf(repository)).toEqual([
      { ...facts, tag: 'a', movedAtMs: 10 },
      { ...facts, tag: 'b', movedAtMs: 20 },
    ]);
    const pull = { pulls: 1, lastAtMs: 30 };
    await shared.index.pulls.record([{ repository, manifests: [], tags: [{ tag: tag('a'), ...pull }] }]);
    expect((await factsOf(repository)).map(({ pulledAtMs }) => pulledAtMs)).toEqual([30, undefined]);
    await shared.index.pulls.record([
      { repository, manifests: [{ digest, pulls: 1, lastAtMs: 25 }], tags: [] },
    ]);
    expect((await factsOf(repository)).map(({ pulledAtMs }) => pulledAtMs)).toEqual([30, 25]);
    expect(await retention().tags(repository, { after: 'a', limit: 5 })).toHaveLength(1);
    expect(await retention().tags(newRepository(), FIRST_PAGE)).toEqual([]);
  });

  it('stay where somebody heard lately that something is there to which they lead, and go later', async () => {
    const repository = newRepository();
    const child = await putManifest(shared.index, repository);
    await putManifest(shared.index, repository, { children: [child.digest], tags: ['list'] });
    const { holds } = shared.index;
    expect(await holds.isManifestHeld(repository, child.digest, LATER)).toBe(true);
    expect(await holds.isManifestHeld(repository, child.digest, LATER, false)).toBe(false);
    const before = await factsOf(repository);
    await holds.holdManifest(repository, child.digest, 500_000);
    expect(await holds.isManifestHeld(repository, child.digest, 500_000, false)).toBe(true);
    expect(await factsOf(repository)).toMatchObject([{ tag: 'list', askedAtMs: 500_000 }]);
    const nothing = { tags: [], manifests: [] };
    expect(await remove(repository, ['list'], { facts: before, beforeMs: 500_000 })).toEqual(nothing);
    expect(await isThere(repository, child)).toBe(true);
    const gone = await remove(repository, ['list'], { facts: before, beforeMs: 500_001 });
    expect(gone).toMatchObject({ tags: ['list'] });
    expect(await isThere(repository, child)).toBe(false);
  });

  it('leave a signature that somebody may be about to refer to', async () => {
    const repository = newRepository();
    const image = await putManifest(shared.index, repository, { tags: ['v'] });
    const signature = await putManifest(shared.index, repository, { subject: image.digest });
    await shared.index.holds.holdManifest(repository, signature.digest, 500_000);
    expect((await retention().ties(repository, signature.digest))?.askedAtMs).toBe(500_000);
    await remove(repository, ['v'], { beforeMs: 500_000 });
    expect([await isThere(repository, image), await isThere(repository, signature)]).toEqual([false, true]);
  });

  it('of an index count as pulled where a manifest was that it leads to', async () => {
    const repository = newRepository();
    const child = await putManifest(shared.index, repository);
    const inner = await putManifest(shared.index, repository, { children: [child.digest] });
    await putManifest(shared.index, repository, { children: [inner.digest], tags: ['multi'] });
    const pulled = { digest: child.digest, pulls: 1, lastAtMs: 40 };
    await shared.index.pulls.record([{ repository, manifests: [pulled], tags: [] }]);
    expect(await factsOf(repository)).toMatchObject([{ tag: 'multi', pulledAtMs: 40 }]);
  });

  it('that share a manifest do not take it from one another', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['old', 'release'] });
    expect(await remove(repository, ['old'])).toEqual({ tags: ['old'], manifests: [] });
    expect(await isThere(repository, one)).toBe(true);
    expect((await factsOf(repository)).map((facts) => facts.tag)).toEqual(['release']);
    expect(await remove(repository, ['release'])).toEqual({ tags: ['release'], manifests: [one.digest] });
    expect(await isThere(repository, one)).toBe(false);
  });

  it('take the children of their index with them, but no child that something else needs', async () => {
    const repository = newRepository();
    const [own, listed, tagged] = [
      await putManifest(shared.index, repository),
      await putManifest(shared.index, repository),
      await putManifest(shared.index, repository, { tags: ['amd64'] }),
    ];
    const all = [own.digest, listed.digest, tagged.digest];
    const index = await putManifest(shared.index, repository, { children: all, tags: ['v1'] });
    const other = await putManifest(shared.index, repository, { children: [listed.digest] });
    const removed = await remove(repository, ['v1']);
    expect(removed).toMatchObject({ tags: ['v1'] });
    expect(new Set(removed === 'outdated' ? [] : removed.manifests)).toEqual(
      new Set([index.digest, own.digest]),
    );
    for (const kept of [listed, tagged, other]) expect(await isThere(repository, kept)).toBe(true);
  });

  it('leave a child alone whose index has another tag', async () => {
    const repository = newRepository();
    const child = await putManifest(shared.index, repository, { tags: ['amd64'] });
    await putManifest(shared.index, repository, { children: [child.digest], tags: ['v1'] });
    expect(await remove(repository, ['amd64'])).toEqual({ tags: ['amd64'], manifests: [] });
    expect(await isThere(repository, child)).toBe(true);
  });

  it('take what refers to their manifest with them, also to its children, by subject and by name', async () => {
    const repository = newRepository();
    const child = await putManifest(shared.index, repository);
    const index = await putManifest(shared.index, repository, { children: [child.digest], tags: ['v1'] });
    const signature = await putManifest(shared.index, repository, { subject: child.digest });
    const onSignature = await putManifest(shared.index, repository, { subject: signature.digest });
    const keptTag = await putManifest(shared.index, repository, { subject: index.digest, tags: ['sbom'] });
    const cosign = `${referrersTag(index.digest)}.sig`;
    const named = await putManifest(shared.index, repository, { tags: [cosign] });
    const fallback = referrersTag(child.digest);
    const list = await putManifest(shared.index, repository, {
      children: [signature.digest],
      tags: [fallback],
    });
    expect((await factsOf(repository)).filter(({ attachedTo }) => attachedTo !== undefined)).toMatchObject(
      [
        { tag: fallback, attachedTo: child.digest },
        { tag: cosign, attachedTo: index.digest },
      ].sort((a, b) => (a.tag < b.tag ? -1 : 1)),
    );
    const removed = await remove(repository, ['v1']);
    if (removed === 'outdated') throw new Error('it was decided on what is there');
    expect(new Set(removed.tags)).toEqual(new Set(['v1', cosign, fallback]));
    expect(new Set(removed.manifests)).toEqual(
      new Set([index, child, signature, onSignature, named, list].map(({ digest }) => digest)),
    );
    expect(await isThere(repository, keptTag)).toBe(true);
  });

  it('of a signature alone leave it with the image that it signs', async () => {
    const repository = newRepository();
    const image = await putManifest(shared.index, repository, { tags: ['v1'] });
    const signature = await putManifest(shared.index, repository, { subject: image.digest, tags: ['sig'] });
    expect(await remove(repository, ['sig'])).toEqual({ tags: ['sig'], manifests: [] });
    expect(await isThere(repository, signature)).toBe(true);
  });

  it('stay where anything of them is otherwise by now', async () => {
    const repository = newRepository();
    for (const name of ['moved', 'pulled', 'pushed', 'gone', 'same']) {
      await putManifest(shared.index, repository, { tags: [name], atMs: 10 });
    }
    const facts = await factsOf(repository);
    const digestOf = (name: string): Digest => facts.find((one) => one.tag === name)?.digest ?? newDigest();
    await putManifest(shared.index, repository, { tags: ['moved'], atMs: 20 });
    await shared.index.pulls.record([
      { repository, manifests: [{ digest: digestOf('pulled'), pulls: 1, lastAtMs: 20 }], tags: [] },
    ]);
    const again = await shared.index.manifests.read(digestOf('pushed'));
    const pushed = await putManifest(shared.index, repository, { tags: ['pushed'], atMs: 20 });
    expect(again).toBeDefined();
    expect(pushed.digest).not.toBe(digestOf('pushed'));
    await shared.index.tags.remove(repository, tag('gone'), '', 20);
    const names = facts.map((one) => one.tag);
    expect(await remove(repository, names, { facts })).toMatchObject({ tags: ['same'] });
    expect((await factsOf(repository)).map((one) => one.tag)).toEqual(['moved', 'pulled', 'pushed']);
  });

  it('stay, all of them, where one is gone because of which they may go', async () => {
    const repository = newRepository();
    for (const name of ['old', 'newer', 'newest'])
      await putManifest(shared.index, repository, { tags: [name] });
    const facts = await factsOf(repository);
    await shared.index.tags.remove(repository, tag('newest'), '', 20);
    const assuming = ['newer', 'newest'];
    expect(await remove(repository, ['old'], { facts, assuming })).toBe('outdated');
    expect(await factsOf(repository)).toHaveLength(2);
    expect(await remove(repository, ['old'], { facts, assuming: ['newer'] })).toMatchObject({
      tags: ['old'],
    });
  });

  it('leave manifests that were pushed just now', async () => {
    const repository = newRepository();
    const child = await putManifest(shared.index, repository, { atMs: 500 });
    const index = await putManifest(shared.index, repository, {
      ...{ children: [child.digest], tags: ['v1'], atMs: 400 },
    });
    const removed = await remove(repository, ['v1'], { beforeMs: 500 });
    expect(removed).toEqual({ tags: ['v1'], manifests: [index.digest] });
    expect(await isThere(repository, child)).toBe(true);
  });

  it('are in the history and in the journal, with the rule, and can be brought back', async () => {
    const repository = newRepository();
    const { digest } = await putManifest(shared.index, repository, { tags: ['v1'] });
    await remove(repository, ['v1']);
    expect((await shared.tagEvents(repository)).at(-1)).toMatchObject({
      ...{ tag: 'v1', digest: null, previous: digest, actor: 'retention', at: LATER },
    });
    const cause = { kind: 'retention', actor: 'retention', rule: 'rule for v1' };
    const removals = await shared.index.journal.list({ repository }, { before: undefined, limit: 10 });
    expect(removals).toMatchObject([
      { kind: 'manifest', digest, cause },
      { kind: 'tag', name: 'v1', digest, cause },
    ]);
    const restored = await shared.index.trash.restore({
      ...{ repository, wanted: { tag: tag('v1') }, keptSinceMs: 0, moveTags: false, withTags: true },
      ...{ actor: 'alice', atMs: LATER + 1 },
    });
    expect(restored).toMatchObject({ outcome: 'restored', tags: ['v1'] });
  });

  it('are known as they were at an earlier time, with what became of them', async () => {
    const repository = newRepository();
    const one = await putManifest(shared.index, repository, { tags: ['a', 'b', 'gone'], atMs: 10 });
    await putManifest(shared.index, repository, { tags: ['late'], atMs: 50 });
    await shared.index.manifests.put({ ...one, tags: [], atMs: 60 });
    const two = await putManifest(shared.index, repository, { tags: ['b'], atMs: 60 });
    await shared.index.tags.remove(repository, tag('gone'), '', 60);
    const pull = { pulls: 1, lastAtMs: 70 };
    await shared.index.pulls.record([{ repository, manifests: [], tags: [{ tag: tag('a'), ...pull }] }]);
    const at = (atMs: number) => retention().tagsAt(repository, atMs, FIRST_PAGE);
    const then = { digest: one.digest, movedAtMs: 10, pushedAtMs: 10, attachedTo: undefined };
    expect(await at(20)).toEqual([
      { ...then, tag: 'a', pulledAtMs: undefined, since: { isUnmoved: true, pulledAtMs: 70 } },
      { ...then, tag: 'b', pulledAtMs: undefined, since: { isUnmoved: false, pulledAtMs: undefined } },
      { ...then, tag: 'gone', pulledAtMs: undefined, since: { isUnmoved: false, pulledAtMs: undefined } },
    ]);
    expect(await at(9)).toEqual([]);
    expect(await at(70)).toMatchObject([
      { tag: 'a', digest: one.digest, pulledAtMs: 70, since: { isUnmoved: true, pulledAtMs: undefined } },
      { tag: 'b', digest: two.digest, movedAtMs: 60, since: { isUnmoved: true } },
      { tag: 'late' },
    ]);
    expect(await retention().tagsAt(repository, 70, { after: 'a', limit: 1 })).toMatchObject([{ tag: 'b' }]);
  });

  it('are known by what ties them, and blobs by who needs them', async () => {
    const [repository, elsewhere] = [newRepository(), newRepository()];
    const [blob, shared2] = [newDigest(), newDigest()];
    await putBlob(shared.index, repository, blob, 7);
    await putBlob(shared.index, repository, shared2, 9);
    await putBlob(shared.index, elsewhere, shared2, 9);
    const image = await putManifest(shared.index, repository, { blobs: [blob, shared2], tags: ['v1'] });
    const index = await putManifest(shared.index, repository, { children: [image.digest] });
    const signature = await putManifest(shared.index, repository, { subject: image.digest });
    await putManifest(shared.index, elsewhere, { blobs: [shared2] });
    const sizes = new Map([
      [blob, 7],
      [shared2, 9],
    ]);
    const ties = await retention().ties(repository, image.digest);
    expect(ties).toMatchObject({ tags: 1, listedBy: 1, subject: undefined, children: [], attached: [] });
    expect(ties?.referrers).toEqual([signature.digest]);
    expect(new Map(ties?.blobs.map(({ digest, sizeBytes }) => [digest, sizeBytes]))).toEqual(sizes);
    expect(await retention().ties(repository, signature.digest)).toMatchObject({ subject: image.digest });
    expect(await retention().ties(repository, index.digest)).toMatchObject({ children: [image.digest] });
    expect(await retention().ties(repository, newDigest())).toBeUndefined();
    expect(await retention().ties(newRepository(), newDigest())).toBeUndefined();

    expect(await retention().isBlobNeeded(blob, {})).toBe(true);
    expect(await retention().isBlobNeeded(blob, { [repository]: 1 })).toBe(false);
    expect(await retention().isBlobNeeded(shared2, { [repository]: 1 })).toBe(true);
    expect(await retention().isBlobNeeded(shared2, { [repository]: 1, [elsewhere]: 1 })).toBe(false);
    expect(await retention().isBlobNeeded(newDigest(), {})).toBe(true);
  });
}
