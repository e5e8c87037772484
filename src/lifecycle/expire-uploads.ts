import type { Clock, Logger } from '../ports.ts';
import type { Uploads } from '../registry/uploads.ts';

/** Ends uploads that nobody touched for so long (`storage.maintenance.uploadpurging` of distribution). */
export async function expireUploads(
  deps: { uploads: Uploads; clock: Clock; log: Logger },
  ageMs: number,
): Promise<void> {
  const ended = await deps.uploads.expire(deps.clock.now() - ageMs);
  if (ended > 0) deps.log.info('removed uploads that were left unfinished', { uploads: ended, ageMs });
}
