import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { BlobLink, ManifestTimes } from '../provenance.ts';
import { query, type Session } from './query.ts';

type In = { repository: string; digest: string };
type Some = In & { limit: number };

const REPOSITORY = '(SELECT id FROM repositories WHERE name = :repository)';

const BYTES = query<{ digest: string }, { size: number }>('SELECT size FROM blobs WHERE digest = :digest');

// Which ones, where there are more than the limit, is left open: sorting would look at all of them.
const LINKS = query<{ digest: string; limit: number }, { name: string; linked_at: number }>(
  `SELECT name, linked_at FROM blob_links JOIN repositories ON repositories.id = repository_id
   WHERE digest = :digest LIMIT :limit`,
);

const LINK = query<In, { linked_at: number }>(
  `SELECT linked_at FROM blob_links WHERE repository_id = ${REPOSITORY} AND digest = :digest`,
);

const MANIFEST = query<
  In,
  {
    media_type: string;
    size: number;
    subject: string | null;
    pushed_at: number;
    untagged_at: number | null;
    asked_at: number | null;
  }
>(
  `SELECT media_type, size, subject, pushed_at, untagged_at, asked_at FROM manifests
   WHERE repository_id = ${REPOSITORY} AND digest = :digest`,
);

const NAMED_BY = query<Some, { manifest: string }>(
  `SELECT manifest FROM manifest_references
   WHERE repository_id = ${REPOSITORY} AND target = :digest ORDER BY manifest LIMIT :limit`,
);

const NAMED_BY_DELETED = query<Some, { digest: string; deleted_at: number }>(
  `SELECT digest, deleted_at FROM deleted_references JOIN deleted_manifests
     ON deleted_manifests.repository_id = deleted_references.repository_id AND digest = manifest
   WHERE deleted_references.repository_id = ${REPOSITORY} AND target = :digest
   ORDER BY deleted_at DESC LIMIT :limit`,
);

const TAGS_OF = query<Some, { name: string }>(
  `SELECT name FROM tags WHERE repository_id = ${REPOSITORY} AND digest = :digest ORDER BY name LIMIT :limit`,
);

export async function blobBytes(session: Session, digest: Digest): Promise<number | undefined> {
  return (await session.first(BYTES, { digest }))?.size;
}

export async function linksOf(session: Session, digest: Digest, limit: number): Promise<BlobLink[]> {
  const rows = await session.all(LINKS, { digest, limit });
  return rows
    .map((row) => ({ repository: row.name as RepositoryName, youngSinceMs: row.linked_at }))
    .toSorted((a, b) => (a.repository < b.repository ? -1 : 1));
}

export async function linkOf(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<BlobLink | undefined> {
  const row = await session.first(LINK, { repository, digest });
  return row && { repository, youngSinceMs: row.linked_at };
}

export async function timesOfManifest(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestTimes | undefined> {
  const row = await session.first(MANIFEST, { repository, digest });
  return (
    row && {
      mediaType: row.media_type,
      sizeBytes: row.size,
      subject: (row.subject ?? undefined) as Digest | undefined,
      pushedAtMs: row.pushed_at,
      untaggedAtMs: row.untagged_at ?? undefined,
      askedAtMs: row.asked_at ?? undefined,
    }
  );
}

export async function namedBy(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  limit: number,
): Promise<Digest[]> {
  return (await session.all(NAMED_BY, { repository, digest, limit })).map((row) => row.manifest as Digest);
}

export async function namedByDeleted(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  limit: number,
): Promise<{ digest: Digest; deletedAtMs: number }[]> {
  const rows = await session.all(NAMED_BY_DELETED, { repository, digest, limit });
  return rows.map((row) => ({ digest: row.digest as Digest, deletedAtMs: row.deleted_at }));
}

export async function tagsOf(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  limit: number,
): Promise<Tag[]> {
  return (await session.all(TAGS_OF, { repository, digest, limit })).map((row) => row.name as Tag);
}
