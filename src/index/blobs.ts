import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';

/** Below this are the files of a folder that registry:2 wrote and could serve again. */
export const ORIGINAL_KEYS = 'docker/registry/v2/';

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
}

/** Which bytes a digest stands for, and which repositories have them. */
export interface BlobIndex {
  /** The blob, if it is in this repository. That it exists elsewhere grants nothing (CVE-2024-39897). */
  find(repository: RepositoryName, digest: Digest): Promise<BlobRecord | undefined>;
  /**
   * Ends an upload: the blob is now at `key`, and in the repository. Whatever the upload or the blob had before
   * under other keys is discarded, so that a push always replaces bytes that may be damaged with verified ones.
   * @returns `unknown-upload` where the upload is gone, and nothing was changed
   */
  commit(blob: ReceivedBlob): Promise<'committed' | 'unknown-upload'>;
  /** Puts a blob of `from` into `repository` as well. @returns whether `from` holds the blob */
  mount(repository: RepositoryName, digest: Digest, from: RepositoryName, atMs: number): Promise<boolean>;
  /**
   * A repository that holds the blob.
   * @param among the only ones that may be told of; a blob elsewhere is as good as none (CVE-2024-39897)
   */
  holder(digest: Digest, among: 'any' | readonly string[]): Promise<RepositoryName | undefined>;
  /**
   * Takes the blob out of this repository; its bytes stay. @returns whether it was there
   * @param by who asks for it, and when, for the journal
   */
  unlink(
    repository: RepositoryName,
    digest: Digest,
    by?: { readonly actor: string; readonly atMs: number },
  ): Promise<boolean>;
  /**
   * Keys that nothing refers to any more and whose bytes are to be removed, at most `limit` of them.
   * @param options.originals whether keys below `ORIGINAL_KEYS` are among them; with no options, they are
   */
  discarded(limit: number, options?: { readonly originals: boolean }): Promise<string[]>;
  /** Forgets discarded keys, after their bytes were removed. */
  forget(keys: readonly string[]): Promise<void>;
}
