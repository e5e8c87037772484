import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { MediaType } from '../../../src/oci/media-types.ts';
import {
  manifestOf,
  newDigest,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../../support/index-values.ts';
import { FIRST_PAGE, type SharedIndex } from './under-test.ts';

/** Manifests: stored with their tags, whole or not at all. */
export function manifestContract(shared: SharedIndex): void {
  it('are found by digest and by tag, with the bytes that came', async () => {
    const repository = newRepository();
    const blob = newDigest();
    await putBlob(shared.index, repository, blob);
    const received = await putManifest(shared.index, repository, { blobs: [blob], tags: ['v1', 'latest'] });
    const record = {
      digest: received.digest,
      mediaType: MediaType.ociArtifact,
      sizeBytes: received.bytes.byteLength,
    };
    expect(await shared.index.manifests.find(repository, received.digest)).toEqual(record);
    expect(await shared.index.manifests.findByTag(repository, tag('v1'))).toEqual(record);
    expect(await shared.index.manifests.findByTag(repository, tag('latest'))).toEqual(record);
    expect(Buffer.from((await shared.index.manifests.read(received.digest)) ?? [])).toEqual(received.bytes);
  });

  it('are found nowhere else', async () => {
    const repository = newRepository();
    const { digest } = await putManifest(shared.index, repository, { tags: ['v1'] });
    expect(await shared.index.manifests.find(newRepository(), digest)).toBeUndefined();
    expect(await shared.index.manifests.find(repository, newDigest())).toBeUndefined();
    expect(await shared.index.manifests.findByTag(repository, tag('V1'))).toBeUndefined();
    expect(await shared.index.manifests.findByTag(newRepository(), tag('v1'))).toBeUndefined();
    expect(await shared.index.manifests.read(newDigest())).toBeUndefined();
  });

  it('are kept byte by byte, whatever the bytes are', async () => {
    const repository = newRepository();
    const base = manifestOf(repository);
    const text = `\n\t${Buffer.from(base.bytes).toString()} \0\u{1f600}`;
    const whole = Buffer.from(`before${text}after`);
    // A part of a larger buffer, as requests have them.
    const bytes = whole.subarray(6, whole.byteLength - 5);
    const digest = digestOf(bytes);
    await shared.index.manifests.put({ ...base, bytes, digest });
    const found = await shared.index.manifests.read(digest);
    expect(Buffer.from(found ?? []).equals(bytes)).toBe(true);
  });

  it('of 4 MiB are taken', async () => {
    const repository = newRepository();
    const bytes = Buffer.alloc(4 * 1024 * 1024, ' ');
    const digest = digestOf(Buffer.concat([bytes, Buffer.from(randomUUID())]));
    await shared.index.manifests.put({ ...manifestOf(repository), bytes, digest });
    expect((await shared.index.manifests.read(digest))?.byteLength).toBe(bytes.byteLength);
  });

  it('with parts that are missing change nothing, and say which', async () => {
    const [repository, elsewhere] = [newRepository(), newRepository()];
    const [present, missing, foreign] = [newDigest(), newDigest(), newDigest()];
    await putBlob(shared.index, repository, present);
    await putBlob(shared.index, elsewhere, foreign);
    const before = await putManifest(shared.index, repository, { tags: ['v1'] });
    const received = manifestOf(repository, {
      blobs: [present, missing, foreign, missing],
      tags: ['v1', 'v2'],
      subject: before.digest,
    });
    const outcome = await shared.index.manifests.put(received);
    expect(outcome.outcome).toBe('missing');
    const digests = outcome.outcome === 'missing' ? [...outcome.digests].sort() : [];
    expect(digests).toEqual([missing, foreign].sort());
    expect(await shared.index.manifests.find(repository, received.digest)).toBeUndefined();
    expect(await shared.index.manifests.read(received.digest)).toBeUndefined();
    expect((await shared.index.manifests.findByTag(repository, tag('v1')))?.digest).toBe(before.digest);
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['v1']);
    const page = { artifactType: undefined, ...FIRST_PAGE };
    expect(await shared.index.manifests.referrers(repository, before.digest, page)).toEqual([]);
    expect(await shared.tagEvents(repository)).toHaveLength(1);
  });

  it('that are missing something do not make their repository known', async () => {
    const { index: empty } = await shared.openEmpty();
    const repository = newRepository();
    await empty.manifests.put(manifestOf(repository, { blobs: [newDigest()], tags: ['v1'] }));
    expect(await empty.tags.list(repository, FIRST_PAGE)).toBeUndefined();
    expect(await empty.tags.repositories(FIRST_PAGE)).toEqual([]);
  });

  it('need their children in the same repository', async () => {
    const [repository, elsewhere] = [newRepository(), newRepository()];
    const child = await putManifest(shared.index, repository);
    const foreign = await putManifest(shared.index, elsewhere);
    const missing = newDigest();
    const received = manifestOf(repository, { children: [child.digest, foreign.digest, missing] });
    const outcome = await shared.index.manifests.put(received);
    const digests = outcome.outcome === 'missing' ? [...outcome.digests].sort() : [];
    expect(digests).toEqual([foreign.digest, missing].sort());
    const whole = await putManifest(shared.index, repository, { children: [child.digest] });
    expect((await shared.index.manifests.find(repository, whole.digest))?.mediaType).toBe(MediaType.ociIndex);
  });

  it('are taken without the parts that may be missing, and with all others', async () => {
    const repository = newRepository();
    const [blob, child] = [newDigest(), newDigest()];
    const image = { ...manifestOf(repository, { blobs: [blob] }), mayBeMissing: [blob] };
    expect(await shared.index.manifests.put(image)).toEqual({ outcome: 'stored' });
    const sparse = manifestOf(repository, { children: [image.digest, child] });
    expect(await shared.index.manifests.put({ ...sparse, mayBeMissing: [child] })).toEqual({
      outcome: 'stored',
    });
    const other = manifestOf(repository, { children: [newDigest(), child] });
    expect((await shared.index.manifests.put({ ...other, mayBeMissing: [child] })).outcome).toBe('missing');
  });

  it('are not kept from referring to a subject that is not there', async () => {
    const repository = newRepository();
    const subject = newDigest();
    const { digest } = await putManifest(shared.index, repository, { subject });
    const page = { artifactType: undefined, ...FIRST_PAGE };
    const found = await shared.index.manifests.referrers(repository, subject, page);
    expect(found.map((referrer) => referrer.digest)).toEqual([digest]);
  });

  it('may be pushed again, which changes nothing but the tags', async () => {
    const repository = newRepository();
    const blob = newDigest();
    await putBlob(shared.index, repository, blob);
    const received = await putManifest(shared.index, repository, { blobs: [blob], tags: ['v1'] });
    expect(await shared.index.manifests.put({ ...received, tags: [tag('v2')] })).toEqual({
      outcome: 'stored',
    });
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['v1', 'v2']);
  });

  it('take their tags along when they are removed', async () => {
    const repository = newRepository();
    const gone = await putManifest(shared.index, repository, { tags: ['a', 'b'] });
    const kept = await putManifest(shared.index, repository, { tags: ['c'] });
    expect(await shared.index.manifests.remove(repository, gone.digest, 'bob', 2_000)).toBe(true);
    expect(await shared.index.manifests.find(repository, gone.digest)).toBeUndefined();
    expect(await shared.index.manifests.findByTag(repository, tag('a'))).toBeUndefined();
    expect(await shared.index.tags.list(repository, FIRST_PAGE)).toEqual(['c']);
    expect((await shared.index.manifests.find(repository, kept.digest))?.digest).toBe(kept.digest);
    expect(await shared.index.manifests.remove(repository, gone.digest, 'bob', 2_000)).toBe(false);
  });

  it('that are not there cannot be removed', async () => {
    const { digest } = await putManifest(shared.index, newRepository());
    expect(await shared.index.manifests.remove(newRepository(), digest, 'bob', 1)).toBe(false);
    const other = newRepository();
    await putManifest(shared.index, other);
    expect(await shared.index.manifests.remove(other, digest, 'bob', 1)).toBe(false);
    expect(await shared.index.manifests.read(digest)).toBeDefined();
  });

  it('keep their bytes as long as a repository has them', async () => {
    const [one, two] = [newRepository(), newRepository()];
    const received = await putManifest(shared.index, one);
    await shared.index.manifests.put({ ...received, repository: two });
    expect(await shared.bodies(received.digest)).toBe(1);
    await shared.index.manifests.remove(one, received.digest, 'bob', 1);
    expect(Buffer.from((await shared.index.manifests.read(received.digest)) ?? [])).toEqual(received.bytes);
    expect(await shared.index.manifests.find(two, received.digest)).toBeDefined();
    await shared.index.manifests.remove(two, received.digest, 'bob', 1);
    // They can be brought back until they are purged.
    expect(await shared.bodies(received.digest)).toBe(1);
    const cause = { kind: 'collection', actor: '', rule: '' } as const;
    await shared.index.trash.purge(Number.MAX_SAFE_INTEGER, 1_000, { atMs: 2, cause });
    expect(await shared.index.manifests.read(received.digest)).toBeUndefined();
    expect(await shared.bodies(received.digest)).toBe(0);
  });

  it('can be pushed again after they were removed', async () => {
    const repository = newRepository();
    const received = await putManifest(shared.index, repository, { tags: ['v1'] });
    await shared.index.manifests.remove(repository, received.digest, 'bob', 1);
    await shared.index.manifests.put(received);
    expect((await shared.index.manifests.findByTag(repository, tag('v1')))?.digest).toBe(received.digest);
    expect(await shared.index.manifests.read(received.digest)).toBeDefined();
  });
}
