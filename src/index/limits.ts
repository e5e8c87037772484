import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';

/** How much a repository holds. */
export interface Usage {
  /** Of the blobs that are in it and of its manifests, each counted once. */
  readonly bytes: number;
  readonly tags: number;
}

/** The most that a repository may hold; undefined: as much as it likes. */
export interface UsageLimits {
  readonly maxBytes: number | undefined;
  readonly maxTags: number | undefined;
  /**
   * The name of an allowance: the limits are for all repositories together that have it, and what several of them hold
   * counts once. Undefined: they are for the repository alone.
   */
  readonly allowance?: string | undefined;
}

/** A change that would exceed a limit. Nothing was changed. */
export interface OverLimit {
  readonly outcome: 'over-limit';
  readonly limit: 'bytes' | 'tags';
  readonly used: number;
  /** What the change would have added. */
  readonly added: number;
  readonly max: number;
}

/** A tag that must neither move nor vanish, and that a change would move or break. Nothing was changed. */
export interface ImmutableTag {
  readonly outcome: 'immutable';
  readonly tag: Tag;
  /** What it points to. */
  readonly digest: Digest;
}
