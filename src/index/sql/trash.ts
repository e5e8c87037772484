import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { InRepository, RemovalNote } from '../garbage.ts';
import type { Cause } from '../journal.ts';
import { recordRemoval } from './journal.ts';
import { query, type Session } from './query.ts';

type OfManifest = { repository: number; digest: string };

const MOVE = query<OfManifest & { at: number; cause: string; actor: string; rule: string }>(
  `INSERT OR REPLACE INTO deleted_manifests (
     repository_id, digest, media_type, size, subject, artifact_type, annotations, pushed_at,
     deleted_at, cause, actor, rule
   )
   SELECT repository_id, digest, media_type, size, subject, artifact_type, annotations, pushed_at,
     :at, :cause, :actor, :rule
   FROM manifests WHERE repository_id = :repository AND digest = :digest`,
);

const MOVE_REFERENCES = query<OfManifest>(
  `INSERT OR IGNORE INTO deleted_references (repository_id, manifest, target)
   SELECT repository_id, manifest, target FROM manifest_references
   WHERE repository_id = :repository AND manifest = :digest`,
);

const DELETE = query<OfManifest, { size: number }>(
  'DELETE FROM manifests WHERE repository_id = :repository AND digest = :digest RETURNING size',
);

const DELETE_REFERENCES = query<OfManifest>(
  'DELETE FROM manifest_references WHERE repository_id = :repository AND manifest = :digest',
);

const HOLD_BLOBS = query<OfManifest & { at: number }>(
  `UPDATE blob_links SET linked_at = :at
   WHERE repository_id = :repository AND linked_at < :at AND digest IN (
     SELECT target FROM manifest_references WHERE repository_id = :repository AND manifest = :digest
   )`,
);

const HOLD_CHILDREN = query<OfManifest & { at: number }>(
  `UPDATE manifests SET asked_at = MAX(COALESCE(asked_at, 0), :at)
   WHERE repository_id = :repository AND digest IN (
     SELECT target FROM manifest_references WHERE repository_id = :repository AND manifest = :digest
   )`,
);

const HOLD_REFERRERS = query<OfManifest & { at: number }>(
  `UPDATE manifests SET asked_at = MAX(COALESCE(asked_at, 0), :at)
   WHERE repository_id = :repository AND subject = :digest`,
);

const ADD_TAG = query<{
  repository: number;
  at: number;
  name: string;
  digest: string;
  movedTo: string | null;
  cause: string;
  actor: string;
  rule: string;
}>(
  `INSERT INTO deleted_tags (repository_id, deleted_at, name, digest, moved_to, cause, actor, rule)
   VALUES (:repository, :at, :name, :digest, :movedTo, :cause, :actor, :rule)`,
);

type LossOfTag = { repository: number; at: number; name: string };

const IS_LOSS = query<LossOfTag, { digest: string }>(
  'SELECT digest FROM deleted_tags WHERE repository_id = :repository AND deleted_at = :at AND name = :name',
);

const DATE_BACK = query<LossOfTag>(
  `UPDATE deleted_tags SET deleted_at = :at - 1
   WHERE repository_id = :repository AND deleted_at = :at AND name = :name`,
);

const UNTAG = query<OfManifest & { at: number }>(
  `UPDATE manifests SET untagged_at = MAX(COALESCE(untagged_at, 0), :at)
   WHERE repository_id = :repository AND digest = :digest`,
);

const FORGET = query<OfManifest>(
  'DELETE FROM deleted_manifests WHERE repository_id = :repository AND digest = :digest',
);

const FORGET_REFERENCES = query<OfManifest>(
  'DELETE FROM deleted_references WHERE repository_id = :repository AND manifest = :digest',
);

const DELETE_UNUSED_BODY = query<{ digest: string }>(
  `DELETE FROM manifest_bodies
   WHERE digest = :digest AND NOT EXISTS (SELECT 1 FROM manifests WHERE digest = :digest)
     AND NOT EXISTS (SELECT 1 FROM deleted_manifests WHERE digest = :digest)`,
);

const EXPIRED = query<
  { kept: number; limit: number },
  { repository: number; name: string; digest: string; size: number }
>(
  `SELECT repository_id AS repository, digest, size,
     (SELECT name FROM repositories WHERE id = repository_id) AS name
   FROM deleted_manifests WHERE deleted_at < :kept ORDER BY deleted_at LIMIT :limit`,
);

const FORGET_TAGS = query<{ kept: number; limit: number }>(
  `DELETE FROM deleted_tags WHERE (repository_id, deleted_at, name) IN (
     SELECT repository_id, deleted_at, name FROM deleted_tags WHERE deleted_at < :kept
     ORDER BY deleted_at LIMIT :limit
   )`,
);

/**
 * Makes a manifest, but no tag, one that was deleted. @returns whether it was there
 * @param deletion.name the repository's
 */
export async function moveToTrash(
  session: Session,
  deletion: { repository: number; name: RepositoryName; digest: Digest; atMs: number; cause: Cause },
): Promise<boolean> {
  const { repository, name, digest, atMs, cause } = deletion;
  const { kind, actor, rule } = cause;
  await session.run(MOVE, { repository, digest, at: atMs, cause: kind, actor, rule });
  const deleted = await session.first(DELETE, { repository, digest });
  if (deleted === undefined) return false;
  await session.run(MOVE_REFERENCES, { repository, digest });
  await session.run(DELETE_REFERENCES, { repository, digest });
  const removal = { repository: name, digest, sizeBytes: deleted.size, atMs, cause };
  await recordRemoval(session, { kind: 'manifest', ...removal });
  return true;
}

/**
 * Makes young what a manifest kept that a client asks to delete: others may have heard a moment ago that it is there.
 * What garbage collection takes kept nothing.
 */
export async function holdWhatItKept(
  session: Session,
  kept: { repository: number; digest: Digest; at: number },
  withManifests: boolean,
): Promise<void> {
  await session.run(HOLD_BLOBS, kept);
  if (!withManifests) return;
  for (const hold of [HOLD_CHILDREN, HOLD_REFERRERS]) await session.run(hold, kept);
}

/** Notes what a tag no longer points to. */
export async function keepTag(
  session: Session,
  loss: {
    repository: number;
    tag: string;
    digest: string;
    /** Undefined where the tag is removed. */
    movedTo: string | undefined;
    atMs: number;
    cause: Cause;
  },
): Promise<void> {
  const { repository, tag: name, digest, movedTo = null, atMs: at, cause } = loss;
  const { kind, actor, rule } = cause;
  await dateBack(session, { repository, at, name });
  await session.run(ADD_TAG, { repository, at, name, digest, movedTo, cause: kind, actor, rule });
  await session.run(UNTAG, { repository, digest, at });
}

/** Two losses of a tag within a millisecond are two: the earlier one is dated a millisecond before. */
async function dateBack(session: Session, loss: LossOfTag): Promise<void> {
  if ((await session.first(IS_LOSS, loss)) === undefined) return;
  await dateBack(session, { ...loss, at: loss.at - 1 });
  await session.run(DATE_BACK, loss);
}

/** What came back is no longer deleted. */
export async function takeFromTrash(session: Session, repository: number, digest: string): Promise<void> {
  if ((await session.run(FORGET, { repository, digest })) === 0) return;
  await session.run(FORGET_REFERENCES, { repository, digest });
}

export async function purgeTrash(
  session: Session,
  keptSinceMs: number,
  limit: number,
  { atMs, cause }: RemovalNote,
): Promise<{ manifests: InRepository[]; hasMore: boolean }> {
  const expired = await session.all(EXPIRED, { kept: keptSinceMs, limit });
  const manifests: InRepository[] = [];
  for (const { repository: id, name, digest, size } of expired) {
    await takeFromTrash(session, id, digest);
    await session.run(DELETE_UNUSED_BODY, { digest });
    await recordRemoval(session, { kind: 'kept', repository: name, digest, sizeBytes: size, atMs, cause });
    manifests.push({ repository: name as RepositoryName, digest: digest as Digest });
  }
  const tags = await session.run(FORGET_TAGS, { kept: keptSinceMs, limit });
  return { manifests, hasMore: expired.length === limit || tags === limit };
}
