import type { ContentStore } from '../../content/content-store.ts';
import type { Index } from '../../index/index.ts';
import { FULL_SPEED, type Pace } from '../collect/pace.ts';
import { removeDiscarded } from '../remove-discarded.ts';

const PAGE = 500;

/** What was freed of another registry's files. */
export interface FreedOriginals {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes the files of the registry that had the folder before, where nothing uses them: those of manifests and blobs
 * that were deleted, and those that no repository held in the first place. Only for where the operator asks for it:
 * the other registry cannot serve the folder as before afterwards. Does nothing while a take-over is under way.
 * @throws AggregateError where files could not be removed; a later removal of discarded content tries again
 */
export async function freeOriginals(
  deps: { index: Index; content: ContentStore },
  pace: Pace = FULL_SPEED,
): Promise<FreedOriginals> {
  let files = 0;
  let bytes = 0;
  let after: string | undefined;
  do {
    const page = await pace.step(() => deps.index.takeOver.release({ after, limit: PAGE }));
    files += page.files;
    bytes += page.bytes;
    after = page.next;
  } while (after !== undefined);
  if (files > 0) await removeDiscarded(deps, { originals: true });
  return { files, bytes };
}
