import type { Index } from '../index/index.ts';
import type { Clock, Logger } from '../ports.ts';
import type { Uploads } from '../registry/uploads.ts';

const DRY_RUN_LIMIT = 1000;

/**
 * Ends uploads that nobody touched for so long (`storage.maintenance.uploadpurging` of distribution). A dry run only
 * says which ones it would be.
 */
export async function expireUploads(
  deps: { index: Index; uploads: Uploads; clock: Clock; log: Logger },
  { ageMs, dryRun }: { ageMs: number; dryRun: boolean },
): Promise<void> {
  const untouchedSinceMs = deps.clock.now() - ageMs;
  if (dryRun) {
    const uploads = await deps.index.uploads.stale(untouchedSinceMs, DRY_RUN_LIMIT);
    if (uploads.length > 0) deps.log.info('uploads that would be removed', { uploads, ageMs });
    return;
  }
  const ended = await deps.uploads.expire(untouchedSinceMs);
  if (ended > 0) deps.log.info('removed uploads that were left unfinished', { uploads: ended, ageMs });
}
