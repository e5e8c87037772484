import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Cause, CauseKind, JournalFilter, RemovalKind, RemovalRecord } from '../journal.ts';
import { query, type Session } from './query.ts';

const ADD = query<{
  at: number;
  kind: string;
  repository: string;
  name: string;
  digest: string;
  size: number | null;
  cause: string;
  actor: string;
  rule: string;
}>(
  `INSERT INTO removals (at, kind, repository, name, digest, size, cause, actor, rule)
   VALUES (:at, :kind, :repository, :name, :digest, :size, :cause, :actor, :rule)`,
);

interface RemovalRow {
  id: number;
  at: number;
  kind: string;
  repository: string;
  name: string;
  digest: string;
  size: number | null;
  cause: string;
  actor: string;
  rule: string;
}

const COLUMNS = 'id, at, kind, repository, name, digest, size, cause, actor, rule';

const LATEST = query<{ before: number; limit: number; repository: string }, RemovalRow>(
  `SELECT ${COLUMNS} FROM removals
   WHERE id < :before AND (:repository = '' OR repository = :repository) ORDER BY id DESC LIMIT :limit`,
);

const OF_DIGEST = query<{ digest: string; repository: string; before: number; limit: number }, RemovalRow>(
  `SELECT ${COLUMNS} FROM removals
   WHERE digest = :digest AND digest <> '' AND id < :before
     AND (:repository = '' OR repository = :repository OR repository = '')
   ORDER BY id DESC LIMIT :limit`,
);

const OF_TAG = query<{ repository: string; tag: string; before: number; limit: number }, RemovalRow>(
  `SELECT ${COLUMNS} FROM removals
   WHERE kind = 'tag' AND repository = :repository AND name = :tag AND id < :before
   ORDER BY id DESC LIMIT :limit`,
);

const PRUNE = query<{ before: number; limit: number }>(
  'DELETE FROM removals WHERE id IN (SELECT id FROM removals WHERE at < :before ORDER BY at LIMIT :limit)',
);

/** A removal that is under way, to be written down in its transaction. */
export interface Removal {
  readonly kind: RemovalKind;
  readonly repository?: string;
  readonly name?: string;
  readonly digest?: string;
  readonly sizeBytes?: number;
  readonly atMs: number;
  readonly cause: Cause;
}

/** What a client asked for. */
export function askedBy(actor: string): Cause {
  return { kind: 'api', actor, rule: '' };
}

export async function recordRemoval(session: Session, removal: Removal): Promise<void> {
  const { kind, repository = '', name = '', digest = '', sizeBytes = null, atMs, cause } = removal;
  const { kind: why, actor, rule } = cause;
  await session.run(ADD, {
    ...{ at: atMs, kind, repository, name, digest, size: sizeBytes },
    ...{ cause: why, actor, rule },
  });
}

export async function listRemovals(
  session: Session,
  filter: JournalFilter,
  { before = Number.MAX_SAFE_INTEGER, limit }: { before: number | undefined; limit: number },
): Promise<RemovalRecord[]> {
  const { digest, tag } = filter;
  const repository: string = filter.repository ?? '';
  let rows: RemovalRow[];
  if (tag !== undefined) rows = await session.all(OF_TAG, { repository, tag, before, limit });
  else if (digest !== undefined) rows = await session.all(OF_DIGEST, { digest, repository, before, limit });
  else rows = await session.all(LATEST, { repository, before, limit });
  return rows.map((row) => ({
    id: row.id,
    atMs: row.at,
    kind: row.kind as RemovalKind,
    repository: row.repository === '' ? undefined : (row.repository as RepositoryName),
    name: row.name === '' ? undefined : row.name,
    digest: row.digest === '' ? undefined : (row.digest as Digest),
    sizeBytes: row.size ?? undefined,
    cause: { kind: row.cause as CauseKind, actor: row.actor, rule: row.rule },
  }));
}

export async function pruneRemovals(session: Session, beforeMs: number, limit: number): Promise<number> {
  return session.run(PRUNE, { before: beforeMs, limit });
}
