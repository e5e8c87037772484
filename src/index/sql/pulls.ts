import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { CountedPulls, ManifestStatistics, TagStatistics } from '../pulls.ts';
import type { Page } from '../tags.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';

// What was removed meanwhile is not counted any more: nothing would ever remove its row.
const ADD_TO_MANIFEST = query<{ repository: number; digest: string; pulls: number; at: number }>(
  `INSERT INTO manifest_pulls (repository_id, digest, pulls, last_at)
   SELECT repository_id, digest, :pulls, :at FROM manifests
   WHERE repository_id = :repository AND digest = :digest
   ON CONFLICT (repository_id, digest) DO UPDATE SET
     pulls = manifest_pulls.pulls + excluded.pulls,
     last_at = CASE WHEN excluded.last_at > manifest_pulls.last_at
       THEN excluded.last_at ELSE manifest_pulls.last_at END`,
);

const ADD_TO_TAG = query<{ repository: number; tag: string; pulls: number; at: number }>(
  `INSERT INTO tag_pulls (repository_id, tag, pulls, last_at)
   SELECT repository_id, name, :pulls, :at FROM tags
   WHERE repository_id = :repository AND name = :tag
   ON CONFLICT (repository_id, tag) DO UPDATE SET
     pulls = tag_pulls.pulls + excluded.pulls,
     last_at = CASE WHEN excluded.last_at > tag_pulls.last_at THEN excluded.last_at ELSE tag_pulls.last_at END`,
);

const SINCE = query<Record<never, never>, { since: number }>('SELECT since FROM pull_counting LIMIT 1');

type OfRepository = { repository: string; after: string; limit: number };

interface CountRow {
  pulls: number | null;
  last_at: number | null;
}

const OF_TAGS = query<OfRepository, CountRow & { name: string; digest: string }>(
  `SELECT name, digest, pulls, last_at
   FROM tags LEFT JOIN tag_pulls
     ON tag_pulls.repository_id = tags.repository_id AND tag_pulls.tag = tags.name
   WHERE tags.repository_id = (SELECT id FROM repositories WHERE name = :repository) AND name > :after
   ORDER BY name LIMIT :limit`,
);

const OF_MANIFESTS = query<OfRepository, CountRow & { digest: string; media_type: string }>(
  `SELECT manifests.digest, media_type, pulls, last_at
   FROM manifests LEFT JOIN manifest_pulls
     ON manifest_pulls.repository_id = manifests.repository_id AND manifest_pulls.digest = manifests.digest
   WHERE manifests.repository_id = (SELECT id FROM repositories WHERE name = :repository)
     AND manifests.digest > :after
   ORDER BY manifests.digest LIMIT :limit`,
);

export async function recordPulls(session: Session, counted: readonly CountedPulls[]): Promise<void> {
  for (const { repository: name, manifests, tags } of counted) {
    const repository = await repositoryId(session, name);
    if (repository === undefined) continue;
    for (const { digest, pulls, lastAtMs: at } of manifests) {
      await session.run(ADD_TO_MANIFEST, { repository, digest, pulls, at });
    }
    for (const { tag, pulls, lastAtMs: at } of tags) {
      await session.run(ADD_TO_TAG, { repository, tag, pulls, at });
    }
  }
}

export async function pullsCountedSince(session: Session): Promise<number> {
  const row = await session.first(SINCE, {});
  if (row === undefined) throw new Error('the index does not know since when it counts pulls');
  return row.since;
}

function toStatistics({ pulls, last_at }: CountRow): { pulls: number; lastAtMs: number | undefined } {
  return { pulls: pulls ?? 0, lastAtMs: last_at ?? undefined };
}

export async function tagStatistics(
  session: Session,
  repository: RepositoryName,
  { after = '', limit }: Page,
): Promise<TagStatistics[]> {
  const rows = await session.all(OF_TAGS, { repository, after, limit });
  return rows.map((row) => ({ tag: row.name as Tag, digest: row.digest as Digest, ...toStatistics(row) }));
}

export async function manifestStatistics(
  session: Session,
  repository: RepositoryName,
  { after = '', limit }: Page,
): Promise<ManifestStatistics[]> {
  const rows = await session.all(OF_MANIFESTS, { repository, after, limit });
  return rows.map((row) => ({
    digest: row.digest as Digest,
    mediaType: row.media_type,
    ...toStatistics(row),
  }));
}
