import type { OriginalTag } from '../takeover.ts';
import { isManifestHere } from './manifests.ts';
import { query, type Session } from './query.ts';
import { addTagEvent } from './tag-history.ts';
import { digestOfTag, pointTag } from './tags.ts';
import { addFindings } from './takeover-findings.ts';
import { keepTag } from './trash.ts';

const LAST = query<
  { repository: number; tag: string },
  { digest: string | null; at: number; taken_over: number }
>(
  `SELECT digest, at, taken_over FROM tag_events
   WHERE repository_id = :repository AND tag = :tag ORDER BY at DESC LIMIT 1`,
);

/**
 * Takes over a tag with its history. Where it has a history here, what happened last counts: a move in the other
 * registry that came later than all that is known here is taken over, save where this registry moved the tag, too.
 * @returns 1 where the tag was set
 */
export async function takeOverTag(
  session: Session,
  taken: {
    readonly name: string;
    readonly repository: number;
    readonly tag: OriginalTag;
    readonly nowMs: number;
  },
): Promise<number> {
  const { name, repository, tag, nowMs } = taken;
  const current = tag.moves.at(-1);
  // Of a manifest that was deleted since, nothing comes back.
  if (current === undefined || !(await isManifestHere(session, repository, current.digest))) return 0;
  const last = await session.first(LAST, { repository, tag: tag.name });
  const before = await digestOfTag(session, repository, tag.name);
  if (before === current.digest || (last !== undefined && current.atMs <= last.at)) return 0;
  if (last !== undefined && last.taken_over === 0 && last.digest !== null) {
    await addFindings(session, [
      {
        kind: 'tag-kept',
        path: `docker/registry/v2/repositories/${name}/_manifests/tags/${tag.name}/current/link`,
        detail: `here it points to ${before ?? last.digest}, there to ${current.digest}`,
      },
    ]);
    return 0;
  }
  let previous = before ?? null;
  for (const { digest, atMs } of tag.moves) {
    if (last !== undefined && atMs <= last.at) continue;
    await addTagEvent(session, {
      ...{ repository, tag: tag.name, digest, previous, actor: '', atMs, isTakenOver: true },
    });
    previous = digest;
  }
  await pointTag(session, { repository, tag: tag.name, digest: current.digest, atMs: current.atMs });
  if (before !== undefined) {
    // Here it is moved now, and can be moved back from now on.
    await keepTag(session, {
      ...{ repository, tag: tag.name, digest: before, movedTo: current.digest, atMs: nowMs },
      cause: { kind: 'push', actor: '', rule: '' },
    });
  }
  return 1;
}
