import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';

/** A manifest of a repository, without its bytes. */
export interface ManifestRecord {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** A manifest as it was pushed. */
export interface ReceivedManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** Set, or moved, in the same transaction. */
  readonly tags: readonly Tag[];
  /** Who pushed it, for the tags' history; empty where nobody logged in. */
  readonly actor: string;
  readonly atMs: number;
}

/** A manifest whose `subject` is another one. */
export interface Referrer extends ManifestRecord {
  readonly artifactType: string | undefined;
  /** Undefined also where they are larger than 64 KiB. */
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

export type PutManifestOutcome =
  | { readonly outcome: 'stored' }
  /** Nothing was stored: these are not in the repository. At most 100 blobs and 100 manifests are named. */
  | { readonly outcome: 'missing'; readonly digests: readonly Digest[] };

export interface ManifestIndex {
  find(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | undefined>;
  findByTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | undefined>;
  /**
   * The bytes of a manifest, exactly as received. Says nothing of who may see them: ask `find` or `findByTag` first.
   * The caller must not change them.
   */
  read(digest: Digest): Promise<Uint8Array | undefined>;
  put(received: ReceivedManifest): Promise<PutManifestOutcome>;
  /** Removes the manifest and every tag that points to it. @returns whether it was there */
  remove(repository: RepositoryName, digest: Digest, actor: string, atMs: number): Promise<boolean>;
  /**
   * Manifests of this repository whose subject is `digest`, in the order of their digests.
   * @param after where the page before ended, or undefined for the first
   */
  referrers(
    repository: RepositoryName,
    digest: Digest,
    page: { artifactType: string | undefined; after: string | undefined; limit: number },
  ): Promise<Referrer[]>;
}
