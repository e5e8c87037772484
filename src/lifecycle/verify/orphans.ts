import type { ContentStore } from '../../content/content-store.ts';
import type { Index } from '../../index/index.ts';
import { KEY_USES } from '../../index/integrity.ts';
import { SteadyPace } from '../collect/pace.ts';
import { pagesOf } from '../collect/pages.ts';

/** Bytes in the store that nothing refers to. */
export interface Orphan {
  readonly key: string;
  readonly sizeBytes: number;
}

/** So many keys are looked for in one reading of the index, which bounds the memory. */
const AT_ONCE = 500_000;

/**
 * Finds bytes that the index does not know, as a data folder has them that was restored with an older index. Exact
 * beside a registry that runs: a key is known before there are bytes under it, and forgotten after they are gone. So
 * the store is read first, then the index in the order in which keys move on in it, and last it is asked what is
 * still there.
 */
export async function findOrphans(
  deps: { index: Index; content: ContentStore },
  atOnce = AT_ONCE,
): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  let stored = new Set<string>();
  for await (const keys of deps.content.keys()) {
    for (const key of keys) stored.add(key);
    if (stored.size < atOnce) continue;
    orphans.push(...(await unknownOf(deps, stored)));
    stored = new Set();
  }
  return [...orphans, ...(await unknownOf(deps, stored))];
}

/** Those of the keys that the index does not know and that still hold bytes. @param unknown is emptied on the way */
async function unknownOf(
  { index, content }: { index: Index; content: ContentStore },
  unknown: Set<string>,
): Promise<Orphan[]> {
  for (const use of KEY_USES) {
    for await (const { entries } of pagesOf(new SteadyPace(), (page) => index.integrity.keys(use, page))) {
      for (const key of entries) unknown.delete(key);
    }
  }
  const orphans: Orphan[] = [];
  for (const key of unknown) {
    const sizeBytes = await content.sizeBytes(key);
    if (sizeBytes !== undefined) orphans.push({ key, sizeBytes });
  }
  return orphans;
}
