import { sql } from 'kysely';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { ManifestRecord, PutManifestOutcome, ReceivedManifest, Referrer } from '../manifests.ts';
import { defineQuery, type Session } from './query.ts';
import { ensureRepository, markListed, repositoryId } from './repositories.ts';
import { moveTag, removeTagsOf } from './tags.ts';

const byDigest = defineQuery<{ repository: string; digest: string }>()((db, p) =>
  db
    .selectFrom('manifests')
    .innerJoin('repositories', 'repositories.id', 'manifests.repository_id')
    .select(['manifests.digest', 'manifests.media_type', 'manifests.size'])
    .where('repositories.name', '=', p.repository)
    .where('manifests.digest', '=', p.digest),
);

const byTag = defineQuery<{ repository: string; tag: string }>()((db, p) =>
  db
    .selectFrom('tags')
    .innerJoin('repositories', 'repositories.id', 'tags.repository_id')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository_id', '=', 'tags.repository_id')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select(['manifests.digest', 'manifests.media_type', 'manifests.size'])
    .where('repositories.name', '=', p.repository)
    .where('tags.name', '=', p.tag),
);

const body = defineQuery<{ digest: string }>()((db, p) =>
  db.selectFrom('manifest_bodies').select('bytes').where('digest', '=', p.digest),
);

// `json_each` keeps one compiled statement for lists of any length.
const absentBlobs = defineQuery<{ repository: number; digests: string }>()((db, p) =>
  db
    .selectFrom(sql<{ value: string }>`json_each(${p.digests})`.as('wanted'))
    .select('wanted.value as digest')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('blob_links')
            .select('blob_links.digest')
            .whereRef('blob_links.digest', '=', 'wanted.value')
            .where('blob_links.repository_id', '=', p.repository),
        ),
      ),
    ),
);

const absentManifests = defineQuery<{ repository: number; digests: string }>()((db, p) =>
  db
    .selectFrom(sql<{ value: string }>`json_each(${p.digests})`.as('wanted'))
    .select('wanted.value as digest')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('manifests')
            .select('manifests.digest')
            .whereRef('manifests.digest', '=', 'wanted.value')
            .where('manifests.repository_id', '=', p.repository),
        ),
      ),
    ),
);

const putBody = defineQuery<{ digest: string; bytes: Uint8Array }>()((db, p) =>
  db
    .insertInto('manifest_bodies')
    .values({ digest: p.digest, bytes: p.bytes })
    .onConflict((conflict) => conflict.doNothing()),
);

const putManifestRow = defineQuery<{
  repository: number;
  digest: string;
  mediaType: string;
  size: number;
  subject: string | null;
  artifactType: string | null;
  annotations: string | null;
  at: number;
}>()((db, p) =>
  db
    .insertInto('manifests')
    .values({
      repository_id: p.repository,
      digest: p.digest,
      media_type: p.mediaType,
      size: p.size,
      subject: p.subject,
      artifact_type: p.artifactType,
      annotations: p.annotations,
      pushed_at: p.at,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['repository_id', 'digest'])
        .doUpdateSet({ media_type: p.mediaType, artifact_type: p.artifactType, pushed_at: p.at }),
    ),
);

const putReferences = defineQuery<{ repository: number; manifest: string; targets: string }>()((db, p) =>
  db
    .insertInto('manifest_references')
    .columns(['repository_id', 'manifest', 'target'])
    .expression((query) =>
      query
        .selectFrom(sql<{ value: string }>`json_each(${p.targets})`.as('wanted'))
        .select([
          sql<number>`${p.repository}`.as('repository_id'),
          sql<string>`${p.manifest}`.as('manifest'),
          'wanted.value as target',
        ])
        // SQLite's parser needs a WHERE between the SELECT and ON CONFLICT to tell the two apart.
        .where(sql<boolean>`true`),
    )
    .onConflict((conflict) => conflict.doNothing()),
);

const deleteManifest = defineQuery<{ repository: number; digest: string }>()((db, p) =>
  db.deleteFrom('manifests').where('repository_id', '=', p.repository).where('digest', '=', p.digest),
);

const deleteReferences = defineQuery<{ repository: number; manifest: string }>()((db, p) =>
  db
    .deleteFrom('manifest_references')
    .where('repository_id', '=', p.repository)
    .where('manifest', '=', p.manifest),
);

const deleteUnusedBody = defineQuery<{ digest: string }>()((db, p) =>
  db
    .deleteFrom('manifest_bodies')
    .where('digest', '=', p.digest)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('manifests').select('digest').where('digest', '=', p.digest))),
    ),
);

const referrersOf = defineQuery<{
  repository: string;
  subject: string;
  artifactType: string | null;
  after: string;
  limit: number;
}>()((db, p) =>
  db
    .selectFrom('manifests')
    .innerJoin('repositories', 'repositories.id', 'manifests.repository_id')
    .select(['digest', 'media_type', 'size', 'artifact_type', 'annotations'])
    .where('repositories.name', '=', p.repository)
    .where('subject', '=', p.subject)
    .where('digest', '>', p.after)
    .where((query) =>
      query.or([
        query(sql`${p.artifactType}`, 'is', null),
        query('artifact_type', '=', sql<string>`${p.artifactType}`),
      ]),
    )
    .orderBy('digest')
    .limit(sql<number>`${p.limit}`),
);

function toRecord(row: { digest: string; media_type: string; size: number }): ManifestRecord {
  return { digest: row.digest as Digest, mediaType: row.media_type, sizeBytes: row.size };
}

export async function findManifest(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestRecord | undefined> {
  const row = await session.first(byDigest, { repository, digest });
  return row && toRecord(row);
}

export async function findManifestByTag(
  session: Session,
  repository: RepositoryName,
  tag: Tag,
): Promise<ManifestRecord | undefined> {
  const row = await session.first(byTag, { repository, tag });
  return row && toRecord(row);
}

export async function readManifest(session: Session, digest: Digest): Promise<Uint8Array | undefined> {
  return (await session.first(body, { digest }))?.bytes;
}

export async function putManifest(session: Session, received: ReceivedManifest): Promise<PutManifestOutcome> {
  const { manifest, digest } = received;
  const repository = await ensureRepository(session, received.repository);
  const blobs = JSON.stringify([...new Set(manifest.blobs.map((blob) => blob.digest))]);
  const manifests = JSON.stringify([...new Set(manifest.manifests.map((child) => child.digest))]);
  const missing = [
    ...(await session.all(absentBlobs, { repository, digests: blobs })),
    ...(await session.all(absentManifests, { repository, digests: manifests })),
  ];
  if (missing.length > 0) return { outcome: 'missing', digests: missing.map((row) => row.digest as Digest) };
  await session.run(putBody, { digest, bytes: received.bytes });
  await session.run(putManifestRow, {
    repository,
    digest,
    mediaType: manifest.mediaType,
    size: received.bytes.byteLength,
    subject: manifest.subject ?? null,
    artifactType: manifest.artifactType ?? null,
    annotations: manifest.annotations === undefined ? null : JSON.stringify(manifest.annotations),
    at: received.atMs,
  });
  for (const targets of [blobs, manifests]) {
    await session.run(putReferences, { repository, manifest: digest, targets });
  }
  await markListed(session, repository, received.atMs);
  for (const tag of received.tags) {
    await moveTag(session, { repository, tag, digest, actor: received.actor, atMs: received.atMs });
  }
  return { outcome: 'stored' };
}

export async function removeManifest(
  session: Session,
  name: RepositoryName,
  digest: Digest,
  actor: string,
  atMs: number,
): Promise<boolean> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return false;
  if ((await session.run(deleteManifest, { repository, digest })) === 0) return false;
  await session.run(deleteReferences, { repository, manifest: digest });
  await removeTagsOf(session, { repository, digest, actor, atMs });
  await session.run(deleteUnusedBody, { digest });
  return true;
}

export async function listReferrers(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  page: { artifactType: string | undefined; after: string | undefined; limit: number },
): Promise<Referrer[]> {
  const rows = await session.all(referrersOf, {
    repository,
    subject: digest,
    artifactType: page.artifactType ?? null,
    after: page.after ?? '',
    limit: page.limit,
  });
  return rows.map((row) => ({
    ...toRecord(row),
    artifactType: row.artifact_type ?? undefined,
    annotations:
      row.annotations === null ? undefined : (JSON.parse(row.annotations) as Record<string, string>),
  }));
}
