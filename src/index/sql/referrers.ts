import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { ManifestIndex, Referrer } from '../manifests.ts';
import { type ManifestRow, toRecord } from './manifests.ts';
import { query, type Session } from './query.ts';

type ReferrersOf = {
  readonly repository: string;
  readonly subject: string;
  readonly artifactType: string | null;
  readonly after: string;
  readonly limit: number;
};

type ReferrerRow = ManifestRow & { artifact_type: string | null; annotations: string | null };

const REFERRER = `SELECT digest, media_type, size, artifact_type, annotations FROM manifests
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository)
     AND digest > :after
     AND (:artifactType IS NULL OR artifact_type = :artifactType)`;

const REFERRERS = query<ReferrersOf, ReferrerRow>(
  `${REFERRER} AND subject = :subject ORDER BY digest LIMIT :limit`,
);

// Each half is a search of its own in one index, and no longer than the page.
const REFERRERS_AND_LISTED = query<ReferrersOf & { listed: string }, ReferrerRow>(
  `SELECT * FROM (${REFERRER} AND subject = :subject ORDER BY digest LIMIT :limit)
   UNION
   SELECT * FROM (
     ${REFERRER} AND subject IS NULL AND digest IN (SELECT value FROM json_each(:listed))
     ORDER BY digest LIMIT :limit
   )
   ORDER BY digest LIMIT :limit`,
);

export async function listReferrers(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  page: Parameters<ManifestIndex['referrers']>[2],
): Promise<Referrer[]> {
  const part = {
    repository,
    subject: digest,
    artifactType: page.artifactType ?? null,
    after: page.after ?? '',
    limit: page.limit,
  };
  const { listed = [] } = page;
  const rows = await (listed.length === 0
    ? session.all(REFERRERS, part)
    : session.all(REFERRERS_AND_LISTED, { ...part, listed: JSON.stringify(listed) }));
  return rows.map((row) => ({
    ...toRecord(row),
    artifactType: row.artifact_type ?? undefined,
    annotations:
      row.annotations === null ? undefined : (JSON.parse(row.annotations) as Record<string, string>),
  }));
}
