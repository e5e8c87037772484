import type { Index } from '../index/index.ts';
import type { JournalFilter, RemovalRecord } from '../index/journal.ts';

/** Reading what was removed, when and why. */
export class Journal {
  readonly #index: Index;

  constructor(deps: { index: Index }) {
    this.#index = deps.index;
  }

  /** The latest first. @param page.before entries before this id; undefined for the first page */
  list(
    filter: JournalFilter,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<RemovalRecord[]> {
    return this.#index.journal.list(filter, page);
  }
}
