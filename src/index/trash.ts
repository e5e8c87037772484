import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { Cause } from './journal.ts';
import type { ImmutableTag } from './limits.ts';

/** Something that was deleted and is kept: a manifest, or where a tag pointed. */
export interface DeletedEntry {
  readonly repository: RepositoryName;
  /** Undefined for a manifest. */
  readonly tag: Tag | undefined;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** What the tag was pointed at instead; undefined where it was removed. */
  readonly movedTo: Digest | undefined;
  readonly deletedAtMs: number;
  readonly cause: Cause;
}

/** Where a page of deleted entries ended. */
export interface DeletedPosition {
  readonly deletedAtMs: number;
  readonly repository: RepositoryName;
  /** The tag, or the manifest's digest. */
  readonly name: string;
}

/** What to bring back. */
export interface Restoration {
  readonly repository: RepositoryName;
  /** What this tag last pointed to, and the tag; or the manifest of a digest, and the tags that went with it. */
  readonly wanted: { readonly tag: Tag } | { readonly digest: Digest };
  /** Only what was deleted at this time or later. */
  readonly keptSinceMs: number;
  /** Points tags to it that meanwhile point elsewhere. */
  readonly moveTags: boolean;
  /** Of a digest: the tags that it had come back too. */
  readonly withTags: boolean;
  /** Patterns of tags that must not be moved, even where they may be set. */
  readonly immutableTags?: readonly string[];
  readonly actor: string;
  readonly atMs: number;
}

/** What came of it. */
export type RestorationOutcome =
  | {
      readonly outcome: 'restored';
      readonly digest: Digest;
      /** Manifests that were brought back, the wanted one among them where it was deleted. */
      readonly manifests: readonly Digest[];
      readonly tags: readonly Tag[];
      /** Blobs and children that these name and that are no longer kept; at most 100. */
      readonly missing: readonly Digest[];
    }
  /** Nothing was changed: it was never here, or its keep time is over. */
  | { readonly outcome: 'unknown' }
  /** Nothing was changed: the manifest is not deleted. */
  | { readonly outcome: 'not-deleted' }
  /** Nothing was changed: the tag points to this manifest by now. */
  | { readonly outcome: 'tag-in-use'; readonly tag: Tag; readonly digest: Digest }
  | ImmutableTag;

/**
 * What was deleted and is kept. Every removal of a manifest puts it here; garbage collection takes it from here for
 * good. While it is here, its blobs stay in its repository, and nobody can pull it.
 */
export interface TrashIndex {
  /** What was deleted at `keptSinceMs` or later and can be brought back, the latest first. */
  list(
    filter: { readonly repository?: RepositoryName | undefined; readonly keptSinceMs: number },
    page: { readonly after: DeletedPosition | undefined; readonly limit: number },
  ): Promise<DeletedEntry[]>;
  /** The manifest as it lies here, whatever its keep time. */
  find(repository: RepositoryName, digest: Digest): Promise<DeletedEntry | undefined>;
  /**
   * Brings a manifest back, with its children, its subject and the manifests that referred to it and went with it or
   * later, as far as they are kept, and with tags, whose history tells of it.
   */
  restore(restoration: Restoration): Promise<RestorationOutcome>;
  /** How many manifests were deleted before this time. Counts them, so it is nothing for a request. */
  countBefore(keptSinceMs: number): Promise<number>;
  /**
   * Removes for good the manifests that were deleted before `keptSinceMs`, and what is known of tags' losses before it:
   * at most `limit` of each.
   * @param note when, why and by whom, for the journal
   * @returns the manifests, and whether there is more
   */
  purge(
    keptSinceMs: number,
    limit: number,
    note: { readonly atMs: number; readonly cause: Cause },
  ): Promise<{
    readonly manifests: readonly { readonly repository: RepositoryName; readonly digest: Digest }[];
    readonly hasMore: boolean;
  }>;
}
