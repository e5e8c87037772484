import { sql } from 'kysely';
import type { RepositoryName } from '../../oci/reference.ts';
import type { UploadRecord } from '../uploads.ts';
import { defineQuery, type Session } from './query.ts';
import { ensureRepository } from './repositories.ts';

const addUpload = defineQuery<{ id: string; repository: number; at: number }>()((db, p) =>
  db
    .insertInto('uploads')
    .values({ id: p.id, repository_id: p.repository, started_at: p.at, touched_at: p.at }),
);

const findUploadRow = defineQuery<{ id: string }>()((db, p) =>
  db
    .selectFrom('uploads')
    .innerJoin('repositories', 'repositories.id', 'uploads.repository_id')
    .select(['repositories.name', 'uploads.started_at'])
    .where('uploads.id', '=', p.id),
);

const partsOfUpload = defineQuery<{ id: string }>()((db, p) =>
  db
    .selectFrom('upload_parts')
    .select(['position', 'key', 'size'])
    .where('upload_id', '=', p.id)
    .orderBy('position'),
);

const addPart = defineQuery<{ id: string; position: number; key: string }>()((db, p) =>
  db.insertInto('upload_parts').values({ upload_id: p.id, position: p.position, key: p.key, size: 0 }),
);

const resizePart = defineQuery<{ id: string; key: string; size: number }>()((db, p) =>
  db.updateTable('upload_parts').set({ size: p.size }).where('upload_id', '=', p.id).where('key', '=', p.key),
);

const touchUpload = defineQuery<{ id: string; at: number }>()((db, p) =>
  db.updateTable('uploads').set({ touched_at: p.at }).where('id', '=', p.id),
);

const deleteUpload = defineQuery<{ id: string }>()((db, p) =>
  db.deleteFrom('uploads').where('id', '=', p.id),
);

const deleteParts = defineQuery<{ id: string }>()((db, p) =>
  db.deleteFrom('upload_parts').where('upload_id', '=', p.id),
);

const staleIds = defineQuery<{ before: number; limit: number }>()((db, p) =>
  db
    .selectFrom('uploads')
    .select('id')
    .where('touched_at', '<', p.before)
    .orderBy('touched_at')
    .limit(sql<number>`${p.limit}`),
);

export async function createUpload(
  session: Session,
  upload: { id: string; repository: RepositoryName; key: string; atMs: number },
): Promise<void> {
  const repository = await ensureRepository(session, upload.repository);
  await session.run(addUpload, { id: upload.id, repository, at: upload.atMs });
  await session.run(addPart, { id: upload.id, position: 0, key: upload.key });
}

export async function findUpload(session: Session, id: string): Promise<UploadRecord | undefined> {
  const row = await session.first(findUploadRow, { id });
  if (row === undefined) return undefined;
  const parts = await session.all(partsOfUpload, { id });
  return {
    id,
    repository: row.name as RepositoryName,
    parts: parts.filter((part) => part.size > 0).map((part) => ({ key: part.key, sizeBytes: part.size })),
    startedAtMs: row.started_at,
  };
}

export async function claimPart(session: Session, id: string, key: string, atMs: number): Promise<boolean> {
  if ((await session.run(touchUpload, { id, at: atMs })) === 0) return false;
  const parts = await session.all(partsOfUpload, { id });
  await session.run(addPart, { id, position: (parts.at(-1)?.position ?? -1) + 1, key });
  return true;
}

export async function advanceUpload(
  session: Session,
  step: { id: string; key: string; partBytes: number; fromBytes: number; atMs: number },
): Promise<'advanced' | 'offset-moved' | 'unknown-upload'> {
  if ((await session.run(touchUpload, { id: step.id, at: step.atMs })) === 0) return 'unknown-upload';
  const parts = await session.all(partsOfUpload, { id: step.id });
  const offset = parts.reduce((total, part) => total + part.size, 0);
  const own = parts.find((part) => part.key === step.key);
  // Only the part at the end may grow: bytes that came after it would otherwise stand in the wrong order.
  const isLast = own !== undefined && parts.every((part) => part.size === 0 || part.position <= own.position);
  if (!isLast || offset !== step.fromBytes) return 'offset-moved';
  await session.run(resizePart, { id: step.id, key: step.key, size: step.partBytes });
  return 'advanced';
}

/** Deletes the upload. @returns the keys that it had, or undefined where there is no such upload */
export async function endUpload(session: Session, id: string): Promise<string[] | undefined> {
  if ((await session.run(deleteUpload, { id })) === 0) return undefined;
  const keys = (await session.all(partsOfUpload, { id })).map((part) => part.key);
  await session.run(deleteParts, { id });
  return keys;
}

export async function staleUploads(session: Session, before: number, limit: number): Promise<string[]> {
  return (await session.all(staleIds, { before, limit })).map((row) => row.id);
}
