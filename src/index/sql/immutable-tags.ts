import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { compileNamePattern, matchesAny } from '../../pattern/name-pattern.ts';
import type { ImmutableTag } from '../limits.ts';
import { query, type Session } from './query.ts';
import { digestOfTag } from './tags.ts';

// Grows with the manifests of one repository that need the digest, and is asked only where something is removed by its
// digest while tags are immutable.
const TAGS_NEEDING = query<{ repository: number; digest: string }, { name: string; digest: string }>(
  `WITH RECURSIVE needing (digest) AS (
     VALUES (:digest)
     UNION
     SELECT manifest FROM needing
     JOIN manifest_references ON repository_id = :repository AND target = needing.digest
   )
   SELECT tags.name, tags.digest FROM needing
   JOIN tags ON tags.repository_id = :repository AND tags.digest = needing.digest`,
);

/** The first of the tags, which must not move, that a push of this manifest would move. */
export async function wouldMove(
  session: Session,
  repository: number,
  tags: readonly Tag[],
  digest: Digest,
): Promise<ImmutableTag | undefined> {
  for (const tag of tags) {
    const current = await digestOfTag(session, repository, tag);
    if (current !== undefined && current !== digest) return { outcome: 'immutable', tag, digest: current };
  }
  return undefined;
}

/** Those of the tags that the patterns fit. */
export function immutableAmong(tags: readonly Tag[], patterns: readonly string[]): Tag[] {
  if (patterns.length === 0) return [];
  const compiled = patterns.map(compileNamePattern);
  return tags.filter((tag) => matchesAny(compiled, tag));
}

/** A tag that the patterns fit and whose manifest is this content, or needs it. */
export async function immutableTagNeeding(
  session: Session,
  repository: number,
  digest: Digest,
  patterns: readonly string[],
): Promise<ImmutableTag | undefined> {
  if (patterns.length === 0) return undefined;
  const rows = await session.all(TAGS_NEEDING, { repository, digest });
  if (rows.length === 0) return undefined;
  const compiled = patterns.map(compileNamePattern);
  const found = rows.find(({ name }) => matchesAny(compiled, name));
  return found && { outcome: 'immutable', tag: found.name as Tag, digest: found.digest as Digest };
}
