import type { RepositoryName } from '../oci/reference.ts';

/** Bytes of an upload that lie under one key, in their order. A key is written by one process only. */
export interface UploadPart {
  readonly key: string;
  readonly sizeBytes: number;
}

/** An upload under way; its offset is the sum of its parts. */
export interface UploadRecord {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly parts: readonly UploadPart[];
  readonly startedAtMs: number;
  /** SHA-256, in hex, of the token that it was begun with; undefined where it was none. */
  readonly tokenDigest?: string | undefined;
}

/** An upload that begins. */
export interface NewUpload {
  readonly id: string;
  readonly repository: RepositoryName;
  /** Of the first part. */
  readonly key: string;
  readonly atMs: number;
  /** See {@link UploadRecord}. */
  readonly tokenDigest?: string | undefined;
}

/** Uploads under way. Any process may go on with one. */
export interface UploadIndex {
  /** Begins an upload whose first part will lie under `key`, as after `claim`. */
  create(upload: NewUpload): Promise<void>;
  find(id: string): Promise<UploadRecord | undefined>;
  /**
   * Records a key before anything is written under it, so that its bytes are found again and removed whatever
   * happens to the process. @returns false where the upload is gone
   */
  claim(id: string, key: string, atMs: number): Promise<boolean>;
  /**
   * Records that bytes were added under `key` to an upload that stood at `fromBytes`. The first of two requests that
   * began at the same offset wins.
   * @param partBytes the size of the whole part under `key`
   * @returns `offset-moved` where another request was first, `unknown-upload` where the upload is gone
   */
  advance(step: {
    id: string;
    key: string;
    partBytes: number;
    fromBytes: number;
    atMs: number;
  }): Promise<'advanced' | 'offset-moved' | 'unknown-upload'>;
  /**
   * Ends the upload and discards its bytes. @returns whether it was there
   * @param expiredAtMs for the journal; undefined where a client gives it up
   */
  remove(id: string, expiredAtMs?: number): Promise<boolean>;
  /** Uploads that were not touched since the given time, at most `limit` of them. */
  stale(untouchedSinceMs: number, limit: number): Promise<string[]>;
}

/** The number of bytes that were acknowledged. */
export function uploadOffset(upload: UploadRecord): number {
  return upload.parts.reduce((total, part) => total + part.sizeBytes, 0);
}
