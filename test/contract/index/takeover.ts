import { beforeEach, expect, it } from 'vitest';
import { originalKey } from '../../../src/content/original-keys.ts';
import type { Index } from '../../../src/index/index.ts';
import type { OriginalPart } from '../../../src/index/takeover.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { MediaType } from '../../../src/oci/media-types.ts';
import type { RepositoryName } from '../../../src/oci/reference.ts';
import { newDigest, newRepository, putBlob, tag } from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex, WHOLE_HISTORY } from './under-test.ts';

const AT = 1_000;

/** What every index promises of taking over. */
export function takeOverContract(shared: SharedIndex): void {
  let index: Index;
  let repository: RepositoryName;
  beforeEach(async () => {
    ({ index } = await shared.openEmpty());
    repository = newRepository();
    await index.takeOver.begin(AT);
  });

  const part = (of: Partial<OriginalPart> = {}): OriginalPart => ({
    ...{ repository, isListed: true, blobs: [], manifests: [], tags: [], files: [], findings: [] },
    ...{ isLast: true, atMs: AT },
    ...of,
  });
  const blob = (digest: Digest, of = {}) => ({
    ...{ digest, key: originalKey(digest), sizeBytes: 10, atMs: AT, isDamaged: false },
    ...of,
  });
  const file = (digest: Digest) => ({ digest, key: originalKey(digest), sizeBytes: 10 });
  const manifest = (layer: Digest, atMs = AT) => {
    const descriptor = { mediaType: 'application/octet-stream', digest: layer, size: 10 };
    const document = { schemaVersion: 2, mediaType: MediaType.ociImage, config: descriptor, layers: [] };
    const bytes = Buffer.from(JSON.stringify(document));
    return { digest: digestOf(bytes), bytes, manifest: parseManifest(bytes, undefined), atMs };
  };
  const release = () => index.takeOver.release({ after: undefined, limit: 100 });

  it('knows which repositories wait, and lists those for the catalog at once', async () => {
    const [other, bare] = [newRepository(), newRepository()];
    await index.takeOver.addRepositories(
      [
        { name: repository, isListed: true },
        { name: other, isListed: true },
        { name: bare, isListed: false },
      ],
      AT,
    );
    await index.takeOver.finishListing(AT);
    expect(await index.tags.repositories(FIRST_PAGE)).toEqual([repository, other].toSorted());
    expect(await index.takeOver.isDone(repository)).toBe(false);
    expect(await index.takeOver.isDone(newRepository())).toBeUndefined();
    expect(await index.takeOver.finish(AT)).toBe(false);
    for (const name of [repository, other, bare]) await index.takeOver.store(part({ repository: name }));
    expect(await index.takeOver.waiting(FIRST_PAGE)).toEqual([]);
    expect(await index.takeOver.isDone(repository)).toBe(true);
    expect(await index.takeOver.finish(AT + 1)).toBe(true);
    expect(await index.takeOver.status()).toEqual({ startedAtMs: AT, listedAtMs: AT, finishedAtMs: AT + 1 });
  });

  it('is not finished before all names are known', async () => {
    expect(await index.takeOver.finish(AT)).toBe(false);
    await index.takeOver.finishListing(AT);
    expect(await index.takeOver.finish(AT)).toBe(true);
  });

  it('stores a part whole, and none of a repository that waits no more', async () => {
    const layer = newDigest();
    const image = manifest(layer);
    const moves = [{ digest: image.digest, atMs: AT }];
    const whole = part({ blobs: [blob(layer)], manifests: [image], tags: [{ name: tag('v1'), moves }] });
    expect(await index.takeOver.store(whole)).toBe(true);
    expect(await index.blobs.find(repository, layer)).toMatchObject({
      key: originalKey(layer),
      sizeBytes: 10,
    });
    expect(await index.manifests.findByTag(repository, tag('v1'))).toMatchObject({ digest: image.digest });
    const late = newDigest();
    expect(await index.takeOver.store(part({ blobs: [blob(late)] }))).toBe(false);
    expect(await index.blobs.find(repository, late)).toBeUndefined();
    expect(await index.takeOver.figures()).toMatchObject({
      repositories: 1,
      manifests: 1,
      tags: 1,
      blobs: 1,
    });
  });

  it('changes nothing that is there already', async () => {
    const layer = newDigest();
    const key = await putBlob(index, repository, layer);
    await index.takeOver.store(part({ blobs: [blob(layer, { sizeBytes: 99 })], files: [file(layer)] }));
    expect(await index.blobs.find(repository, layer)).toMatchObject({ key, sizeBytes: 10 });
  });

  it('lets a damaged blob look damaged, whoever took it over first', async () => {
    const layer = newDigest();
    const other = newRepository();
    await index.takeOver.store(part({ repository: other, blobs: [blob(layer, { sizeBytes: 4 })] }));
    await index.takeOver.store(part({ blobs: [blob(layer, { sizeBytes: 10, isDamaged: true })] }));
    expect(await index.blobs.find(other, layer)).toMatchObject({ sizeBytes: 10 });
  });

  it('does not take for whole what was found damaged, until it is pushed', async () => {
    const layer = newDigest();
    const { integrity, blobs, takeOver } = index;
    const taken = part({ blobs: [blob(layer)], files: [file(layer)] });
    await takeOver.store(taken);
    await takeOver.finishListing(AT);
    await takeOver.finish(AT);
    const key = originalKey(layer);
    await integrity.quarantineBlob({ digest: layer, key, reason: 'flipped', atMs: AT });
    expect(await release()).toMatchObject({ files: 0 });
    await takeOver.beginAgain(AT + 1);
    await takeOver.store(taken);
    expect(await blobs.find(repository, layer)).toBeUndefined();
    expect(await integrity.isQuarantined(repository, 'blob', layer)).toBe(true);
    await putBlob(index, repository, layer);
    expect(await blobs.find(repository, layer)).toBeDefined();
    expect(await integrity.isQuarantined(repository, 'blob', layer)).toBe(false);
  });

  it('mends what was found damaged and is whole there', async () => {
    const layer = newDigest();
    const { integrity, blobs, takeOver, manifests } = index;
    const own = await putBlob(index, repository, layer);
    await integrity.quarantineBlob({ digest: layer, key: own, reason: 'flipped', atMs: AT });
    const original = manifest(layer);
    const whole = part({ blobs: [blob(layer)], manifests: [original], files: [file(layer)] });
    await takeOver.store(whole);
    expect(await blobs.find(repository, layer)).toMatchObject({ key: originalKey(layer) });
    expect(await integrity.isQuarantined(repository, 'blob', layer)).toBe(false);

    const { digest, bytes } = original;
    expect(await integrity.quarantineManifest({ digest, bytes, reason: 'flipped', atMs: AT })).toBe(true);
    expect(await manifests.find(repository, digest)).toBeUndefined();
    await takeOver.beginAgain(AT + 1);
    await takeOver.store(whole);
    expect(await manifests.find(repository, digest)).toBeDefined();
    expect(Buffer.from((await manifests.read(digest)) ?? [])).toEqual(bytes);
  });

  it('keeps where a tag pointed that moves, and nothing as deleted that is there again', async () => {
    const [first, second] = [manifest(newDigest()), manifest(newDigest())];
    const at = (digest: Digest, atMs: number) => ({ name: tag('v'), moves: [{ digest, atMs }] });
    await index.takeOver.store(part({ manifests: [first, second], tags: [at(first.digest, AT)] }));
    await index.takeOver.beginAgain(9_000);
    await index.takeOver.store(part({ tags: [at(second.digest, AT + 1)], atMs: 9_000 }));
    const kept = await index.trash.list({ repository, keptSinceMs: 9_000 }, FIRST_PAGE);
    expect(kept).toMatchObject([{ tag: 'v', digest: first.digest, movedTo: second.digest }]);
    expect(await index.provenance.manifest(repository, first.digest)).toMatchObject({ untaggedAtMs: 9_000 });

    await index.manifests.remove(repository, first.digest, '', 10_000);
    await index.takeOver.beginAgain(11_000);
    await index.takeOver.store(part({ manifests: [{ ...first, atMs: 11_000 }], atMs: 11_000 }));
    expect(await index.manifests.find(repository, first.digest)).toBeDefined();
    expect(await index.trash.find(repository, first.digest)).toBeUndefined();
  });

  it('brings the history of tags, in its order', async () => {
    const images = [manifest(newDigest()), manifest(newDigest())];
    const moves = images.map(({ digest }) => ({ digest, atMs: AT }));
    await index.takeOver.store(part({ manifests: images, tags: [{ name: tag('v1'), moves }] }));
    const history = await index.tags.history(repository, tag('v1'), WHOLE_HISTORY);
    expect(history.map(({ digest }) => digest)).toEqual(images.map(({ digest }) => digest).toReversed());
  });

  it('does not bring back what was deleted since, unless it was pushed again', async () => {
    const layer = newDigest();
    const image = manifest(layer);
    const tags = [{ name: tag('v1'), moves: [{ digest: image.digest, atMs: AT }] }];
    const whole = part({ blobs: [blob(layer)], manifests: [image], tags });
    await index.takeOver.store(whole);
    await index.manifests.remove(repository, image.digest, '', AT + 5);
    await index.blobs.unlink(repository, layer);
    expect(await index.takeOver.known(repository, { after: undefined, limit: 10 })).toEqual([
      { kind: 'blob', digest: layer, atMs: AT, isHere: false },
      { kind: 'manifest', digest: image.digest, atMs: AT, isHere: false },
    ]);
    await index.takeOver.beginAgain(AT + 6);
    await index.takeOver.store(whole);
    expect(await index.manifests.find(repository, image.digest)).toBeUndefined();
    expect(await index.manifests.findByTag(repository, tag('v1'))).toBeUndefined();
    expect(await index.blobs.find(repository, layer)).toBeUndefined();
    await index.takeOver.beginAgain(AT + 9);
    const again = manifest(layer, AT + 8);
    await index.takeOver.store(
      part({
        blobs: [blob(layer, { atMs: AT + 8 })],
        manifests: [again],
        tags: [{ name: tag('v1'), moves: [{ digest: again.digest, atMs: AT + 8 }] }],
      }),
    );
    expect(await index.manifests.findByTag(repository, tag('v1'))).toMatchObject({ digest: again.digest });
    expect(await index.blobs.find(repository, layer)).toBeDefined();
  });

  it('never discards a file by itself; release does, once nothing uses it and all is known', async () => {
    const [layer, orphan] = [newDigest(), newDigest()];
    const image = manifest(layer);
    const whole = part({
      blobs: [blob(layer)],
      manifests: [image],
      files: [file(layer), file(image.digest)],
    });
    await index.takeOver.store(whole);
    await index.takeOver.addFiles([file(orphan), file(layer)], []);
    expect(await release()).toMatchObject({ files: 0 });
    await index.takeOver.finishListing(AT);
    await index.takeOver.finish(AT);
    // Pushed again: the blob is at a key of its own from now on.
    await putBlob(index, repository, layer);
    expect(await index.blobs.discarded(10)).toEqual([]);
    expect(await index.takeOver.figures()).toMatchObject({ unusedFiles: 2, unusedBytes: 20 });
    expect(await release()).toMatchObject({ files: 2, bytes: 20 });
    expect((await index.blobs.discarded(10)).toSorted()).toEqual(
      [originalKey(layer), originalKey(orphan)].toSorted(),
    );
    await index.manifests.remove(repository, image.digest, '', AT);
    // It can still be brought back.
    expect(await release()).toMatchObject({ files: 0 });
    await index.trash.purge(Number.MAX_SAFE_INTEGER, 100, {
      atMs: AT,
      cause: { kind: 'collection', actor: '', rule: '' },
    });
    expect(await release()).toMatchObject({ files: 1 });
  });

  it('goes through files page by page', async () => {
    const files = Array.from({ length: 5 }, () => file(newDigest()));
    await index.takeOver.addFiles(files, []);
    await index.takeOver.finishListing(AT);
    await index.takeOver.finish(AT);
    let released = 0;
    let pages = 0;
    let after: string | undefined;
    do {
      const page = await index.takeOver.release({ after, limit: 2 });
      released += page.files;
      after = page.next;
      pages += 1;
    } while (after !== undefined);
    expect(released).toBe(5);
    expect(pages).toBeLessThan(5);
  });

  it('keeps what was found, each once, until it begins again', async () => {
    const findings = ['c', 'a', 'b'].map((path) => ({ kind: 'foreign', path, detail: '' }));
    await index.takeOver.addFiles([], findings);
    await index.takeOver.store(part({ findings: [{ kind: 'foreign', path: 'a', detail: 'more' }] }));
    const first = await index.takeOver.findings({ after: undefined, limit: 2 });
    expect(first).toEqual([
      { kind: 'foreign', path: 'a', detail: 'more' },
      { kind: 'foreign', path: 'b', detail: '' },
    ]);
    const rest = await index.takeOver.findings({ after: first.at(-1), limit: 2 });
    expect(rest.map(({ path }) => path)).toEqual(['c']);
    expect(await index.takeOver.findingCounts()).toEqual({ foreign: 3 });
    await index.takeOver.beginAgain(AT);
    expect(await index.takeOver.findingCounts()).toEqual({});
  });
}
