import type { RepositoryName } from '../oci/reference.ts';
import type { Usage } from './limits.ts';
import type { Page } from './tags.ts';

/** How much a repository holds, and which one. */
export interface RepositoryUsage extends Usage {
  readonly repository: RepositoryName;
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
  recount(repository: RepositoryName): Promise<{ readonly before: Usage; readonly now: Usage }>;
}
