import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { OverLimit, Usage, UsageLimits } from '../limits.ts';
import type { Page } from '../tags.ts';
import type { RepositoryUsage } from '../usage.ts';
import { isInAllowance, joinAllowance, usageOfAllowance } from './allowances.ts';
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

const LIST = query<
  { after: string; limit: number },
  { name: string; bytes: number; tags: number; allowance: string | null }
>(
  `SELECT name, bytes, tags, (
     SELECT allowances.name FROM allowances
     WHERE allowances.id = (SELECT allowance_id FROM allowance_members WHERE repository_id = repositories.id)
   ) AS allowance
   FROM repositories JOIN repository_usage ON repository_id = id
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

const HAS_BLOB = query<{ repository: number; digest: string }, { digest: string }>(
  'SELECT digest FROM blob_links WHERE repository_id = :repository AND digest = :digest',
);

const HAS_MANIFEST = query<{ repository: number; digest: string }, { digest: string }>(
  'SELECT digest FROM manifests WHERE repository_id = :repository AND digest = :digest',
);

export function usageOf(session: Session, repository: RepositoryName): Promise<Usage | undefined> {
  return session.first(OF_NAME, { name: repository });
}

export async function listUsage(session: Session, page: Page): Promise<RepositoryUsage[]> {
  const rows = await session.all(LIST, { after: page.after ?? '', limit: page.limit });
  return rows.map(({ name, bytes, tags, allowance }) => ({
    repository: name as RepositoryName,
    bytes,
    tags,
    allowance: allowance ?? undefined,
  }));
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

/** What a change would put into a repository. */
export interface Addition {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly newTags: number;
}

/** What there would be too much of, with this. What adds nothing is never too much. */
export async function overLimit(
  session: Session,
  repository: number,
  addition: Addition,
  limits: UsageLimits | undefined,
): Promise<OverLimit | undefined> {
  if (limits?.maxBytes === undefined && limits?.maxTags === undefined) return undefined;
  const { maxBytes, maxTags, allowance } = limits;
  const { used, isHeld } =
    allowance === undefined
      ? await alone(session, repository, addition)
      : await together(session, repository, addition, allowance);
  return (
    exceeding('bytes', used.bytes, isHeld ? 0 : addition.sizeBytes, maxBytes) ??
    exceeding('tags', used.tags, addition.newTags, maxTags)
  );
}

/** What is counted against the limits: of the repository, or of all that share them. */
export async function usageUnder(session: Session, repository: number, limits: UsageLimits): Promise<Usage> {
  const { allowance } = limits;
  const shared = allowance === undefined ? undefined : await usageOfAllowance(session, allowance);
  return shared ?? usageOfId(session, repository);
}

interface Held {
  readonly used: Usage;
  /** The addition is there already. */
  readonly isHeld: boolean;
}

async function alone(session: Session, repository: number, { kind, digest }: Addition): Promise<Held> {
  const found = await session.first(kind === 'blob' ? HAS_BLOB : HAS_MANIFEST, { repository, digest });
  return { used: await usageOfId(session, repository), isHeld: found !== undefined };
}

async function together(
  session: Session,
  repository: number,
  { kind, digest }: Addition,
  allowance: string,
): Promise<Held> {
  const { id, ...used } = await joinAllowance(session, repository, allowance);
  return { used, isHeld: await isInAllowance(session, id, kind, digest) };
}

async function usageOfId(session: Session, repository: number): Promise<Usage> {
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
