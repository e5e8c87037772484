import type { Index } from '../index/index.ts';

const BATCH = 200;

/** Forgets what was removed longer ago than the journal is kept. */
export async function pruneJournal(index: Index, beforeMs: number): Promise<void> {
  while ((await index.journal.prune(beforeMs, BATCH)) === BATCH) {
    // Others want to write, too.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
