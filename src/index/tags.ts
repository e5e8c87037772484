import type { RepositoryName, Tag } from '../oci/reference.ts';

/** A part of a list in ASCII order. */
export interface Page {
  /** Names after this one; undefined for the first page. */
  readonly after: string | undefined;
  readonly limit: number;
}

export interface TagIndex {
  /** @returns undefined for a repository to which no manifest was ever pushed */
  list(repository: RepositoryName, page: Page): Promise<Tag[] | undefined>;
  /** Removes the tag; its manifest stays. @returns whether it was there */
  remove(repository: RepositoryName, tag: Tag, actor: string, atMs: number): Promise<boolean>;
  /** Repositories to which a manifest was ever pushed. */
  repositories(page: Page): Promise<RepositoryName[]>;
}
