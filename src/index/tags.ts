import type { Digest } from '../oci/digest.ts';
import type { Precondition } from '../oci/precondition.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { Cause } from './journal.ts';
import type { ManifestRecord } from './manifests.ts';

/** A part of a list in ASCII order. */
export interface Page {
  /** Names after this one; undefined for the first page. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Something that happened to a tag. */
export interface TagEvent extends ManifestRecord {
  /** Pointed to this manifest, or taken from it; a tag that moves on is not deleted in between. */
  readonly event: 'created' | 'deleted';
  /** Differs from one event of a tag to the next. */
  readonly atMs: number;
}

/** Which part of a tag's history is asked for. Times may have fractions. */
export interface HistoryPage {
  /** Only events before this time. */
  readonly beforeMs: number | undefined;
  /** Only events after this time. */
  readonly sinceMs: number | undefined;
  /** Only events that concern this manifest. */
  readonly digest: Digest | undefined;
  readonly limit: number;
}

/** Tags, their history, and the list of repositories. */
export interface TagIndex {
  /** @returns undefined for a repository to which no manifest was ever pushed */
  list(repository: RepositoryName, page: Page): Promise<Tag[] | undefined>;
  /**
   * Removes the tag; its manifest stays, and what the tag pointed to can be found again.
   * @param cause without one, that the actor asked for it
   * @returns whether it was there; `changed` where the precondition does not hold, and nothing was removed
   */
  remove(
    repository: RepositoryName,
    tag: Tag,
    actor: string,
    atMs: number,
    precondition?: Precondition,
    cause?: Cause,
  ): Promise<boolean | 'changed'>;
  /** What happened to a tag, the latest first; it stays when tag and manifests are removed. */
  history(repository: RepositoryName, tag: Tag, page: HistoryPage): Promise<TagEvent[]>;
  /** Repositories to which a manifest was ever pushed. */
  repositories(page: Page): Promise<RepositoryName[]>;
}
