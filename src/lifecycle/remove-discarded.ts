import type { ContentStore } from '../content/content-store.ts';
import { ORIGINAL_KEYS } from '../content/original-keys.ts';
import type { Index } from '../index/index.ts';

const BATCH = 100;

/**
 * Removes bytes that nothing refers to any more. The index gave their keys up first, in the transaction that ended
 * their use, and forgets them last: a process that dies in between leaves nothing behind that is not found again.
 * @param options.originals whether files go too that registry:2 wrote and could still serve
 */
export async function removeDiscarded(
  deps: { index: Index; content: ContentStore },
  options: { readonly originals: boolean; readonly signal?: AbortSignal | undefined } = { originals: false },
): Promise<void> {
  // Those that could not be removed come first in every later list: it has to be longer than they are many.
  const failed = new Map<string, unknown>();
  for (;;) {
    options.signal?.throwIfAborted();
    const exceptBelow = options.originals ? undefined : ORIGINAL_KEYS;
    const listed = await deps.index.blobs.discarded(BATCH + failed.size, { exceptBelow });
    const keys = listed.filter((key) => !failed.has(key));
    if (keys.length === 0) break;
    const removed: string[] = [];
    await Promise.all(
      keys.map((key) =>
        deps.content.remove(key).then(
          () => removed.push(key),
          (error: unknown) => failed.set(key, error),
        ),
      ),
    );
    await deps.index.blobs.forget(removed);
  }
  if (failed.size > 0) {
    throw new AggregateError([...failed.values()], `${failed.size} discarded objects could not be removed`);
  }
}
