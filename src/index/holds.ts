import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';

/**
 * What a client was told is there stays for the grace time, so that the push that builds on it finds it.
 *
 * What a tag keeps needs nothing: when the tag or a manifest between is removed, that very transaction makes young
 * what it kept. Everything else is made young before the answer.
 */
export interface HoldIndex {
  /**
   * Whether a tag keeps the blob, or it was made young at `sinceMs` or later. This looks at a few manifests that name
   * it, and one step further: `false` is always a safe answer, and costs a write.
   */
  isBlobHeld(repository: RepositoryName, digest: Digest, sinceMs: number): Promise<boolean>;
  /** Makes the blob young. @returns whether it is in the repository */
  holdBlob(repository: RepositoryName, digest: Digest, atMs: number): Promise<boolean>;
  /** @param byTag whether a tag is enough: no rules of retention, which remove what it kept along with it */
  isManifestHeld(
    repository: RepositoryName,
    digest: Digest,
    sinceMs: number,
    byTag?: boolean,
  ): Promise<boolean>;
  /** Makes the manifest young. @returns whether it is in the repository */
  holdManifest(repository: RepositoryName, digest: Digest, atMs: number): Promise<boolean>;
}
