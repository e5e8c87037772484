import type { Page } from '../../index/tags.ts';

/** So many entries are looked at in one question: a running registry answers nothing else meanwhile. */
const PAGE = 200;

/**
 * All pages of a list, one after the other.
 * @param first where the first begins; undefined for the whole list
 */
export async function* pagesOf<P extends { readonly next: string | undefined }>(
  read: (page: Page) => Promise<P>,
  first?: string,
): AsyncGenerator<P> {
  let after = first;
  do {
    const page: P = await read({ after, limit: PAGE });
    yield page;
    after = page.next;
    // The index may answer without ever leaving the thread.
    await new Promise((resolve) => setImmediate(resolve));
  } while (after !== undefined);
}
