import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { Page } from './tags.ts';

/** Pulls of one thing. */
export interface PullCount {
  readonly pulls: number;
  /** The latest of them. */
  readonly lastAtMs: number;
}

/** Pulls from one repository that are not recorded yet. A pull by tag counts for the tag and for its manifest. */
export interface CountedPulls {
  readonly repository: RepositoryName;
  readonly manifests: readonly (PullCount & { readonly digest: Digest })[];
  readonly tags: readonly (PullCount & { readonly tag: Tag })[];
}

/** How often something was pulled since it came, or since pulls are counted. */
export interface PullStatistics {
  readonly pulls: number;
  /** Undefined where it was never pulled. */
  readonly lastAtMs: number | undefined;
}

export interface TagStatistics extends PullStatistics {
  readonly tag: Tag;
  /** What it points to; the pulls are those of the tag, wherever it pointed. */
  readonly digest: Digest;
}

export interface ManifestStatistics extends PullStatistics {
  readonly digest: Digest;
  readonly mediaType: string;
}

/** How often and when tags and manifests were pulled. What is known of one goes when it is removed. */
export interface PullIndex {
  /** Adds to the counts, for what is still there; of a process that records beside this one nothing is lost. */
  record(counted: readonly CountedPulls[]): Promise<void>;
  /** When this index began to count. */
  countedSinceMs(): Promise<number>;
  /** All tags of a repository, those that were never pulled too. */
  tags(repository: RepositoryName, page: Page): Promise<TagStatistics[]>;
  /** All manifests of a repository, in the order of their digests. */
  manifests(repository: RepositoryName, page: Page): Promise<ManifestStatistics[]>;
}
