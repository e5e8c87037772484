import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { HistoryPage, TagEvent } from '../tags.ts';
import { query, type Session } from './query.ts';

const LAST_TIME = query<{ repository: number; tag: string }, { at: number }>(
  'SELECT at FROM tag_events WHERE repository_id = :repository AND tag = :tag ORDER BY at DESC LIMIT 1',
);

const ADD = query<{
  repository: number;
  tag: string;
  digest: string | null;
  previous: string | null;
  manifest: string;
  actor: string;
  at: number;
  takenOver: number;
}>(
  `INSERT INTO tag_events (repository_id, tag, digest, previous, actor, at, taken_over, media_type, size)
   VALUES (
     :repository, :tag, :digest, :previous, :actor, :at, :takenOver,
     (SELECT media_type FROM manifests WHERE repository_id = :repository AND digest = :manifest),
     (SELECT size FROM manifests WHERE repository_id = :repository AND digest = :manifest)
   )`,
);

interface EventRow {
  digest: string;
  media_type: string;
  size: number;
  is_deletion: number;
  at: number;
}

// Of moves that an earlier version wrote down, some lack the type and size of a manifest that is gone.
const COLUMNS = 'COALESCE(digest, previous) AS digest, media_type, size, digest IS NULL AS is_deletion, at';
const OF_TAG = `repository_id = (SELECT id FROM repositories WHERE name = :repository) AND tag = :tag
     AND at < :before AND at > :since AND media_type IS NOT NULL`;

const HISTORY = query<
  { repository: string; tag: string; before: number; since: number; limit: number },
  EventRow
>(`SELECT ${COLUMNS} FROM tag_events WHERE ${OF_TAG} ORDER BY at DESC LIMIT :limit`);

const HISTORY_OF_DIGEST = query<
  { repository: string; tag: string; before: number; since: number; limit: number; digest: string },
  EventRow
>(
  `SELECT ${COLUMNS} FROM tag_events WHERE ${OF_TAG} AND COALESCE(digest, previous) = :digest
   ORDER BY at DESC LIMIT :limit`,
);

/**
 * Writes down what happened to a tag, with type and size of its manifest, which may be removed later. Each event of
 * a tag is later than the one before, whatever the clock says: readers go through the history by time.
 */
export async function addTagEvent(
  session: Session,
  event: {
    repository: number;
    tag: string;
    /** Null for a removal. */
    digest: string | null;
    previous: string | null;
    actor: string;
    atMs: number;
    /** It happened in a registry that had the data folder before. */
    isTakenOver?: boolean;
  },
): Promise<void> {
  const { repository, tag, digest, previous, actor, atMs, isTakenOver = false } = event;
  const last = (await session.first(LAST_TIME, { repository, tag }))?.at;
  await session.run(ADD, {
    repository,
    tag,
    digest,
    previous,
    manifest: digest ?? previous ?? '',
    actor,
    at: last === undefined ? atMs : Math.max(atMs, last + 1),
    takenOver: isTakenOver ? 1 : 0,
  });
}

export async function tagHistory(
  session: Session,
  repository: RepositoryName,
  tag: Tag,
  page: HistoryPage,
): Promise<TagEvent[]> {
  const { digest, limit } = page;
  const part = {
    repository,
    tag,
    before: page.beforeMs ?? Number.MAX_SAFE_INTEGER,
    since: page.sinceMs ?? -1,
    limit,
  };
  const rows = await (digest === undefined
    ? session.all(HISTORY, part)
    : session.all(HISTORY_OF_DIGEST, { ...part, digest }));
  return rows.map((row) => ({
    event: row.is_deletion === 1 ? 'deleted' : 'created',
    digest: row.digest as Digest,
    mediaType: row.media_type,
    sizeBytes: row.size,
    atMs: row.at,
  }));
}
