import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';

/**
 * Why something is removed. `api`: a client asked for it; `push`: a tag was pointed elsewhere; `collection`: garbage
 * collection; `retention`: a rule of retention; `expiry`: nobody went on with it.
 */
export type CauseKind = 'api' | 'push' | 'collection' | 'retention' | 'expiry';

/** Why, and on whose behalf, something is removed. */
export interface Cause {
  readonly kind: CauseKind;
  /** Empty where nobody logged in, or nobody asked. */
  readonly actor: string;
  /** The rule by which it went, as a sentence for people; empty where there is none. */
  readonly rule: string;
}

/**
 * What was removed: a manifest, a tag, a blob out of one repository (`link`), the bytes of a blob, a deleted manifest
 * whose keep time is over (`kept`), or an upload.
 */
export type RemovalKind = 'manifest' | 'tag' | 'link' | 'blob' | 'kept' | 'upload';

/** One removal. */
export interface RemovalRecord {
  /** Larger than that of every removal before. */
  readonly id: number;
  readonly atMs: number;
  readonly kind: RemovalKind;
  /** Undefined for the bytes of a blob, which belong to none. */
  readonly repository: RepositoryName | undefined;
  /** The tag, or the upload's id. */
  readonly name: string | undefined;
  readonly digest: Digest | undefined;
  readonly sizeBytes: number | undefined;
  readonly cause: Cause;
}

/** What of the journal is asked for. */
export interface JournalFilter {
  readonly repository?: RepositoryName | undefined;
  readonly digest?: Digest | undefined;
  /** Only with a repository. */
  readonly tag?: string | undefined;
}

/** What was removed, when and why. Removals write it in their own transaction. */
export interface JournalIndex {
  /** The latest first. @param page.before entries before this id; undefined for the first page */
  list(filter: JournalFilter, page: { before: number | undefined; limit: number }): Promise<RemovalRecord[]>;
  /** Forgets what was removed before `beforeMs`, at most `limit` entries. @returns how many */
  prune(beforeMs: number, limit: number): Promise<number>;
}
