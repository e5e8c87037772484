import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { OverLimit, Usage, UsageLimits } from '../limits.ts';
import type { Page } from '../tags.ts';
import type { RepositoryUsage } from '../usage.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';

const NOTHING: Usage = { bytes: 0, tags: 0 };

const OF_NAME = query<{ name: string }, { bytes: number; tags: number }>(
  `SELECT bytes, tags FROM repository_usage
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :name)`,
);

const OF_ID = query<{ repository: number }, { bytes: number; tags: number }>(
  'SELECT bytes, tags FROM repository_usage WHERE repository_id = :repository',
);

const LIST = query<{ after: string; limit: number }, { name: string; bytes: number; tags: number }>(
  `SELECT name, bytes, tags FROM repositories JOIN repository_usage ON repository_id = id
   WHERE name > :after ORDER BY name LIMIT :limit`,
);

const COUNT = query<{ repository: number }, { bytes: number; tags: number }>(
  `SELECT
     COALESCE((
       SELECT SUM(size) FROM blob_links JOIN blobs ON blobs.digest = blob_links.digest
       WHERE repository_id = :repository
     ), 0) + COALESCE((SELECT SUM(size) FROM manifests WHERE repository_id = :repository), 0) AS bytes,
     (SELECT COUNT(*) FROM tags WHERE repository_id = :repository) AS tags`,
);

const SET = query<{ repository: number; bytes: number; tags: number }>(
  'UPDATE repository_usage SET bytes = :bytes, tags = :tags WHERE repository_id = :repository',
);

const IS_LINKED = query<{ repository: number; digest: string }, { digest: string }>(
  'SELECT digest FROM blob_links WHERE repository_id = :repository AND digest = :digest',
);

export function usageOf(session: Session, repository: RepositoryName): Promise<Usage | undefined> {
  return session.first(OF_NAME, { name: repository });
}

export async function listUsage(session: Session, page: Page): Promise<RepositoryUsage[]> {
  const rows = await session.all(LIST, { after: page.after ?? '', limit: page.limit });
  return rows.map(({ name, bytes, tags }) => ({ repository: name as RepositoryName, bytes, tags }));
}

export async function recountUsage(
  session: Session,
  name: RepositoryName,
): Promise<{ before: Usage; now: Usage }> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return { before: NOTHING, now: NOTHING };
  const before = await usageOfId(session, repository);
  const now = (await session.first(COUNT, { repository })) ?? NOTHING;
  await session.run(SET, { repository, ...now });
  return { before, now };
}

/** What the repository would have too much of, if this were added. What adds nothing is never too much. */
export async function overLimit(
  session: Session,
  repository: number,
  added: Usage,
  limits: UsageLimits,
): Promise<OverLimit | undefined> {
  const { maxBytes, maxTags } = limits;
  if (maxBytes === undefined && maxTags === undefined) return undefined;
  const used = await usageOfId(session, repository);
  return (
    exceeding('bytes', used.bytes, added.bytes, maxBytes) ?? exceeding('tags', used.tags, added.tags, maxTags)
  );
}

/** The same for a blob that is to be in the repository. */
export async function overLimitWithBlob(
  session: Session,
  repository: number,
  blob: { digest: Digest; sizeBytes: number },
  limits: UsageLimits | undefined,
): Promise<OverLimit | undefined> {
  if (limits?.maxBytes === undefined) return undefined;
  const isHere = (await session.first(IS_LINKED, { repository, digest: blob.digest })) !== undefined;
  return isHere ? undefined : overLimit(session, repository, { bytes: blob.sizeBytes, tags: 0 }, limits);
}

export async function usageOfId(session: Session, repository: number): Promise<Usage> {
  return (await session.first(OF_ID, { repository })) ?? NOTHING;
}

function exceeding(
  limit: 'bytes' | 'tags',
  used: number,
  added: number,
  max: number | undefined,
): OverLimit | undefined {
  if (max === undefined || added === 0 || used + added <= max) return undefined;
  return { outcome: 'over-limit', limit, used, added, max };
}
