import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { BlobRecord, ReceivedBlob } from '../blobs.ts';
import type { ImmutableTag, OverLimit, UsageLimits } from '../limits.ts';
import { immutableTagNeeding } from './immutable-tags.ts';
import { askedBy, recordRemoval } from './journal.ts';
import { heal } from './quarantine.ts';
import { query, type Session } from './query.ts';
import { ensureRepository, repositoryId } from './repositories.ts';
import { endUpload } from './uploads.ts';
import { overLimit } from './usage.ts';

const FIND = query<{ repository: string; digest: string }, { key: string; size: number }>(
  `SELECT key, size FROM blobs
   WHERE digest = :digest AND EXISTS (
     SELECT 1 FROM blob_links
     WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = :repository)
   )`,
);

const KEY_OF = query<{ digest: string }, { key: string }>('SELECT key FROM blobs WHERE digest = :digest');

const PUT = query<{ digest: string; key: string; size: number }>(
  `INSERT INTO blobs (digest, key, size) VALUES (:digest, :key, :size)
   ON CONFLICT (digest) DO UPDATE SET key = excluded.key, size = excluded.size`,
);

const ANY_HOLDER = query<{ digest: string }, { name: string }>(
  `SELECT name FROM repositories
   WHERE id = (SELECT repository_id FROM blob_links WHERE digest = :digest LIMIT 1)`,
);

const HOLDER_AMONG = query<{ digest: string; names: string }, { name: string }>(
  `SELECT wanted.value AS name FROM json_each(:names) AS wanted
   WHERE EXISTS (
     SELECT 1 FROM blob_links
     WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = wanted.value)
   ) LIMIT 1`,
);

const LINK = query<{ repository: number; digest: string; at: number }>(
  `INSERT INTO blob_links (repository_id, digest, linked_at) VALUES (:repository, :digest, :at)
   ON CONFLICT (repository_id, digest) DO UPDATE SET linked_at = excluded.linked_at`,
);

const UNLINK = query<{ repository: number; digest: string }>(
  'DELETE FROM blob_links WHERE digest = :digest AND repository_id = :repository',
);

/** A file of a registry that had the folder before stays until somebody asks for its removal. */
const DISCARD = query<{ key: string }>(
  `INSERT INTO discarded_keys (key)
   SELECT :key WHERE NOT EXISTS (SELECT 1 FROM takeover_files WHERE key = :key)
   ON CONFLICT DO NOTHING`,
);

const DISCARDED = query<{ limit: number }, { key: string }>('SELECT key FROM discarded_keys LIMIT :limit');

// Two searches in the primary key; '0' is the character after '/'.
const DISCARDED_EXCEPT = query<{ from: string; to: string; limit: number }, { key: string }>(
  `SELECT key FROM discarded_keys WHERE key < :from
   UNION ALL SELECT key FROM discarded_keys WHERE key >= :to LIMIT :limit`,
);

const FORGET = query<{ key: string }>('DELETE FROM discarded_keys WHERE key = :key');

export async function findBlob(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<BlobRecord | undefined> {
  const row = await session.first(FIND, { repository, digest });
  return row && { digest, key: row.key, sizeBytes: row.size };
}

export async function commitBlob(
  session: Session,
  blob: ReceivedBlob,
): Promise<'committed' | 'unknown-upload' | OverLimit> {
  const keys = await endUpload(session, blob.uploadId);
  if (keys === undefined) return 'unknown-upload';
  const repository = await ensureRepository(session, blob.repository);
  const over = await overLimit(session, repository, { kind: 'blob', ...blob, newTags: 0 }, blob.limits);
  if (over !== undefined) {
    await discardKeys(session, [...keys, blob.key]);
    return over;
  }
  const before = await session.first(KEY_OF, { digest: blob.digest });
  if (before !== undefined) keys.push(before.key);
  for (const key of keys) {
    if (key !== blob.key) await session.run(DISCARD, { key });
  }
  await session.run(PUT, { digest: blob.digest, key: blob.key, size: blob.sizeBytes });
  await heal(session, 'blob', blob.digest, blob.atMs);
  await session.run(LINK, { repository, digest: blob.digest, at: blob.atMs });
  return 'committed';
}

export async function mountBlob(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  from: RepositoryName,
  atMs: number,
  limits?: UsageLimits,
): Promise<boolean | OverLimit> {
  const blob = await findBlob(session, from, digest);
  if (blob === undefined) return false;
  const id = await ensureRepository(session, repository);
  const over = await overLimit(session, id, { kind: 'blob', ...blob, newTags: 0 }, limits);
  if (over !== undefined) return over;
  await session.run(LINK, { repository: id, digest, at: atMs });
  return true;
}

export async function findHolder(
  session: Session,
  digest: Digest,
  among: 'any' | readonly string[],
): Promise<RepositoryName | undefined> {
  const row = await (among === 'any'
    ? session.first(ANY_HOLDER, { digest })
    : session.first(HOLDER_AMONG, { digest, names: JSON.stringify(among) }));
  return row?.name as RepositoryName | undefined;
}

export async function unlinkBlobFrom(
  session: Session,
  name: RepositoryName,
  digest: Digest,
  immutableTags: readonly string[] = [],
  by: { readonly actor: string; readonly atMs: number } = { actor: '', atMs: Date.now() },
): Promise<boolean | ImmutableTag> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return false;
  const needed = await immutableTagNeeding(session, repository, digest, immutableTags);
  if (needed !== undefined) return needed;
  if ((await session.run(UNLINK, { repository, digest })) === 0) return false;
  const { actor, atMs } = by;
  await recordRemoval(session, { kind: 'link', repository: name, digest, atMs, cause: askedBy(actor) });
  return true;
}

export async function discardKeys(session: Session, keys: readonly string[]): Promise<void> {
  for (const key of keys) await session.run(DISCARD, { key });
}

export async function listDiscardedKeys(
  session: Session,
  limit: number,
  { exceptBelow: from }: { readonly exceptBelow?: string | undefined } = {},
): Promise<string[]> {
  const rows = await (from === undefined
    ? session.all(DISCARDED, { limit })
    : session.all(DISCARDED_EXCEPT, { from, to: `${from.slice(0, -1)}0`, limit }));
  return rows.map((row) => row.key);
}

export async function forgetKeys(session: Session, keys: readonly string[]): Promise<void> {
  for (const key of keys) await session.run(FORGET, { key });
}
