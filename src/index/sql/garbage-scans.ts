import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { GarbageBlob, GarbageRule, ScanPage } from '../garbage.ts';
import type { Page } from '../tags.ts';
import { type Query, query, type Session } from './query.ts';

/**
 * Whether something keeps a manifest or a blob: from it upwards, through the manifests that list it and those that
 * are their subjects, to one with a tag or one that came lately. That is a walk of a few steps, whatever the
 * repository holds, and it ends also where an index lists its own subject.
 * @param repository an SQL expression for the repository's number
 * @param digest an SQL expression for where the walk begins
 */
export function isKept(repository: string, digest: string): string {
  return `EXISTS (
    WITH RECURSIVE holders (digest) AS (
      SELECT ${digest}
      UNION
      SELECT manifest_references.manifest FROM holders CROSS JOIN manifest_references
      WHERE manifest_references.repository_id = ${repository} AND manifest_references.target = holders.digest
      UNION
      SELECT held.subject FROM holders CROSS JOIN manifests AS held
      WHERE held.repository_id = ${repository} AND held.digest = holders.digest AND held.subject IS NOT NULL
    )
    SELECT 1 FROM holders
    WHERE EXISTS (SELECT 1 FROM tags WHERE tags.repository_id = ${repository} AND tags.digest = holders.digest)
      OR EXISTS (
        SELECT 1 FROM manifests AS young
        WHERE young.repository_id = ${repository} AND young.digest = holders.digest
          AND young.pushed_at >= :before
      )
  )`;
}

const IS_NAMED = `EXISTS (
  SELECT 1 FROM manifest_references
  WHERE manifest_references.repository_id = blob_links.repository_id
    AND manifest_references.target = blob_links.digest
)`;

/** Most blobs are named by a manifest with a tag. It is found first, however many name a layer that all share. */
const IS_NAMED_BY_TAGGED = `EXISTS (
  SELECT 1 FROM manifest_references CROSS JOIN tags
  WHERE manifest_references.repository_id = blob_links.repository_id
    AND manifest_references.target = blob_links.digest
    AND tags.repository_id = blob_links.repository_id AND tags.digest = manifest_references.manifest
)`;

/** What makes a blob stay in a repository, by whether untagged manifests go. */
const LINK_STAYS = {
  keepingUntagged: `(blob_links.linked_at >= :before OR ${IS_NAMED})`,
  withoutUntagged: `(blob_links.linked_at >= :before OR ${IS_NAMED_BY_TAGGED}
    OR (${IS_NAMED} AND ${isKept('blob_links.repository_id', 'blob_links.digest')}))`,
} as const;

type Stays = keyof typeof LINK_STAYS;

interface ScannedRow {
  digest: string;
  stays: number;
}

type InRepository = { repository: string; before: number; after: string; limit: number };

const REPOSITORIES = query<{ after: string; limit: number }, { name: string }>(
  'SELECT name FROM repositories WHERE name > :after ORDER BY name LIMIT :limit',
);

const MANIFESTS = query<InRepository, ScannedRow>(
  `SELECT digest, ${isKept('manifests.repository_id', 'manifests.digest')} AS stays FROM manifests
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository) AND digest > :after
   ORDER BY digest LIMIT :limit`,
);

const linksBy = (stays: Stays): Query<InRepository, ScannedRow> =>
  query(
    `SELECT digest, ${LINK_STAYS[stays]} AS stays FROM blob_links
     WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository) AND digest > :after
     ORDER BY digest LIMIT :limit`,
  );

const LINKS = {
  keepingUntagged: linksBy('keepingUntagged'),
  withoutUntagged: linksBy('withoutUntagged'),
};

const blobsBy = (
  stays: Stays,
): Query<{ before: number; after: string; limit: number }, ScannedRow & { size: number }> =>
  query(
    `SELECT digest, size, EXISTS (
       SELECT 1 FROM blob_links WHERE blob_links.digest = blobs.digest AND ${LINK_STAYS[stays]}
     ) AS stays
     FROM blobs WHERE digest > :after ORDER BY digest LIMIT :limit`,
  );

const BLOBS = {
  keepingUntagged: blobsBy('keepingUntagged'),
  withoutUntagged: blobsBy('withoutUntagged'),
};

function staysBy(rule: GarbageRule): Stays {
  return rule.untaggedManifests ? 'withoutUntagged' : 'keepingUntagged';
}

function toPage<R extends ScannedRow, T>(
  rows: readonly R[],
  limit: number,
  toValue: (row: R) => T,
): ScanPage<T> {
  const garbage = rows.filter((row) => row.stays === 0);
  return {
    garbage: garbage.map(toValue),
    kept: rows.length - garbage.length,
    next: rows.length < limit ? undefined : rows.at(-1)?.digest,
  };
}

const digestOf = (row: ScannedRow): Digest => row.digest as Digest;

export async function listAllRepositories(session: Session, page: Page): Promise<RepositoryName[]> {
  const rows = await session.all(REPOSITORIES, { after: page.after ?? '', limit: page.limit });
  return rows.map((row) => row.name as RepositoryName);
}

export async function scanManifests(
  session: Session,
  repository: RepositoryName,
  rule: GarbageRule,
  { after = '', limit }: Page,
): Promise<ScanPage<Digest>> {
  const rows = await session.all(MANIFESTS, { repository, before: rule.beforeMs, after, limit });
  return toPage(rule.untaggedManifests ? rows : rows.map((row) => ({ ...row, stays: 1 })), limit, digestOf);
}

export async function scanLinks(
  session: Session,
  repository: RepositoryName,
  rule: GarbageRule,
  { after = '', limit }: Page,
): Promise<ScanPage<Digest>> {
  const parameters = { repository, before: rule.beforeMs, after, limit };
  return toPage(await session.all(LINKS[staysBy(rule)], parameters), limit, digestOf);
}

export async function scanBlobs(
  session: Session,
  rule: GarbageRule,
  { after = '', limit }: Page,
): Promise<ScanPage<GarbageBlob>> {
  const rows = await session.all(BLOBS[staysBy(rule)], { before: rule.beforeMs, after, limit });
  return toPage(rows, limit, (row) => ({ digest: digestOf(row), sizeBytes: row.size }));
}
