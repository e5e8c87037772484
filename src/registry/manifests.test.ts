import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { newDigest, newRepository } from '../../test/support/index-values.ts';
import { noise } from '../../test/support/pieces.ts';
import {
  byDigest,
  byTag,
  openShared,
  pushBlob,
  type Replica,
  refusal,
  replicaOf,
  type Shared,
} from '../../test/support/replica.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-types.ts';
import type { Reference, RepositoryName } from '../oci/reference.ts';
import { NO_METRICS } from '../ports.ts';
import { ManifestCache } from './manifest-cache.ts';
import type { Manifests } from './manifests.ts';

const MIB = 1024 * 1024;
const UNKNOWN = refusal('MANIFEST_UNKNOWN', 404);
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

let shared: Shared;
let registry: Replica;
let repository: RepositoryName;
let config: Digest;
let layer: Digest;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(async () => {
  registry = replicaOf(shared);
  repository = newRepository();
  config = await pushBlob(registry, repository, noise(20));
  layer = await pushBlob(registry, repository, noise(30));
});

function image(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociImage,
    config: { mediaType: CONFIG, digest: config, size: 20 },
    layers: [{ mediaType: LAYER, digest: layer, size: 30 }],
    ...more,
  };
}

function put(reference: Reference, document: unknown, contentType?: string): ReturnType<Manifests['put']> {
  const bytes = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document));
  return registry.manifests.put({ repository, reference, bytes, contentType, actor: 'alice' });
}

describe('a manifest', () => {
  it('is stored under a tag and given back by tag and by digest, byte by byte', async () => {
    const bytes = Buffer.from(`  ${JSON.stringify(image(), undefined, 3)}\n\n`);
    const digest = digestOf(bytes);
    expect(await put(byTag('v1'), bytes, MediaType.ociImage)).toEqual({
      digest,
      subject: undefined,
      notes: [],
    });
    const record = { digest, mediaType: MediaType.ociImage, sizeBytes: bytes.byteLength };
    for (const reference of [byTag('v1'), byDigest(digest)]) {
      expect(await registry.manifests.find(repository, reference)).toEqual(record);
      // Twice: from the index, then from the cache.
      for (const replica of [registry, registry, replicaOf(shared)]) {
        const found = await replica.manifests.read(repository, reference);
        expect(found).toMatchObject(record);
        expect(Buffer.from(found.bytes).equals(bytes)).toBe(true);
      }
    }
  });

  it.each(['sha256', 'sha512'] as const)(
    'is stored under its %s digest, without a tag',
    async (algorithm) => {
      const bytes = Buffer.from(JSON.stringify(image()));
      const digest = digestOf(bytes, algorithm);
      expect((await put(byDigest(digest), bytes)).digest).toBe(digest);
      expect((await registry.manifests.read(repository, byDigest(digest))).digest).toBe(digest);
      expect((await registry.listing.tags(repository, { after: undefined, limit: 10 })).entries).toEqual([]);
    },
  );

  it('names its subject, which need not be there', async () => {
    const subject = newDigest();
    const document = image({ subject: { mediaType: MediaType.ociImage, digest: subject, size: 1 } });
    expect((await put(byTag('v1'), document)).subject).toBe(subject);
  });

  it('is unknown in other repositories, and under other tags', async () => {
    const { digest } = await put(byTag('v1'), image());
    await registry.manifests.read(repository, byDigest(digest));
    for (const [where, reference] of [
      [newRepository(), byDigest(digest)],
      [newRepository(), byTag('v1')],
      [repository, byTag('v2')],
      [repository, byDigest(newDigest())],
    ] as const) {
      await expect(registry.manifests.find(where, reference)).rejects.toMatchObject(UNKNOWN);
      await expect(registry.manifests.read(where, reference)).rejects.toMatchObject(UNKNOWN);
    }
    await expect(registry.manifests.find(repository, byTag('v2'))).rejects.toMatchObject({
      detail: { tag: 'v2' },
    });
  });

  it('of 4 MiB is taken, and one byte more is not', async () => {
    const text = JSON.stringify(image());
    const largest = Buffer.from(text.padEnd(MAX_MANIFEST_BYTES, ' '));
    const { digest } = await put(byTag('largest'), largest);
    const found = await registry.manifests.read(repository, byDigest(digest));
    expect(found.bytes.byteLength).toBe(4 * MIB);
    const tooLarge = Buffer.from(text.padEnd(MAX_MANIFEST_BYTES + 1, ' '));
    await expect(put(byTag('more'), tooLarge)).rejects.toMatchObject(refusal('SIZE_INVALID', 413));
    await expect(registry.manifests.find(repository, byTag('more'))).rejects.toMatchObject(UNKNOWN);
  });

  it.each<[string, () => unknown, string | undefined]>([
    ['that is no JSON', () => Buffer.from('{'), MediaType.ociImage],
    ['that is empty', () => Buffer.from(''), MediaType.ociImage],
    ['that is a list', () => [], MediaType.ociImage],
    ['of a type that differs from the Content-Type', () => image(), MediaType.dockerImage],
    ['of no type', () => image({ mediaType: undefined }), undefined],
    ['with both layers and manifests', () => image({ manifests: [] }), undefined],
    [
      'with a malformed digest',
      () => image({ config: { mediaType: CONFIG, digest: 'x', size: 1 } }),
      undefined,
    ],
    ['of schema 1', () => ({ schemaVersion: 1 }), undefined],
  ])('%s is refused and not stored', async (_name, document, contentType) => {
    await expect(put(byTag('v1'), document(), contentType)).rejects.toMatchObject({
      name: 'InvalidValueError',
      kind: 'manifest',
    });
    await expect(registry.manifests.find(repository, byTag('v1'))).rejects.toMatchObject(UNKNOWN);
  });

  it('under another digest than its own is refused and not stored', async () => {
    const bytes = Buffer.from(JSON.stringify(image()));
    for (const expected of [newDigest(), digestOf(Buffer.from('x'), 'sha512')]) {
      const algorithm = expected.startsWith('sha512') ? 'sha512' : 'sha256';
      const received = digestOf(bytes, algorithm);
      await expect(put(byDigest(expected), bytes)).rejects.toMatchObject({
        ...refusal('DIGEST_INVALID', 400),
        detail: { received, expected },
      });
      for (const digest of [expected, received]) {
        await expect(registry.manifests.find(repository, byDigest(digest))).rejects.toMatchObject(UNKNOWN);
      }
    }
  });

  it('with blobs that are missing is refused with one error for each, and not stored', async () => {
    const before = await put(byTag('v1'), image());
    const [one, two] = [newDigest(), newDigest()];
    const layers = [one, layer, two, one].map((digest) => ({ mediaType: LAYER, digest, size: 1 }));
    const error: unknown = await put(byTag('v1'), image({ layers })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(refusal('MANIFEST_BLOB_UNKNOWN', 400));
    const { detail, siblings } = error as {
      detail: unknown;
      siblings: { detail: unknown; entry: unknown }[];
    };
    const all = [detail, ...siblings.map((sibling) => sibling.detail)];
    expect(all).toHaveLength(2);
    expect(all).toEqual(expect.arrayContaining([{ digest: one }, { digest: two }]));
    for (const sibling of siblings) expect(sibling).toMatchObject(refusal('MANIFEST_BLOB_UNKNOWN', 400));
    expect((await registry.manifests.find(repository, byTag('v1'))).digest).toBe(before.digest);
  });

  it('needs its blobs in its own repository, and not those that are elsewhere for ever', async () => {
    const foreign = await pushBlob(registry, newRepository(), noise(10));
    const inside = { mediaType: LAYER, digest: foreign, size: 10 };
    await expect(put(byTag('v1'), image({ layers: [inside] }))).rejects.toMatchObject({
      detail: { digest: foreign },
    });
    const nondistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar';
    await put(byTag('v1'), image({ layers: [{ ...inside, mediaType: nondistributable }] }));
  });

  it('of an index needs its children', async () => {
    const child = await put(byTag('child'), image());
    const missing = newDigest();
    const index = (digests: readonly Digest[]) => ({
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: digests.map((digest) => ({ mediaType: MediaType.ociImage, digest, size: 1 })),
    });
    await expect(put(byTag('index'), index([child.digest, missing]))).rejects.toMatchObject({
      ...refusal('MANIFEST_BLOB_UNKNOWN', 400),
      detail: { digest: missing },
    });
    await put(byTag('index'), index([child.digest]));
  });

  it('moves the tag that it is pushed under', async () => {
    const one = await put(byTag('v1'), image());
    const two = await put(byTag('v1'), image({ annotations: { number: 'two' } }));
    expect((await registry.manifests.read(repository, byTag('v1'))).digest).toBe(two.digest);
    expect((await registry.manifests.read(repository, byDigest(one.digest))).digest).toBe(one.digest);
    await put(byTag('v1'), image());
    expect((await registry.manifests.read(repository, byTag('v1'))).digest).toBe(one.digest);
  });
});

describe('removal', () => {
  it('by tag takes the tag alone', async () => {
    const { digest } = await put(byTag('v1'), image());
    await put(byTag('v2'), image());
    await registry.removal.manifest(repository, byTag('v1'), 'bob');
    await expect(registry.manifests.read(repository, byTag('v1'))).rejects.toMatchObject(UNKNOWN);
    expect((await registry.manifests.read(repository, byTag('v2'))).digest).toBe(digest);
    await expect(registry.removal.manifest(repository, byTag('v1'), 'bob')).rejects.toMatchObject(UNKNOWN);
  });

  it('by digest takes every tag along', async () => {
    const { digest } = await put(byTag('v1'), image());
    await put(byTag('v2'), image());
    await registry.removal.manifest(repository, byDigest(digest), 'bob');
    for (const reference of [byTag('v1'), byTag('v2'), byDigest(digest)]) {
      await expect(registry.manifests.find(repository, reference)).rejects.toMatchObject(UNKNOWN);
    }
    await expect(registry.removal.manifest(repository, byDigest(digest), 'bob')).rejects.toMatchObject(
      UNKNOWN,
    );
  });

  it('is not undone by what any process remembers (CVE-2026-35172)', async () => {
    const { digest } = await put(byTag('v1'), image());
    const other = replicaOf(shared);
    for (const replica of [registry, other]) {
      await replica.manifests.read(repository, byTag('v1'));
      await replica.manifests.read(repository, byDigest(digest));
    }
    await registry.removal.manifest(repository, byDigest(digest), 'bob');
    for (const replica of [registry, other]) {
      for (const reference of [byTag('v1'), byDigest(digest)]) {
        await expect(replica.manifests.read(repository, reference)).rejects.toMatchObject(UNKNOWN);
        await expect(replica.manifests.find(repository, reference)).rejects.toMatchObject(UNKNOWN);
      }
    }
  });

  it('of a manifest that another repository has takes nothing from that one', async () => {
    const bytes = Buffer.from(JSON.stringify({ mediaType: MediaType.ociArtifact, blobs: [] }));
    const digest = digestOf(bytes);
    const other = newRepository();
    for (const where of [repository, other]) {
      await registry.manifests.put({
        repository: where,
        reference: byDigest(digest),
        bytes,
        contentType: undefined,
        actor: '',
      });
    }
    await registry.removal.manifest(repository, byDigest(digest), 'bob');
    const fresh = replicaOf(shared);
    expect(Buffer.from((await fresh.manifests.read(other, byDigest(digest))).bytes).equals(bytes)).toBe(true);
    await expect(fresh.manifests.read(repository, byDigest(digest))).rejects.toMatchObject(UNKNOWN);
  });

  it('of what is not there is an error', async () => {
    const other = newRepository();
    await expect(registry.removal.manifest(other, byTag('v1'), 'bob')).rejects.toMatchObject(UNKNOWN);
    await expect(registry.removal.manifest(other, byDigest(newDigest()), 'bob')).rejects.toMatchObject(
      UNKNOWN,
    );
    await expect(registry.removal.blob(other, layer)).rejects.toMatchObject(refusal('BLOB_UNKNOWN', 404));
    await registry.removal.blob(repository, layer);
    await expect(registry.removal.blob(repository, layer)).rejects.toMatchObject(
      refusal('BLOB_UNKNOWN', 404),
    );
  });

  it('that is switched off is refused in every form and changes nothing (CVE-2026-41888)', async () => {
    const off = replicaOf(shared, { deleteEnabled: false });
    const { digest } = await put(byTag('v1'), image());
    const refused = refusal('UNSUPPORTED', 405);
    await expect(off.removal.manifest(repository, byTag('v1'), 'bob')).rejects.toMatchObject(refused);
    await expect(off.removal.manifest(repository, byDigest(digest), 'bob')).rejects.toMatchObject(refused);
    await expect(off.removal.manifest(repository, byTag('none'), 'bob')).rejects.toMatchObject(refused);
    await expect(off.removal.blob(repository, layer)).rejects.toMatchObject(refused);
    expect((await off.manifests.find(repository, byTag('v1'))).digest).toBe(digest);
    expect(await off.blobs.sizeBytes(repository, layer)).toBe(30);
  });

  it('and pushes are recorded with who did it and when', async () => {
    const clock = new StoppedClock(5_000);
    const replica = replicaOf(shared, { clock });
    const calls: unknown[] = [];
    const index = {
      ...shared.index,
      tags: {
        ...shared.index.tags,
        remove: (...args: Parameters<typeof shared.index.tags.remove>) => {
          calls.push(args);
          return shared.index.tags.remove(...args);
        },
      },
    };
    await put(byTag('v1'), image());
    await replicaOf({ ...shared, index }, { clock }).removal.manifest(repository, byTag('v1'), 'bob');
    expect(calls).toEqual([[repository, 'v1', 'bob', 5_000, {}]]);
    await expect(replica.manifests.find(repository, byTag('v1'))).rejects.toMatchObject(UNKNOWN);
  });
});

describe('the cache of manifests', () => {
  it('keeps what was used last within 32 MiB', () => {
    const cache = new ManifestCache(NO_METRICS);
    const digests = Array.from({ length: 10 }, newDigest);
    const [first, second] = digests;
    if (first === undefined || second === undefined) throw new Error('no digests');
    for (const digest of digests.slice(0, 8)) cache.set(digest, Buffer.alloc(4 * MIB));
    expect(cache.get(first)?.byteLength).toBe(4 * MIB);
    for (const digest of digests.slice(8)) cache.set(digest, Buffer.alloc(4 * MIB));
    expect(digests.map((digest) => cache.get(digest) !== undefined)).toEqual([
      ...[true, false, false],
      ...Array.from({ length: 7 }, () => true),
    ]);
  });

  it('counts what is set twice once', () => {
    const cache = new ManifestCache(NO_METRICS);
    const [one, two] = [newDigest(), newDigest()];
    for (let count = 0; count < 20; count += 1) cache.set(one, Buffer.alloc(4 * MIB));
    cache.set(two, Buffer.alloc(4 * MIB));
    expect(cache.get(one)).toBeDefined();
    expect(cache.get(two)).toBeDefined();
  });
});
