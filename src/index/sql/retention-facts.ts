import { attachedDigestPrefix } from '../../oci/attached-tag.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import { referrersTag } from '../../oci/referrers-tag.ts';
import type { ManifestTies, TagFacts } from '../retention.ts';
import type { Page } from '../tags.ts';
import { childrenOf } from './manifests.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';

interface FactsRow {
  name: string;
  digest: string;
  moved_at: number;
  pushed_at: number;
  pulled_at: number | null;
  asked_at: number | null;
}

/** The manifests that a digest leads to, itself and through those that it lists: the rows of `parts`. */
function partsOf(repository: string, digest: string): string {
  return `WITH RECURSIVE parts (digest) AS (
      SELECT ${digest}
      UNION
      SELECT target FROM parts CROSS JOIN manifest_references
      WHERE manifest_references.repository_id = ${repository} AND manifest = parts.digest
        AND EXISTS (
          SELECT 1 FROM manifests AS child
          WHERE child.repository_id = ${repository} AND child.digest = manifest_references.target
        )
    )`;
}

function askedAt(repository: string, digest: string): string {
  return `(
    ${partsOf(repository, digest)}
    SELECT MAX(asked_at) FROM parts CROSS JOIN manifests AS part
    WHERE part.repository_id = ${repository} AND part.digest = parts.digest
  )`;
}

/**
 * When a tag was last pulled, under its name or by a digest that it leads to: a client that pulls one platform of an
 * index by its digest needs the index to find it again.
 */
function pulledAt(repository: string, tag: string, digest: string): string {
  return `(
    ${partsOf(repository, digest)}
    SELECT MAX(last_at) FROM (
      SELECT last_at FROM parts CROSS JOIN manifest_pulls
      WHERE manifest_pulls.repository_id = ${repository} AND manifest_pulls.digest = parts.digest
      UNION ALL
      SELECT last_at FROM tag_pulls
      WHERE tag_pulls.repository_id = ${repository} AND tag_pulls.tag = ${tag}
    )
  )`;
}

const FACTS = `SELECT name, tags.digest, updated_at AS moved_at, pushed_at,
    ${pulledAt('tags.repository_id', 'tags.name', 'tags.digest')} AS pulled_at,
    ${askedAt('tags.repository_id', 'tags.digest')} AS asked_at
  FROM tags CROSS JOIN manifests
  WHERE manifests.repository_id = tags.repository_id AND manifests.digest = tags.digest
    AND tags.repository_id = :repository`;

const PAGE_OF_FACTS = query<{ repository: number; after: string; limit: number }, FactsRow>(
  `${FACTS} AND name > :after ORDER BY name LIMIT :limit`,
);

const FACTS_OF_TAG = query<{ repository: number; tag: string }, FactsRow>(`${FACTS} AND name = :tag`);

const PAST_FACTS = query<
  { repository: number; at: number; after: string; limit: number },
  FactsRow & { is_unmoved: number }
>(
  `SELECT event.tag AS name, event.digest, event.at AS moved_at,
     COALESCE((
       SELECT pushed_at FROM manifests
       WHERE manifests.repository_id = :repository AND manifests.digest = event.digest AND pushed_at <= :at
     ), event.at) AS pushed_at,
     ${pulledAt(':repository', 'event.tag', 'event.digest')} AS pulled_at,
     NULL AS asked_at,
     NOT EXISTS (
       SELECT 1 FROM tag_events AS later
       WHERE later.repository_id = :repository AND later.tag = event.tag AND later.at > event.at
     ) AS is_unmoved
   FROM tag_events AS event
   WHERE event.repository_id = :repository AND event.tag > :after AND event.digest IS NOT NULL AND event.at = (
     SELECT MAX(at) FROM tag_events AS before
     WHERE before.repository_id = :repository AND before.tag = event.tag AND before.at <= :at
   )
   ORDER BY event.tag LIMIT :limit`,
);

const BEGINNING_WITH = query<{ repository: number; prefix: string }, { digest: string }>(
  `SELECT digest FROM manifests
   WHERE repository_id = :repository AND digest >= :prefix AND digest < :prefix || 'g' LIMIT 1`,
);

// '/' is the character after '.', so that the range holds the names that continue with one.
const ATTACHED = query<{ repository: number; name: string }, { name: string; digest: string }>(
  `SELECT name, digest FROM tags
   WHERE repository_id = :repository AND name >= :name AND name < :name || '/' LIMIT 1000`,
);

const REFERRERS = query<{ repository: number; subject: string }, { digest: string }>(
  'SELECT digest FROM manifests WHERE repository_id = :repository AND subject = :subject LIMIT 10000',
);

const TIES = query<
  { repository: number; digest: string },
  { pushed_at: number; asked_at: number | null; tags: number; listed_by: number; subject: string | null }
>(
  `SELECT pushed_at, asked_at,
     (SELECT COUNT(*) FROM tags WHERE tags.repository_id = :repository AND tags.digest = :digest) AS tags,
     (SELECT COUNT(*) FROM manifest_references
      WHERE manifest_references.repository_id = :repository AND target = :digest) AS listed_by,
     (SELECT digest FROM manifests AS held
      WHERE held.repository_id = :repository AND held.digest = manifests.subject) AS subject
   FROM manifests WHERE repository_id = :repository AND digest = :digest`,
);

const BLOBS_OF = query<{ repository: number; manifest: string }, { digest: string; size: number }>(
  `SELECT digest, size FROM manifest_references CROSS JOIN blobs
   WHERE repository_id = :repository AND manifest = :manifest AND blobs.digest = target`,
);

const IS_BLOB_NEEDED = query<{ digest: string; gone: string }, { needed: number }>(
  `SELECT 1 AS needed FROM blob_links CROSS JOIN repositories
   WHERE blob_links.digest = :digest AND id = repository_id AND (
     SELECT COUNT(*) FROM manifest_references
     WHERE manifest_references.repository_id = blob_links.repository_id AND target = :digest
   ) > COALESCE((SELECT value FROM json_each(:gone) WHERE key = name), 0)
   UNION ALL
   SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM blob_links WHERE digest = :digest)
   LIMIT 1`,
);

async function toFacts(session: Session, repository: number, row: FactsRow): Promise<TagFacts> {
  const prefix = attachedDigestPrefix(row.name);
  const attachedTo =
    prefix === undefined ? undefined : (await session.first(BEGINNING_WITH, { repository, prefix }))?.digest;
  return {
    tag: row.name as Tag,
    digest: row.digest as Digest,
    movedAtMs: row.moved_at,
    pushedAtMs: row.pushed_at,
    pulledAtMs: row.pulled_at ?? undefined,
    askedAtMs: row.asked_at ?? undefined,
    // A tag of the manifest itself keeps it, and cannot go with it.
    attachedTo: attachedTo === row.digest ? undefined : (attachedTo as Digest | undefined),
  };
}

export async function listTagFacts(
  session: Session,
  name: RepositoryName,
  { after = '', limit }: Page,
): Promise<TagFacts[]> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return [];
  const facts: TagFacts[] = [];
  for (const row of await session.all(PAGE_OF_FACTS, { repository, after, limit })) {
    facts.push(await toFacts(session, repository, row));
  }
  return facts;
}

export async function listPastTagFacts(
  session: Session,
  name: RepositoryName,
  atMs: number,
  { after = '', limit }: Page,
): Promise<TagFacts[]> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return [];
  const facts: TagFacts[] = [];
  for (const row of await session.all(PAST_FACTS, { repository, at: atMs, after, limit })) {
    const { pulledAtMs, ...now } = await toFacts(session, repository, row);
    const isLater = pulledAtMs !== undefined && pulledAtMs > atMs;
    facts.push({
      ...now,
      pulledAtMs: isLater ? undefined : pulledAtMs,
      since: { isUnmoved: row.is_unmoved === 1, pulledAtMs: isLater ? pulledAtMs : undefined },
    });
  }
  return facts;
}

export async function factsOfTag(
  session: Session,
  repository: number,
  tag: Tag,
): Promise<TagFacts | undefined> {
  const row = await session.first(FACTS_OF_TAG, { repository, tag });
  return row && toFacts(session, repository, row);
}

/** The manifests whose subject this one is. */
export async function referrersOf(session: Session, repository: number, subject: string): Promise<Digest[]> {
  return (await session.all(REFERRERS, { repository, subject })).map((row) => row.digest as Digest);
}

/** The tags that belong to a manifest by their name. */
export async function attachedTags(
  session: Session,
  repository: number,
  digest: Digest,
): Promise<{ tag: Tag; digest: Digest }[]> {
  const rows = await session.all(ATTACHED, { repository, name: referrersTag(digest) });
  return rows
    .filter((row) => attachedDigestPrefix(row.name) !== undefined)
    .map((row) => ({ tag: row.name as Tag, digest: row.digest as Digest }));
}

export async function manifestTies(
  session: Session,
  name: RepositoryName,
  digest: Digest,
): Promise<ManifestTies | undefined> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return undefined;
  const row = await session.first(TIES, { repository, digest });
  if (row === undefined) return undefined;
  const blobs = await session.all(BLOBS_OF, { repository, manifest: digest });
  return {
    digest,
    pushedAtMs: row.pushed_at,
    askedAtMs: row.asked_at ?? undefined,
    tags: row.tags,
    listedBy: row.listed_by,
    subject: (row.subject ?? undefined) as Digest | undefined,
    children: await childrenOf(session, repository, digest),
    referrers: await referrersOf(session, repository, digest),
    attached: await attachedTags(session, repository, digest),
    blobs: blobs.map((blob) => ({ digest: blob.digest as Digest, sizeBytes: blob.size })),
  };
}

export async function isBlobNeeded(
  session: Session,
  digest: Digest,
  gone: Readonly<Record<string, number>>,
): Promise<boolean> {
  return (await session.first(IS_BLOB_NEEDED, { digest, gone: JSON.stringify(gone) })) !== undefined;
}
