import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Cause } from '../journal.ts';
import type { RemovedTags, TagFacts, TagRemoval } from '../retention.ts';
import { childrenOf, removeManifest } from './manifests.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';
import { attachedTags, factsOfTag, referrersOf } from './retention-facts.ts';
import { removeTag } from './tags.ts';

const STILL_THERE = query<{ repository: number; moves: string }, { count: number }>(
  `SELECT COUNT(*) AS count FROM json_each(:moves) AS move CROSS JOIN tags
   WHERE repository_id = :repository AND name = json_extract(move.value, '$.tag')
     AND updated_at >= json_extract(move.value, '$.movedAtMs')`,
);

const IS_UNNEEDED = query<{ repository: number; digest: string; before: number }, { digest: string }>(
  `SELECT digest FROM manifests
   WHERE repository_id = :repository AND digest = :digest
     AND pushed_at < :before AND COALESCE(asked_at, 0) < :before
     AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.repository_id = :repository AND tags.digest = :digest)
     AND NOT EXISTS (
       SELECT 1 FROM manifest_references
       WHERE manifest_references.repository_id = :repository AND target = :digest
     )
     AND NOT EXISTS (
       SELECT 1 FROM manifests AS held
       WHERE held.repository_id = :repository AND held.digest = manifests.subject
     )`,
);

function isSame(a: TagFacts, b: TagFacts): boolean {
  return (
    a.digest === b.digest &&
    a.movedAtMs === b.movedAtMs &&
    a.pushedAtMs === b.pushedAtMs &&
    a.pulledAtMs === b.pulledAtMs &&
    a.attachedTo === b.attachedTo
  );
}

export async function removeTagsByRule(
  session: Session,
  removal: TagRemoval,
): Promise<RemovedTags | 'outdated'> {
  const removed = { tags: [] as Tag[], manifests: [] as Digest[] };
  const repository = await repositoryId(session, removal.repository);
  if (repository === undefined) return removed;
  const { assuming } = removal;
  const there = await session.first(STILL_THERE, { repository, moves: JSON.stringify(assuming) });
  if (there?.count !== assuming.length) return 'outdated';
  for (const { facts, rule } of removal.tags) {
    const current = await factsOfTag(session, repository, facts.tag);
    if (current === undefined || !isSame(current, facts)) continue;
    // Somebody may be about to refer to it; the next run looks again.
    if (current.askedAtMs !== undefined && current.askedAtMs >= removal.beforeMs) continue;
    const cause: Cause = { kind: 'retention', actor: removal.actor, rule };
    await removeWithManifest(session, removal, { repository, cause, ...facts }, removed);
  }
  return removed;
}

/** Removes the tag, and then what nothing needs without it: one thing after the other, as each was needed before. */
async function removeWithManifest(
  session: Session,
  { repository: name, beforeMs: before, actor, atMs }: TagRemoval,
  { repository, tag, digest: first, cause }: { repository: number; tag: Tag; digest: Digest; cause: Cause },
  removed: { tags: Tag[]; manifests: Digest[] },
): Promise<void> {
  const drop = async (one: Tag): Promise<void> => {
    await removeTag(session, name, one, actor, atMs, {}, cause);
    removed.tags.push(one);
  };
  await drop(tag);
  const waiting = [first];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if ((await session.first(IS_UNNEEDED, { repository, digest, before })) === undefined) continue;
    const attached = await attachedTags(session, repository, digest);
    waiting.push(
      ...(await childrenOf(session, repository, digest)),
      ...(await referrersOf(session, repository, digest)),
      ...attached.map((one) => one.digest),
    );
    await removeManifest(session, name, digest, actor, atMs, {}, [], cause);
    removed.manifests.push(digest);
    for (const one of attached) await drop(one.tag);
  }
}
