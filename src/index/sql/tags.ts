import type { Digest } from '../../oci/digest.ts';
import { holds, type Precondition } from '../../oci/precondition.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { Cause } from '../journal.ts';
import type { Page } from '../tags.ts';
import { askedBy, recordRemoval } from './journal.ts';
import { query, type Session } from './query.ts';
import { isListed, listedNames, repositoryId } from './repositories.ts';
import { addTagEvent } from './tag-history.ts';
import { keepTag } from './trash.ts';

const OF_REPOSITORY = query<{ repository: string; after: string; limit: number }, { name: string }>(
  `SELECT name FROM tags
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository) AND name > :after
   ORDER BY name LIMIT :limit`,
);

const DIGEST_OF = query<{ repository: number; tag: string }, { digest: string }>(
  'SELECT digest FROM tags WHERE repository_id = :repository AND name = :tag',
);

const OF_DIGEST = query<{ repository: number; digest: string }, { name: string }>(
  'SELECT name FROM tags WHERE repository_id = :repository AND digest = :digest',
);

const OF_MANIFEST = query<{ repository: string; digest: string }, { name: string }>(
  `SELECT name FROM tags
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository) AND digest = :digest
   ORDER BY name`,
);

const PUT = query<{ repository: number; tag: string; digest: string; at: number }>(
  `INSERT INTO tags (repository_id, name, digest, updated_at) VALUES (:repository, :tag, :digest, :at)
   ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at`,
);

const DELETE = query<{ repository: number; tag: string }>(
  'DELETE FROM tags WHERE repository_id = :repository AND name = :tag',
);

/** What the tag points to. */
export async function digestOfTag(
  session: Session,
  repository: number,
  tag: string,
): Promise<Digest | undefined> {
  return (await session.first(DIGEST_OF, { repository, tag }))?.digest as Digest | undefined;
}

/** Points a tag at a manifest of its repository and writes its history. */
export async function moveTag(
  session: Session,
  move: { repository: number; tag: string; digest: string; actor: string; atMs: number },
): Promise<void> {
  const { repository, tag, digest, actor, atMs } = move;
  const previous = (await digestOfTag(session, repository, tag)) ?? null;
  if (previous === digest) return;
  await pointTag(session, { repository, tag, digest, atMs });
  await addTagEvent(session, { repository, tag, digest, previous, actor, atMs });
  if (previous === null) return;
  const cause: Cause = { kind: 'push', actor, rule: '' };
  await keepTag(session, { repository, tag, digest: previous, movedTo: digest, atMs, cause });
}

/** A tag, or all tags of a manifest, that are to go. */
interface TagRemoval {
  readonly repository: number;
  /** The repository's. */
  readonly name: RepositoryName;
  readonly digest: Digest;
  readonly actor: string;
  readonly atMs: number;
  readonly cause: Cause;
}

async function dropTag(session: Session, tag: string, removal: TagRemoval): Promise<void> {
  const { repository, name, digest, actor, atMs, cause } = removal;
  await session.run(DELETE, { repository, tag });
  await addTagEvent(session, { repository, tag, digest: null, previous: digest, actor, atMs });
  await keepTag(session, { repository, tag, digest, movedTo: undefined, atMs, cause });
  await recordRemoval(session, { kind: 'tag', repository: name, name: tag, digest, atMs, cause });
}

/** Points a tag at a manifest of its repository; its history is the caller's to write. */
export async function pointTag(
  session: Session,
  { repository, tag, digest, atMs }: { repository: number; tag: string; digest: string; atMs: number },
): Promise<void> {
  await session.run(PUT, { repository, tag, digest, at: atMs });
}

/** Removes every tag of a manifest that is about to be removed. */
export async function removeTagsOf(session: Session, removal: TagRemoval): Promise<void> {
  const { repository, digest } = removal;
  for (const { name: tag } of await session.all(OF_DIGEST, { repository, digest })) {
    await dropTag(session, tag, removal);
  }
}

export async function removeTag(
  session: Session,
  name: RepositoryName,
  tag: Tag,
  actor: string,
  atMs: number,
  precondition: Precondition = {},
  cause: Cause = askedBy(actor),
): Promise<boolean | 'changed'> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return false;
  const previous = await digestOfTag(session, repository, tag);
  if (previous === undefined) return false;
  if (!holds(precondition, previous)) return 'changed';
  await dropTag(session, tag, { repository, name, digest: previous, actor, atMs, cause });
  return true;
}

/** The tags that point to a manifest, in ASCII order. */
export async function tagsOfManifest(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<Tag[]> {
  return (await session.all(OF_MANIFEST, { repository, digest })).map((row) => row.name as Tag);
}

export async function listTags(
  session: Session,
  repository: RepositoryName,
  page: Page,
): Promise<Tag[] | undefined> {
  const rows = await session.all(OF_REPOSITORY, {
    repository,
    after: page.after ?? '',
    limit: page.limit,
  });
  if (rows.length === 0 && !(await isListed(session, repository))) return undefined;
  return rows.map((row) => row.name as Tag);
}

export async function listRepositories(session: Session, page: Page): Promise<RepositoryName[]> {
  return (await listedNames(session, page.after ?? '', page.limit)) as RepositoryName[];
}
