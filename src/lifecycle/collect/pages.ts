import type { Page } from '../../index/tags.ts';
import type { Pace } from './pace.ts';

/** So many entries are looked at in one question: a running registry answers nothing else meanwhile. */
const PAGE = 100;

/** All pages of a list, one after the other. */
export async function* pagesOf<P extends { readonly next: string | undefined }>(
  pace: Pace,
  read: (page: Page) => Promise<P>,
): AsyncGenerator<P> {
  let after: string | undefined;
  do {
    const at = { after, limit: PAGE };
    const page: P = await pace.read(() => read(at));
    yield page;
    after = page.next;
  } while (after !== undefined);
}
