import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { GarbageBlob, GarbageRule } from '../garbage.ts';
import { discardKeys } from './blobs.ts';
import { isKept } from './garbage-scans.ts';
import { childrenOf, deleteManifest } from './manifests.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';

/** An index goes before its children, so that one that is still there always pulls whole. */
const IS_REMOVABLE = query<{ repository: number; digest: string; before: number }, { digest: string }>(
  `SELECT digest FROM manifests
   WHERE repository_id = :repository AND digest = :digest
     AND NOT EXISTS (
       SELECT 1 FROM manifest_references WHERE repository_id = :repository AND target = :digest
     )
     AND NOT ${isKept(':repository', ':digest')}`,
);

const REMOVE_LINKS = query<{ repository: number; digests: string; before: number }, { digest: string }>(
  `DELETE FROM blob_links
   WHERE repository_id = :repository AND digest IN (SELECT value FROM json_each(:digests))
     AND linked_at < :before
     AND NOT EXISTS (
       SELECT 1 FROM manifest_references
       WHERE manifest_references.repository_id = :repository AND manifest_references.target = blob_links.digest
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
  name: RepositoryName,
  rule: GarbageRule,
  digests: readonly Digest[],
): Promise<{ removed: Digest[]; children: Digest[] }> {
  const removed: Digest[] = [];
  const children: Digest[] = [];
  const repository = await repositoryId(session, name);
  if (repository === undefined || !rule.untaggedManifests) return { removed, children };
  for (const digest of digests) {
    const found = await session.first(IS_REMOVABLE, { repository, digest, before: rule.beforeMs });
    if (found === undefined) continue;
    children.push(...(await childrenOf(session, repository, digest)));
    await deleteManifest(session, repository, digest);
    removed.push(digest);
  }
  return { removed, children };
}

export async function removeGarbageLinks(
  session: Session,
  name: RepositoryName,
  rule: GarbageRule,
  digests: readonly Digest[],
): Promise<Digest[]> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return [];
  const parameters = { repository, digests: JSON.stringify(digests), before: rule.beforeMs };
  return (await session.all(REMOVE_LINKS, parameters)).map((row) => row.digest as Digest);
}

export async function removeGarbageBlobs(
  session: Session,
  digests: readonly Digest[],
): Promise<GarbageBlob[]> {
  const rows = await session.all(REMOVE_BLOBS, { digests: JSON.stringify(digests) });
  await discardKeys(
    session,
    rows.map((row) => row.key),
  );
  return rows.map((row) => ({ digest: row.digest as Digest, sizeBytes: row.size }));
}
