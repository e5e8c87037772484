import type { RepositoryName } from '../oci/reference.ts';
import type { Usage } from './limits.ts';
import type { Page } from './tags.ts';

/** How much a repository holds, and which one. */
export interface RepositoryUsage extends Usage {
  readonly repository: RepositoryName;
  /** The allowance whose member it is. */
  readonly allowance: string | undefined;
}

/** What was counted so far, and what there is. */
export interface Recount {
  readonly before: Usage;
  readonly now: Usage;
}

/**
 * How much each repository holds. It is counted in the transactions that change it, so that a question costs one row.
 */
export interface UsageIndex {
  /** Undefined for a repository that there never was. */
  of(repository: RepositoryName): Promise<Usage | undefined>;
  /** All repositories, in ASCII order. */
  list(page: Page): Promise<RepositoryUsage[]>;
  /**
   * Counts what is there and corrects what was counted before. Takes as long as the repository is large.
   * @returns both; they differ only where somebody else wrote to the database
   */
  recount(repository: RepositoryName): Promise<Recount>;
  /** What all members of an allowance hold together; undefined where it has none. */
  ofAllowance(name: string): Promise<Usage | undefined>;
  /** Makes a repository the member of an allowance, or of none. Takes as long as the repository is large. */
  assign(repository: RepositoryName, allowance: string | undefined): Promise<void>;
  /** `recount` of an allowance; undefined where it has no members. */
  recountAllowance(name: string): Promise<Recount | undefined>;
}
