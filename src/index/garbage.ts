import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';
import type { Cause } from './journal.ts';
import type { Page } from './tags.ts';

/** What counts as garbage. */
export interface GarbageRule {
  /**
   * Whatever came at this time (ms since 1970) or later is kept: a push that is under way has sent its blobs, and the
   * manifest that names them is still to come. So is what a client heard at that time that it is there.
   */
  readonly beforeMs: number;
  /**
   * What was deleted at this time or later is kept with its blobs, and so is a manifest that lost a tag then.
   * Undefined: nothing is kept, also not what the collection itself removes.
   */
  readonly keptSinceMs: number | undefined;
  /**
   * Whether manifests are garbage too that nothing keeps. A tag keeps a manifest, and so does its age; a manifest that
   * is kept keeps its children (image-spec, index) and the manifests whose `subject` it is.
   */
  readonly untaggedManifests: boolean;
}

/** A manifest, or a blob, in a repository. */
export interface InRepository {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** For the journal: when, and why. */
export interface RemovalNote {
  readonly atMs: number;
  readonly cause: Cause;
}

/** A blob that is in no repository, or would be in none after a collection. */
export interface GarbageBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** What one page of a list in ASCII order holds. */
export interface ScanPage<T> {
  readonly garbage: readonly T[];
  readonly kept: number;
  /** Where the page ended; undefined where it was the last one. */
  readonly next: string | undefined;
}

/**
 * Finding and removing what nothing needs any more. Each scan looks at one page, and each removal is one transaction
 * over what the caller names, so that the caller decides how long anybody waits.
 *
 * Scans tell what a collection by the rule would remove in the end: a blob that only garbage refers to is garbage.
 * Removals trust nobody: each takes only what nothing refers to at that very moment, so that a collection may be cut
 * off anywhere, and everything that is listed still pulls whole.
 */
export interface GarbageIndex {
  /** All repositories, those without a manifest too. */
  repositories(page: Page): Promise<RepositoryName[]>;
  scanManifests(repository: RepositoryName, rule: GarbageRule, page: Page): Promise<ScanPage<Digest>>;
  /** Blobs of one repository. */
  scanLinks(repository: RepositoryName, rule: GarbageRule, page: Page): Promise<ScanPage<Digest>>;
  /** Blobs wherever they are. */
  scanBlobs(rule: GarbageRule, page: Page): Promise<ScanPage<GarbageBlob>>;
  /**
   * Removes those of the manifests that are garbage and not the child of any index that is still there. They are
   * among what was deleted from then on.
   * @returns `removed`, and `children`: manifests that these listed and that are to be tried next
   */
  removeManifests(
    rule: GarbageRule,
    manifests: readonly InRepository[],
    note: RemovalNote,
  ): Promise<{ removed: InRepository[]; children: InRepository[] }>;
  /**
   * Takes those of the blobs out of their repositories that none of its manifests names, and none that was deleted and
   * is kept. @returns which ones
   */
  removeLinks(rule: GarbageRule, blobs: readonly InRepository[], note: RemovalNote): Promise<InRepository[]>;
  /** Removes those of the blobs that are in no repository, and discards their keys. @returns which ones */
  removeBlobs(digests: readonly Digest[], note: RemovalNote): Promise<GarbageBlob[]>;
}
