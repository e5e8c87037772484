import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import { holds, type Precondition } from '../../oci/precondition.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { Cause } from '../journal.ts';
import type { ImmutableTag } from '../limits.ts';
import type { ManifestRecord, PutManifestOutcome, ReceivedManifest } from '../manifests.ts';
import { immutableTagNeeding, wouldMove } from './immutable-tags.ts';
import { askedBy } from './journal.ts';
import { heal, isNotQuarantined } from './quarantine.ts';
import { query, type Session } from './query.ts';
import { ensureRepository, markListed, repositoryId } from './repositories.ts';
import { digestOfTag, moveTag, removeTagsOf } from './tags.ts';
import { holdWhatItKept, moveToTrash, takeFromTrash } from './trash.ts';
import { overLimit, usageUnder } from './usage.ts';

const MAX_LISTED_ANNOTATIONS = 64 * 1024;

// A join of these small tables costs SQLite several times what the subqueries cost: 24 µs against 4.
export interface ManifestRow {
  digest: string;
  media_type: string;
  size: number;
}

const BY_DIGEST = query<{ repository: string; digest: string }, ManifestRow>(
  `SELECT digest, media_type, size FROM manifests
   WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = :repository)
     AND ${isNotQuarantined(':digest')}`,
);

const BY_TAG = query<{ repository: string; tag: string }, ManifestRow>(
  `SELECT digest, media_type, size FROM manifests
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository)
     AND digest = (
       SELECT digest FROM tags
       WHERE name = :tag AND repository_id = (SELECT id FROM repositories WHERE name = :repository)
     )
     AND ${isNotQuarantined('manifests.digest')}`,
);

const IS_HERE = query<{ repository: number; digest: string }, { digest: string }>(
  'SELECT digest FROM manifests WHERE repository_id = :repository AND digest = :digest',
);

const BODY = query<{ digest: string }, { bytes: Uint8Array }>(
  'SELECT bytes FROM manifest_bodies WHERE digest = :digest',
);

// Lists of any length come as one JSON text, so that they need no statement of their own for each length.
const ABSENT_BLOBS = query<{ repository: number; digests: string }, { digest: string }>(
  `SELECT wanted.value AS digest FROM json_each(:digests) AS wanted
   WHERE NOT EXISTS (
     SELECT 1 FROM blob_links
     WHERE blob_links.repository_id = :repository AND blob_links.digest = wanted.value
   ) OR NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.digest = wanted.value) LIMIT 100`,
);

const ABSENT_MANIFESTS = query<{ repository: number; digests: string }, { digest: string }>(
  `SELECT wanted.value AS digest FROM json_each(:digests) AS wanted
   WHERE NOT EXISTS (
     SELECT 1 FROM manifests
     WHERE manifests.repository_id = :repository AND manifests.digest = wanted.value
       AND ${isNotQuarantined('manifests.digest')}
   ) LIMIT 100`,
);

const PUT_BODY = query<{ digest: string; bytes: Uint8Array }>(
  `INSERT INTO manifest_bodies (digest, bytes) VALUES (:digest, :bytes)
   ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes WHERE manifest_bodies.bytes <> excluded.bytes`,
);

const PUT = query<{
  repository: number;
  digest: string;
  mediaType: string;
  size: number;
  subject: string | null;
  artifactType: string | null;
  annotations: string | null;
  at: number;
}>(
  `INSERT INTO manifests
     (repository_id, digest, media_type, size, subject, artifact_type, annotations, pushed_at)
   VALUES (:repository, :digest, :mediaType, :size, :subject, :artifactType, :annotations, :at)
   ON CONFLICT (repository_id, digest) DO UPDATE SET
     media_type = excluded.media_type, artifact_type = excluded.artifact_type, pushed_at = excluded.pushed_at`,
);

// SQLite tells ON CONFLICT from the ON of a join only where a WHERE stands before it.
const PUT_REFERENCES = query<{ repository: number; manifest: string; targets: string }>(
  `INSERT INTO manifest_references (repository_id, manifest, target)
   SELECT :repository, :manifest, wanted.value FROM json_each(:targets) AS wanted WHERE true
   ON CONFLICT DO NOTHING`,
);

const CHILDREN = query<{ repository: number; manifest: string }, { target: string }>(
  `SELECT target FROM manifest_references
   WHERE repository_id = :repository AND manifest = :manifest AND EXISTS (
     SELECT 1 FROM manifests
     WHERE manifests.repository_id = :repository AND manifests.digest = manifest_references.target
   )`,
);

export function toRecord(row: ManifestRow): ManifestRecord {
  return { digest: row.digest as Digest, mediaType: row.media_type, sizeBytes: row.size };
}

export async function findManifest(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<ManifestRecord | undefined> {
  const row = await session.first(BY_DIGEST, { repository, digest });
  return row && toRecord(row);
}

export async function findManifestByTag(
  session: Session,
  repository: RepositoryName,
  tag: Tag,
): Promise<ManifestRecord | undefined> {
  const row = await session.first(BY_TAG, { repository, tag });
  return row && toRecord(row);
}

export async function readManifest(session: Session, digest: Digest): Promise<Uint8Array | undefined> {
  return (await session.first(BODY, { digest }))?.bytes;
}

/** The annotations that the list of referrers shows; of a manifest with more, it shows none. */
function listedAnnotations({ subject, annotations }: Manifest): string | null {
  if (subject === undefined || annotations === undefined) return null;
  const text = JSON.stringify(annotations);
  return text.length > MAX_LISTED_ANNOTATIONS ? null : text;
}

function toJson(descriptors: readonly Descriptor[]): string {
  return JSON.stringify([...new Set(descriptors.map(({ digest }) => digest))]);
}

/** The first of what the precondition speaks of for which it does not hold. */
async function failing(
  session: Session,
  { precondition, tags, digest }: ReceivedManifest,
  repository: number,
): Promise<PutManifestOutcome | undefined> {
  if (precondition === undefined) return undefined;
  if (tags.length === 0) {
    const current = await session.first(IS_HERE, { repository, digest });
    return holds(precondition, current && digest) ? undefined : { outcome: 'changed', tag: undefined };
  }
  for (const tag of tags) {
    if (!holds(precondition, await digestOfTag(session, repository, tag))) return { outcome: 'changed', tag };
  }
  return undefined;
}

/** How many of the tags there are not yet. */
async function countNew(session: Session, repository: number, tags: readonly Tag[]): Promise<number> {
  let count = 0;
  for (const tag of tags) if ((await digestOfTag(session, repository, tag)) === undefined) count += 1;
  return count;
}

/** Whether the repository has the manifest. */
export async function isManifestHere(session: Session, repository: number, digest: Digest): Promise<boolean> {
  return (await session.first(IS_HERE, { repository, digest })) !== undefined;
}

/**
 * Stores a manifest, whose bytes were verified, and what it refers to, whether or not that is there. It is no longer
 * deleted, nor in quarantine.
 */
export async function storeManifest(
  session: Session,
  repository: number,
  stored: Pick<ReceivedManifest, 'digest' | 'bytes' | 'manifest' | 'atMs'>,
): Promise<void> {
  const { digest, bytes, manifest, atMs } = stored;
  await session.run(PUT_BODY, { digest, bytes });
  await session.run(PUT, {
    repository,
    digest,
    mediaType: manifest.mediaType,
    size: bytes.byteLength,
    subject: manifest.subject ?? null,
    artifactType: manifest.artifactType ?? null,
    annotations: listedAnnotations(manifest),
    at: atMs,
  });
  for (const parts of [manifest.blobs, manifest.foreignBlobs, manifest.manifests]) {
    await session.run(PUT_REFERENCES, { repository, manifest: digest, targets: toJson(parts) });
  }
  await takeFromTrash(session, repository, digest);
  await heal(session, 'manifest', digest, atMs);
}

/** Puts verified bytes where those of a manifest may have been taken away as damaged. */
export async function mendManifest(
  session: Session,
  { digest, bytes, atMs }: Pick<ReceivedManifest, 'digest' | 'bytes' | 'atMs'>,
): Promise<void> {
  await session.run(PUT_BODY, { digest, bytes });
  await heal(session, 'manifest', digest, atMs);
}

export async function putManifest(session: Session, received: ReceivedManifest): Promise<PutManifestOutcome> {
  const { manifest, digest } = received;
  const repository = await ensureRepository(session, received.repository);
  const { limits, immutableTags = [] } = received;
  const failed =
    (await failing(session, received, repository)) ??
    (await wouldMove(session, repository, immutableTags, digest));
  if (failed !== undefined) return failed;
  const mayBeMissing = new Set(received.mayBeMissing);
  const needed = (descriptors: readonly Descriptor[]): string =>
    toJson(descriptors.filter((part) => !mayBeMissing.has(part.digest)));
  const missing = [
    ...(await session.all(ABSENT_BLOBS, { repository, digests: needed(manifest.blobs) })),
    ...(await session.all(ABSENT_MANIFESTS, { repository, digests: needed(manifest.manifests) })),
  ];
  if (missing.length > 0) return { outcome: 'missing', digests: missing.map((row) => row.digest as Digest) };
  const addition = { kind: 'manifest', digest, sizeBytes: received.bytes.byteLength } as const;
  const over =
    limits &&
    (await overLimit(
      session,
      repository,
      { ...addition, newTags: await countNew(session, repository, received.tags) },
      limits,
    ));
  if (over !== undefined) return over;
  await storeManifest(session, repository, received);
  await markListed(session, repository, received.atMs);
  for (const tag of received.tags) {
    await moveTag(session, { repository, tag, digest, actor: received.actor, atMs: received.atMs });
  }
  return { outcome: 'stored', usage: limits && (await usageUnder(session, repository, limits)) };
}

export async function removeManifest(
  session: Session,
  name: RepositoryName,
  digest: Digest,
  actor: string,
  atMs: number,
  precondition: Precondition = {},
  immutableTags: readonly string[] = [],
  cause: Cause = askedBy(actor),
): Promise<boolean | 'changed' | ImmutableTag> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return false;
  if ((await session.first(IS_HERE, { repository, digest })) === undefined) return false;
  if (!holds(precondition, digest)) return 'changed';
  const needed = await immutableTagNeeding(session, repository, digest, immutableTags);
  if (needed !== undefined) return needed;
  // Before the manifest goes: the history keeps its type and size.
  await removeTagsOf(session, { repository, name, digest, actor, atMs, cause });
  // Rules of retention ask by themselves who heard lately that something is there, and take the rest along.
  const withManifests = cause.kind !== 'retention';
  await holdWhatItKept(session, { repository, digest, at: atMs }, withManifests);
  return moveToTrash(session, { repository, name, digest, atMs, cause });
}

/** The manifests of the repository that this one lists. */
export async function childrenOf(session: Session, repository: number, manifest: Digest): Promise<Digest[]> {
  return (await session.all(CHILDREN, { repository, manifest })).map((row) => row.target as Digest);
}
