import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { CauseKind } from '../journal.ts';
import type { DeletedEntry, TrashIndex } from '../trash.ts';
import { query, type Session } from './query.ts';

interface DeletedRow {
  repository: string;
  tag: string | null;
  digest: string;
  media_type: string;
  size: number;
  moved_to: string | null;
  deleted_at: number;
  cause: string;
  actor: string;
  rule: string;
}

const WHY = 'cause, actor, rule';

const MANIFEST = `SELECT repository_id, NULL AS tag, digest AS name, digest, media_type, size, NULL AS moved_to,
     deleted_at, ${WHY} FROM deleted_manifests`;

/** The manifest of a tag's loss: still there, or kept as deleted. */
const fromManifest = (column: string): string => `COALESCE(
  (SELECT ${column} FROM manifests AS here
   WHERE here.repository_id = deleted_tags.repository_id AND here.digest = deleted_tags.digest),
  (SELECT ${column} FROM deleted_manifests AS kept
   WHERE kept.repository_id = deleted_tags.repository_id AND kept.digest = deleted_tags.digest
     AND kept.deleted_at >= :kept)
)`;

const TAG = `SELECT repository_id, name AS tag, name, digest, ${fromManifest('media_type')} AS media_type,
     ${fromManifest('size')} AS size, moved_to, deleted_at, ${WHY} FROM deleted_tags`;

const POINTS_THERE_AGAIN = `EXISTS (
  SELECT 1 FROM tags WHERE tags.repository_id = deleted_tags.repository_id
    AND tags.name = deleted_tags.name AND tags.digest = deleted_tags.digest
)`;

type Paged = { kept: number; atMs: number; afterRepository: string; afterName: string; limit: number };

const before = (name: string): string =>
  `deleted_at >= :kept AND deleted_at <= :atMs AND (
     deleted_at < :atMs
     OR (repository_id, ${name}) < ((SELECT id FROM repositories WHERE name = :afterRepository), :afterName)
   )`;

// Each half is a search of its own in one index, and no longer than the page.
const listBy = (condition: string): string => `
  SELECT (SELECT name FROM repositories WHERE id = repository_id) AS repository, tag, digest, media_type, size,
    moved_to, deleted_at, ${WHY}
  FROM (
    SELECT * FROM (
      ${MANIFEST} WHERE ${condition} ${before('digest')}
      ORDER BY deleted_at DESC, repository_id DESC, digest DESC LIMIT :limit
    )
    UNION ALL
    SELECT * FROM (
      ${TAG} WHERE ${condition} ${before('name')} AND media_type IS NOT NULL AND NOT ${POINTS_THERE_AGAIN}
      ORDER BY deleted_at DESC, repository_id DESC, name DESC LIMIT :limit
    )
  )
  ORDER BY deleted_at DESC, repository_id DESC, name DESC LIMIT :limit`;

const EVERYWHERE = query<Paged, DeletedRow>(listBy(''));

const IN_REPOSITORY = query<Paged & { repository: string }, DeletedRow>(
  listBy('repository_id = (SELECT id FROM repositories WHERE name = :repository) AND'),
);

const FIND = query<{ repository: string; digest: string }, DeletedRow>(
  `SELECT :repository AS repository, NULL AS tag, digest, media_type, size, NULL AS moved_to, deleted_at, ${WHY}
   FROM deleted_manifests
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository) AND digest = :digest`,
);

const COUNT_BEFORE = query<{ kept: number }, { count: number }>(
  'SELECT COUNT(*) AS count FROM deleted_manifests WHERE deleted_at < :kept',
);

function toEntry(row: DeletedRow): DeletedEntry {
  return {
    repository: row.repository as RepositoryName,
    tag: (row.tag ?? undefined) as Tag | undefined,
    digest: row.digest as Digest,
    mediaType: row.media_type,
    sizeBytes: row.size,
    movedTo: (row.moved_to ?? undefined) as Digest | undefined,
    deletedAtMs: row.deleted_at,
    cause: { kind: row.cause as CauseKind, actor: row.actor, rule: row.rule },
  };
}

export async function listDeleted(
  session: Session,
  { repository, keptSinceMs }: Parameters<TrashIndex['list']>[0],
  { after, limit }: Parameters<TrashIndex['list']>[1],
): Promise<DeletedEntry[]> {
  const page = {
    kept: keptSinceMs,
    atMs: after?.deletedAtMs ?? Number.MAX_SAFE_INTEGER,
    afterRepository: after?.repository ?? '',
    afterName: after?.name ?? '',
    limit,
  };
  const rows = await (repository === undefined
    ? session.all(EVERYWHERE, page)
    : session.all(IN_REPOSITORY, { ...page, repository }));
  return rows.map(toEntry);
}

export async function countDeletedBefore(session: Session, keptSinceMs: number): Promise<number> {
  return (await session.first(COUNT_BEFORE, { kept: keptSinceMs }))?.count ?? 0;
}

export async function findDeleted(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<DeletedEntry | undefined> {
  const row = await session.first(FIND, { repository, digest });
  return row && toEntry(row);
}
