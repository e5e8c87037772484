import type { Digest } from '../../oci/digest.ts';
import type { GarbageBlob, GarbageRule, InRepository, RemovalNote } from '../garbage.ts';
import { discardKeys } from './blobs.ts';
import { isKept, timesOf } from './garbage-rules.ts';
import { recordRemoval } from './journal.ts';
import { childrenOf } from './manifests.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';
import { moveToTrash } from './trash.ts';

type Removable = { repository: number; digest: string; before: number; kept: number };

/** An index goes before its children, so that one that is still there always pulls whole. */
const IS_REMOVABLE = query<Removable, { digest: string }>(
  `SELECT digest FROM manifests
   WHERE repository_id = :repository AND digest = :digest
     AND NOT EXISTS (
       SELECT 1 FROM manifest_references WHERE repository_id = :repository AND target = :digest
     )
     AND NOT ${isKept(':repository', ':digest')}`,
);

// A manifest whose keep time is over still holds its blobs until it is purged: it goes first.
const REMOVE_LINKS = query<{ repository: number; digests: string; before: number }, { digest: string }>(
  `DELETE FROM blob_links
   WHERE repository_id = :repository AND digest IN (SELECT value FROM json_each(:digests))
     AND linked_at < :before
     AND NOT EXISTS (
       SELECT 1 FROM manifest_references
       WHERE manifest_references.repository_id = :repository AND manifest_references.target = blob_links.digest
     )
     AND NOT EXISTS (
       SELECT 1 FROM deleted_references
       WHERE deleted_references.repository_id = :repository AND deleted_references.target = blob_links.digest
     )
   RETURNING digest`,
);

const REMOVE_BLOBS = query<{ digests: string }, { digest: string; key: string; size: number }>(
  `DELETE FROM blobs
   WHERE digest IN (SELECT value FROM json_each(:digests))
     AND NOT EXISTS (SELECT 1 FROM blob_links WHERE blob_links.digest = blobs.digest)
   RETURNING digest, key, size`,
);

export async function removeGarbageManifests(
  session: Session,
  rule: GarbageRule,
  manifests: readonly InRepository[],
  { atMs, cause }: RemovalNote,
): Promise<{ removed: InRepository[]; children: InRepository[] }> {
  const removed: InRepository[] = [];
  const children: InRepository[] = [];
  if (!rule.untaggedManifests) return { removed, children };
  for (const manifest of manifests) {
    const { repository: name, digest } = manifest;
    const repository = await repositoryId(session, name);
    if (repository === undefined) continue;
    const found = await session.first(IS_REMOVABLE, { repository, digest, ...timesOf(rule) });
    if (found === undefined) continue;
    for (const child of await childrenOf(session, repository, digest)) {
      children.push({ repository: name, digest: child });
    }
    await moveToTrash(session, { repository, name, digest, atMs, cause });
    removed.push(manifest);
  }
  return { removed, children };
}

export async function removeGarbageLinks(
  session: Session,
  rule: GarbageRule,
  blobs: readonly InRepository[],
  { atMs, cause }: RemovalNote,
): Promise<InRepository[]> {
  const removed: InRepository[] = [];
  for (const [name, digests] of Map.groupBy(blobs, (blob) => blob.repository)) {
    const repository = await repositoryId(session, name);
    if (repository === undefined) continue;
    for (const digest of await unlink(session, { repository, digests, before: rule.beforeMs })) {
      await recordRemoval(session, { kind: 'link', repository: name, digest, atMs, cause });
      removed.push({ repository: name, digest });
    }
  }
  return removed;
}

async function unlink(
  session: Session,
  { repository, digests, before }: { repository: number; digests: readonly InRepository[]; before: number },
): Promise<Digest[]> {
  const list = JSON.stringify(digests.map(({ digest }) => digest));
  const rows = await session.all(REMOVE_LINKS, { repository, digests: list, before });
  return rows.map((row) => row.digest as Digest);
}

export async function removeGarbageBlobs(
  session: Session,
  digests: readonly Digest[],
  { atMs, cause }: RemovalNote,
): Promise<GarbageBlob[]> {
  const rows = await session.all(REMOVE_BLOBS, { digests: JSON.stringify(digests) });
  await discardKeys(
    session,
    rows.map((row) => row.key),
  );
  for (const { digest, size } of rows) {
    await recordRemoval(session, { kind: 'blob', digest, sizeBytes: size, atMs, cause });
  }
  return rows.map((row) => ({ digest: row.digest as Digest, sizeBytes: row.size }));
}
