import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';
import type { ImmutableTag, OverLimit, UsageLimits } from './limits.ts';

/** Where a blob's bytes are. */
export interface BlobRecord {
  readonly digest: Digest;
  /** The content store's key. */
  readonly key: string;
  readonly sizeBytes: number;
}

/** A blob that was received whole and whose digest was verified. */
export interface ReceivedBlob {
  readonly uploadId: string;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** A key that was never used before and whose bytes are durable. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Garbage collection keeps it for a while from then on, whether or not a manifest names it. */
  readonly atMs: number;
  /** Of the repository. */
  readonly limits?: UsageLimits | undefined;
}

/** Which bytes a digest stands for, and which repositories have them. */
export interface BlobIndex {
  /** The blob, if it is in this repository. That it exists elsewhere grants nothing (CVE-2024-39897). */
  find(repository: RepositoryName, digest: Digest): Promise<BlobRecord | undefined>;
  /**
   * Ends an upload: the blob is now at `key`, and in the repository. Whatever the upload or the blob had before
   * under other keys is discarded, so that a push always replaces bytes that may be damaged with verified ones.
   * @returns `unknown-upload` where the upload is gone, and nothing was changed; where the repository may not hold so
   *   much, the upload is over and its bytes are discarded
   */
  commit(blob: ReceivedBlob): Promise<'committed' | 'unknown-upload' | OverLimit>;
  /**
   * Puts a blob of `from` into `repository` as well.
   * @param limits of `repository`
   * @returns whether `from` holds the blob
   */
  mount(
    repository: RepositoryName,
    digest: Digest,
    from: RepositoryName,
    atMs: number,
    limits?: UsageLimits,
  ): Promise<boolean | OverLimit>;
  /**
   * A repository that holds the blob.
   * @param among the only ones that may be told of; a blob elsewhere is as good as none (CVE-2024-39897)
   */
  holder(digest: Digest, among: 'any' | readonly string[]): Promise<RepositoryName | undefined>;
  /**
   * Takes the blob out of this repository; its bytes stay.
   * @param immutableTags patterns of tags whose manifests must stay whole
   * @param by who asks for it, and when, for the journal
   * @returns whether it was there
   */
  unlink(
    repository: RepositoryName,
    digest: Digest,
    immutableTags?: readonly string[],
    by?: { readonly actor: string; readonly atMs: number },
  ): Promise<boolean | ImmutableTag>;
  /**
   * Keys that nothing refers to any more and whose bytes are to be removed, at most `limit` of them.
   * @param options.exceptBelow leaves out keys that begin with this text, which ends with a slash
   */
  discarded(limit: number, options?: { readonly exceptBelow?: string | undefined }): Promise<string[]>;
  /** Forgets discarded keys, after their bytes were removed. */
  forget(keys: readonly string[]): Promise<void>;
}
