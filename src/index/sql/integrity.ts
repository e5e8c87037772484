import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { BlobRecord } from '../blobs.ts';
import type { CursorPage, KeyUse, ManifestState, VerifyRun } from '../integrity.ts';
import type { Page } from '../tags.ts';
import { isNotQuarantined } from './quarantine.ts';
import { type Query, query, type Session } from './query.ts';

type TextPage = { after: string; limit: number };

interface BlobRow {
  digest: string;
  key: string;
  size: number;
}

const BLOBS = query<TextPage, BlobRow>(
  'SELECT digest, key, size FROM blobs WHERE digest > :after ORDER BY digest LIMIT :limit',
);

const BLOB = query<{ digest: string }, BlobRow>('SELECT digest, key, size FROM blobs WHERE digest = :digest');

const BODIES = query<TextPage, { digest: string }>(
  'SELECT digest FROM manifest_bodies WHERE digest > :after ORDER BY digest LIMIT :limit',
);

const MANIFESTS = query<
  TextPage & { repository: string },
  { digest: string; media_type: string; has_bytes: number; absent: string }
>(
  `SELECT digest, media_type,
     EXISTS (SELECT 1 FROM manifest_bodies WHERE manifest_bodies.digest = manifests.digest) AS has_bytes,
     (
       SELECT json_group_array(target) FROM manifest_references AS part
       WHERE part.repository_id = manifests.repository_id AND part.manifest = manifests.digest
         AND NOT EXISTS (
           SELECT 1 FROM manifests AS child
           WHERE child.repository_id = part.repository_id AND child.digest = part.target
         )
         AND NOT (
           EXISTS (
             SELECT 1 FROM blob_links AS link
             WHERE link.repository_id = part.repository_id AND link.digest = part.target
           )
           AND EXISTS (SELECT 1 FROM blobs WHERE blobs.digest = part.target)
         )
     ) AS absent
   FROM manifests
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository) AND digest > :after
     AND ${isNotQuarantined('manifests.digest')}
   ORDER BY digest LIMIT :limit`,
);

interface KeyRow {
  key: string;
  at: string;
}

const KEYS: Readonly<Record<KeyUse, Query<TextPage, KeyRow>>> = {
  upload: query(
    `SELECT key, upload_id || ' ' || position AS at FROM upload_parts
     WHERE upload_id >= substr(:after, 1, instr(:after || ' ', ' ') - 1)
       AND (upload_id > substr(:after, 1, instr(:after || ' ', ' ') - 1)
         OR position > CAST(substr(:after, instr(:after || ' ', ' ') + 1) AS INTEGER))
     ORDER BY upload_id, position LIMIT :limit`,
  ),
  blob: query('SELECT key, digest AS at FROM blobs WHERE digest > :after ORDER BY digest LIMIT :limit'),
  quarantine: query(
    `SELECT key, CAST(id AS TEXT) AS at FROM quarantine
     WHERE id > CAST(:after AS INTEGER) AND key IS NOT NULL ORDER BY id LIMIT :limit`,
  ),
  discarded: query('SELECT key, key AS at FROM discarded_keys WHERE key > :after ORDER BY key LIMIT :limit'),
};

const RUN = query<
  { name: string },
  { owner: string; touched_at: number; after: string | null; finished_at: number | null }
>('SELECT owner, touched_at, after, finished_at FROM verify_runs WHERE name = :name');

const BEGIN_RUN = query<{ name: string; owner: string; now: number }>(
  `INSERT INTO verify_runs (name, owner, touched_at) VALUES (:name, :owner, :now)
   ON CONFLICT (name) DO UPDATE SET
     owner = excluded.owner, touched_at = excluded.touched_at, finished_at = NULL`,
);

const SAVE_RUN = query<{ name: string; owner: string; now: number; after: string | null }>(
  `UPDATE verify_runs SET after = :after, touched_at = :now,
     finished_at = CASE WHEN :after IS NULL THEN :now ELSE NULL END
   WHERE name = :name AND owner = :owner`,
);

const toBlob = ({ digest, key, size }: BlobRow): BlobRecord => ({
  digest: digest as Digest,
  key,
  sizeBytes: size,
});

export async function listBlobs(session: Session, { after = '', limit }: Page): Promise<BlobRecord[]> {
  return (await session.all(BLOBS, { after, limit })).map(toBlob);
}

export async function findAnyBlob(session: Session, digest: Digest): Promise<BlobRecord | undefined> {
  const row = await session.first(BLOB, { digest });
  return row && toBlob(row);
}

export async function listBodies(session: Session, { after = '', limit }: Page): Promise<Digest[]> {
  return (await session.all(BODIES, { after, limit })).map((row) => row.digest as Digest);
}

export async function manifestStates(
  session: Session,
  repository: RepositoryName,
  { after = '', limit }: Page,
): Promise<ManifestState[]> {
  const rows = await session.all(MANIFESTS, { repository, after, limit });
  return rows.map((row) => ({
    digest: row.digest as Digest,
    mediaType: row.media_type,
    hasBytes: row.has_bytes === 1,
    absent: JSON.parse(row.absent) as Digest[],
  }));
}

export async function listKeys(
  session: Session,
  use: KeyUse,
  { after = '', limit }: Page,
): Promise<CursorPage<string>> {
  const rows = await session.all(KEYS[use], { after, limit });
  return {
    entries: rows.map(({ key }) => key),
    next: rows.length < limit ? undefined : rows.at(-1)?.at,
  };
}

export async function beginRun(
  session: Session,
  { name, owner, nowMs }: VerifyRun,
  { dueBeforeMs, leftBeforeMs }: { dueBeforeMs: number; leftBeforeMs: number },
): Promise<{ after: string | undefined } | undefined> {
  const run = await session.first(RUN, { name });
  if (run !== undefined) {
    const isOver = run.finished_at !== null;
    if (isOver && (run.finished_at ?? 0) >= dueBeforeMs) return undefined;
    if (!isOver && run.owner !== owner && run.touched_at >= leftBeforeMs) return undefined;
  }
  await session.run(BEGIN_RUN, { name, owner, now: nowMs });
  return { after: run?.after ?? undefined };
}

export async function saveRun(
  session: Session,
  { name, owner, nowMs }: VerifyRun,
  after: string | undefined,
): Promise<boolean> {
  return (await session.run(SAVE_RUN, { name, owner, now: nowMs, after: after ?? null })) > 0;
}
