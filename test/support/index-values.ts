import { randomUUID } from 'node:crypto';
import { newKey } from '../../src/content/fs/layout.ts';
import type { Index } from '../../src/index/index.ts';
import type { ReceivedManifest } from '../../src/index/manifests.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { parseRepositoryName, parseTag, type RepositoryName, type Tag } from '../../src/oci/reference.ts';

/** Values as an index is given them. Nothing here writes bytes. */

/** A repository that no other test uses. */
export function newRepository(): RepositoryName {
  return parseRepositoryName(`r${randomUUID().replaceAll('-', '')}`);
}

/** The digest of content that no other test uses. */
export function newDigest(): Digest {
  return digestOf(Buffer.from(randomUUID()));
}

export { newKey };

export function tag(text: string): Tag {
  return parseTag(text);
}

/** Begins an upload. @returns its id and the key of its first part */
export async function beginUpload(
  index: Index,
  repository: RepositoryName,
  atMs = 1_000,
): Promise<{ id: string; key: string }> {
  const upload = { id: randomUUID(), repository, key: newKey(), atMs };
  await index.uploads.create(upload);
  return upload;
}

/** Puts a blob into a repository, by way of an upload. @returns its key */
export async function putBlob(
  index: Index,
  repository: RepositoryName,
  digest: Digest,
  sizeBytes = 10,
  atMs = 1_000,
): Promise<string> {
  const { id, key } = await beginUpload(index, repository, atMs);
  const outcome = await index.blobs.commit({ uploadId: id, repository, digest, key, sizeBytes, atMs });
  if (outcome !== 'committed') throw new Error(`the blob was not committed: ${outcome}`);
  return key;
}

function descriptor(digest: Digest, mediaType = 'application/octet-stream') {
  return { mediaType, digest, size: 10 };
}

interface ManifestOptions {
  readonly blobs?: readonly Digest[];
  readonly children?: readonly Digest[];
  readonly subject?: Digest;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  readonly actor?: string;
  readonly atMs?: number;
}

/** A manifest with bytes of its own: an artifact over its blobs, or an index over its children. */
export function manifestOf(repository: RepositoryName, options: ManifestOptions = {}): ReceivedManifest {
  const { subject, annotations, artifactType } = options;
  const common = {
    ...(subject === undefined ? {} : { subject: descriptor(subject) }),
    ...(artifactType === undefined ? {} : { artifactType }),
    annotations: annotations ?? { unique: randomUUID() },
  };
  const document =
    options.children === undefined
      ? {
          ...common,
          mediaType: MediaType.ociArtifact,
          blobs: (options.blobs ?? []).map((digest) => descriptor(digest)),
        }
      : {
          ...common,
          schemaVersion: 2,
          mediaType: MediaType.ociIndex,
          manifests: options.children.map((digest) => descriptor(digest, MediaType.ociArtifact)),
        };
  const bytes = Buffer.from(JSON.stringify(document));
  return {
    repository,
    digest: digestOf(bytes),
    bytes,
    manifest: parseManifest(bytes, undefined),
    tags: (options.tags ?? []).map(tag),
    actor: options.actor ?? 'alice',
    atMs: options.atMs ?? 1_000,
  };
}

/** Puts a manifest that must be accepted. */
export async function putManifest(
  index: Index,
  repository: RepositoryName,
  options: ManifestOptions = {},
): Promise<ReceivedManifest> {
  const received = manifestOf(repository, options);
  const { outcome } = await index.manifests.put(received);
  if (outcome !== 'stored') throw new Error(`the manifest was not stored: ${outcome}`);
  return received;
}
