import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { GarbageBlob, GarbageRule, ScanPage } from '../garbage.ts';
import type { Page } from '../tags.ts';
import { isKept, LINK_STAYS, type Stays, staysBy, timesOf } from './garbage-rules.ts';
import { type Query, query, type Session } from './query.ts';

interface ScannedRow {
  digest: string;
  stays: number;
}

type InRepository = { repository: string; before: number; kept: number; after: string; limit: number };

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
): Query<{ before: number; kept: number; after: string; limit: number }, ScannedRow & { size: number }> =>
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
  const rows = await session.all(MANIFESTS, { repository, ...timesOf(rule), after, limit });
  return toPage(rule.untaggedManifests ? rows : rows.map((row) => ({ ...row, stays: 1 })), limit, digestOf);
}

export async function scanLinks(
  session: Session,
  repository: RepositoryName,
  rule: GarbageRule,
  { after = '', limit }: Page,
): Promise<ScanPage<Digest>> {
  const parameters = { repository, ...timesOf(rule), after, limit };
  return toPage(await session.all(LINKS[staysBy(rule)], parameters), limit, digestOf);
}

export async function scanBlobs(
  session: Session,
  rule: GarbageRule,
  { after = '', limit }: Page,
): Promise<ScanPage<GarbageBlob>> {
  const rows = await session.all(BLOBS[staysBy(rule)], { ...timesOf(rule), after, limit });
  return toPage(rows, limit, (row) => ({ digest: digestOf(row), sizeBytes: row.size }));
}
