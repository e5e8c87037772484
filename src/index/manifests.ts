import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { Precondition } from '../oci/precondition.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { Cause } from './journal.ts';

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
  /**
   * What must be true, in the same transaction, of what each of the tags points to; without tags, of the manifest
   * itself.
   */
  readonly precondition?: Precondition | undefined;
  /** Blobs and children that need not be in the repository. */
  readonly mayBeMissing?: readonly Digest[];
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

/** What came of a push. */
export type PutManifestOutcome =
  | { readonly outcome: 'stored' }
  /** Nothing was stored: these are not in the repository. At most 100 blobs and 100 manifests are named. */
  | { readonly outcome: 'missing'; readonly digests: readonly Digest[] }
  /** Nothing was stored: the precondition does not hold for this tag, or for the manifest itself. */
  | { readonly outcome: 'changed'; readonly tag: Tag | undefined };

/** Manifests, and what refers to what. */
export interface ManifestIndex {
  find(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | undefined>;
  findByTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | undefined>;
  /**
   * The bytes of a manifest, exactly as received. Says nothing of who may see them: ask `find` or `findByTag` first.
   * The caller must not change them.
   */
  read(digest: Digest): Promise<Uint8Array | undefined>;
  put(received: ReceivedManifest): Promise<PutManifestOutcome>;
  /**
   * Removes the manifest, which is among what was deleted from then on, and every tag that points to it.
   * @param cause without one, that the actor asked for it
   * @returns whether it was there; `changed` where the precondition does not hold, and nothing was removed
   */
  remove(
    repository: RepositoryName,
    digest: Digest,
    actor: string,
    atMs: number,
    precondition?: Precondition,
    cause?: Cause,
  ): Promise<boolean | 'changed'>;
  /**
   * Manifests of this repository whose subject is `digest`, in the order of their digests.
   * @param page.listed manifests that somebody lists as referrers; those of them count too that are here and have no
   *   other subject
   * @param page.after where the page before ended, or undefined for the first
   */
  referrers(
    repository: RepositoryName,
    digest: Digest,
    page: {
      artifactType: string | undefined;
      listed?: readonly Digest[];
      after: string | undefined;
      limit: number;
    },
  ): Promise<Referrer[]>;
}
