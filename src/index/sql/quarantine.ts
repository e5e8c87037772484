import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { DamagedBlob, DamagedManifest, QuarantineEntry } from '../integrity.ts';
import type { Page } from '../tags.ts';
import { query, type Session } from './query.ts';

type Kind = QuarantineEntry['kind'];

/**
 * A condition that the manifest is not in quarantine.
 * @param digest an SQL expression
 */
export function isNotQuarantined(digest: string): string {
  return `NOT EXISTS (
    SELECT 1 FROM quarantine WHERE digest = ${digest} AND kind = 'manifest' AND healed_at IS NULL
  )`;
}

const TAKE_BLOB = query<{ digest: string; key: string }, { size: number }>(
  'DELETE FROM blobs WHERE digest = :digest AND key = :key RETURNING size',
);

const BODY = query<{ digest: string }, { bytes: Uint8Array }>(
  'SELECT bytes FROM manifest_bodies WHERE digest = :digest',
);

const SIZE_OF_MANIFEST = query<{ digest: string }, { size: number }>(
  `SELECT size FROM (
     SELECT size FROM manifests WHERE digest = :digest
     UNION ALL SELECT size FROM deleted_manifests WHERE digest = :digest
   ) WHERE ${isNotQuarantined(':digest')} LIMIT 1`,
);

const TAKE_BODY = query<{ digest: string }>('DELETE FROM manifest_bodies WHERE digest = :digest');

const ADD = query<{
  kind: string;
  digest: string;
  key: string | null;
  bytes: Uint8Array | null;
  size: number;
  reason: string;
  at: number;
}>(
  `INSERT INTO quarantine (kind, digest, key, bytes, size, reason, found_at)
   VALUES (:kind, :digest, :key, :bytes, :size, :reason, :at)`,
);

const HEAL = query<{ kind: string; digest: string; at: number }>(
  'UPDATE quarantine SET healed_at = :at WHERE digest = :digest AND kind = :kind AND healed_at IS NULL',
);

const DAMAGED_KEY = query<{ digest: string; key: string }, { id: number }>(
  `SELECT id FROM quarantine WHERE digest = :digest AND kind = 'blob' AND healed_at IS NULL AND key = :key`,
);

const BLOB_ASIDE = query<{ repository: string; reference: string }, { id: number }>(
  `SELECT id FROM quarantine
   WHERE digest = :reference AND kind = 'blob' AND healed_at IS NULL AND EXISTS (
     SELECT 1 FROM blob_links
     WHERE digest = :reference AND repository_id = (SELECT id FROM repositories WHERE name = :repository)
   )`,
);

const MANIFEST_ASIDE = query<{ repository: string; reference: string }, { id: number }>(
  `SELECT quarantine.id FROM quarantine, (
     SELECT :reference AS digest UNION ALL
     SELECT digest FROM tags
     WHERE name = :reference AND repository_id = (SELECT id FROM repositories WHERE name = :repository)
   ) AS wanted
   WHERE quarantine.digest = wanted.digest AND kind = 'manifest' AND healed_at IS NULL AND EXISTS (
     SELECT 1 FROM manifests
     WHERE manifests.digest = wanted.digest
       AND repository_id = (SELECT id FROM repositories WHERE name = :repository)
   )`,
);

const LIST = query<
  { after: number; limit: number },
  {
    id: number;
    kind: Kind;
    digest: string;
    key: string | null;
    size: number;
    reason: string;
    found_at: number;
    healed_at: number | null;
  }
>(
  `SELECT id, kind, digest, key, size, reason, found_at, healed_at FROM quarantine
   WHERE id > :after ORDER BY id LIMIT :limit`,
);

export async function quarantineBlob(
  session: Session,
  { digest, key, reason, atMs }: DamagedBlob,
): Promise<boolean> {
  const taken = await session.first(TAKE_BLOB, { digest, key });
  if (taken === undefined) return false;
  // Of an earlier find: only one entry of a digest is open.
  await heal(session, 'blob', digest, atMs);
  await session.run(ADD, { kind: 'blob', digest, key, bytes: null, size: taken.size, reason, at: atMs });
  return true;
}

export async function quarantineManifest(
  session: Session,
  { digest, bytes, reason, atMs }: DamagedManifest,
): Promise<boolean> {
  const named = await session.first(SIZE_OF_MANIFEST, { digest });
  if (named === undefined) return false;
  const current = (await session.first(BODY, { digest }))?.bytes;
  const isSame =
    current === undefined || bytes === undefined
      ? current === bytes
      : Buffer.compare(Buffer.from(current), Buffer.from(bytes)) === 0;
  if (!isSame) return false;
  await session.run(TAKE_BODY, { digest });
  const kept = bytes ?? null;
  await session.run(ADD, {
    kind: 'manifest',
    digest,
    key: null,
    bytes: kept,
    size: named.size,
    reason,
    at: atMs,
  });
  return true;
}

/** To be called where content is stored that may have been in quarantine. */
export async function heal(session: Session, kind: Kind, digest: Digest, atMs: number): Promise<void> {
  await session.run(HEAL, { kind, digest, at: atMs });
}

/** Whether the bytes under this key were found damaged, and nothing has taken their place since. */
export async function isDamagedKey(session: Session, digest: Digest, key: string): Promise<boolean> {
  return (await session.first(DAMAGED_KEY, { digest, key })) !== undefined;
}

export async function isQuarantined(
  session: Session,
  repository: RepositoryName,
  kind: Kind,
  reference: string,
): Promise<boolean> {
  const aside = kind === 'blob' ? BLOB_ASIDE : MANIFEST_ASIDE;
  return (await session.first(aside, { repository, reference })) !== undefined;
}

export async function listQuarantined(
  session: Session,
  { after = '0', limit }: Page,
): Promise<QuarantineEntry[]> {
  const rows = await session.all(LIST, { after: Number(after), limit });
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    digest: row.digest as Digest,
    key: row.key ?? undefined,
    sizeBytes: row.size,
    reason: row.reason,
    atMs: row.found_at,
    healedAtMs: row.healed_at ?? undefined,
  }));
}
