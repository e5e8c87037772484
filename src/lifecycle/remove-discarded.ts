import type { ContentStore } from '../content/content-store.ts';
import type { Index } from '../index/index.ts';

const BATCH = 100;

/**
 * Removes bytes that nothing refers to any more. The index gave their keys up first, in the transaction that ended
 * their use, and forgets them last: a process that dies in between leaves nothing behind that is not found again.
 */
export async function removeDiscarded(deps: { index: Index; content: ContentStore }): Promise<void> {
  for (;;) {
    const keys = await deps.index.blobs.discarded(BATCH);
    if (keys.length === 0) return;
    for (const key of keys) await deps.content.remove(key);
    await deps.index.blobs.forget(keys);
  }
}
