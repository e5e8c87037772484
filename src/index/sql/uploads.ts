import type { RepositoryName } from '../../oci/reference.ts';
import type { NewUpload, UploadRecord } from '../uploads.ts';
import { query, type Session } from './query.ts';
import { ensureRepository } from './repositories.ts';

const ADD = query<{ id: string; repository: number; at: number; token: string | null }>(
  'INSERT INTO uploads (id, repository_id, started_at, touched_at, token_digest) VALUES (:id, :repository, :at, :at, :token)',
);

const FIND = query<{ id: string }, { name: string; started_at: number; token_digest: string | null }>(
  `SELECT repositories.name, uploads.started_at, uploads.token_digest
   FROM uploads JOIN repositories ON repositories.id = uploads.repository_id
   WHERE uploads.id = :id`,
);

const PARTS = query<{ id: string }, { position: number; key: string; size: number }>(
  'SELECT position, key, size FROM upload_parts WHERE upload_id = :id ORDER BY position',
);

const ADD_PART = query<{ id: string; position: number; key: string }>(
  'INSERT INTO upload_parts (upload_id, position, key, size) VALUES (:id, :position, :key, 0)',
);

const RESIZE_PART = query<{ id: string; key: string; size: number }>(
  'UPDATE upload_parts SET size = :size WHERE upload_id = :id AND key = :key',
);

const TOUCH = query<{ id: string; at: number }>('UPDATE uploads SET touched_at = :at WHERE id = :id');

const DELETE = query<{ id: string }>('DELETE FROM uploads WHERE id = :id');

const DELETE_PARTS = query<{ id: string }>('DELETE FROM upload_parts WHERE upload_id = :id');

const STALE = query<{ before: number; limit: number }, { id: string }>(
  'SELECT id FROM uploads WHERE touched_at < :before ORDER BY touched_at LIMIT :limit',
);

export async function createUpload(session: Session, upload: NewUpload): Promise<void> {
  const repository = await ensureRepository(session, upload.repository);
  const token = upload.tokenDigest ?? null;
  await session.run(ADD, { id: upload.id, repository, at: upload.atMs, token });
  await session.run(ADD_PART, { id: upload.id, position: 0, key: upload.key });
}

export async function findUpload(session: Session, id: string): Promise<UploadRecord | undefined> {
  const row = await session.first(FIND, { id });
  if (row === undefined) return undefined;
  const parts = await session.all(PARTS, { id });
  return {
    id,
    repository: row.name as RepositoryName,
    parts: parts.filter((part) => part.size > 0).map((part) => ({ key: part.key, sizeBytes: part.size })),
    startedAtMs: row.started_at,
    tokenDigest: row.token_digest ?? undefined,
  };
}

export async function claimPart(session: Session, id: string, key: string, atMs: number): Promise<boolean> {
  if ((await session.run(TOUCH, { id, at: atMs })) === 0) return false;
  const parts = await session.all(PARTS, { id });
  await session.run(ADD_PART, { id, position: (parts.at(-1)?.position ?? -1) + 1, key });
  return true;
}

export async function advanceUpload(
  session: Session,
  step: { id: string; key: string; partBytes: number; fromBytes: number; atMs: number },
): Promise<'advanced' | 'offset-moved' | 'unknown-upload'> {
  if ((await session.run(TOUCH, { id: step.id, at: step.atMs })) === 0) return 'unknown-upload';
  const parts = await session.all(PARTS, { id: step.id });
  const offset = parts.reduce((total, part) => total + part.size, 0);
  const own = parts.find((part) => part.key === step.key);
  // Only the part at the end may grow: bytes that came after it would otherwise stand in the wrong order.
  const isLast = own !== undefined && parts.every((part) => part.size === 0 || part.position <= own.position);
  if (!isLast || offset !== step.fromBytes) return 'offset-moved';
  await session.run(RESIZE_PART, { id: step.id, key: step.key, size: step.partBytes });
  return 'advanced';
}

/** Deletes the upload. @returns the keys that it had, or undefined where there is no such upload */
export async function endUpload(session: Session, id: string): Promise<string[] | undefined> {
  if ((await session.run(DELETE, { id })) === 0) return undefined;
  const keys = (await session.all(PARTS, { id })).map((part) => part.key);
  await session.run(DELETE_PARTS, { id });
  return keys;
}

export async function staleUploads(session: Session, before: number, limit: number): Promise<string[]> {
  return (await session.all(STALE, { before, limit })).map((row) => row.id);
}
