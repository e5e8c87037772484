import { sql } from 'kysely';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { Page } from '../tags.ts';
import { defineQuery, type Session } from './query.ts';
import { isListed, listedRepositories, repositoryId } from './repositories.ts';

const tagsOfRepository = defineQuery<{ repository: string; after: string; limit: number }>()((db, p) =>
  db
    .selectFrom('tags')
    .innerJoin('repositories', 'repositories.id', 'tags.repository_id')
    .select('tags.name')
    .where('repositories.name', '=', p.repository)
    .where('tags.name', '>', p.after)
    .orderBy('tags.name')
    .limit(sql<number>`${p.limit}`),
);

const digestOfTag = defineQuery<{ repository: number; tag: string }>()((db, p) =>
  db.selectFrom('tags').select('digest').where('repository_id', '=', p.repository).where('name', '=', p.tag),
);

const tagsOfDigest = defineQuery<{ repository: number; digest: string }>()((db, p) =>
  db
    .selectFrom('tags')
    .select('name')
    .where('repository_id', '=', p.repository)
    .where('digest', '=', p.digest),
);

const putTag = defineQuery<{ repository: number; tag: string; digest: string; at: number }>()((db, p) =>
  db
    .insertInto('tags')
    .values({ repository_id: p.repository, name: p.tag, digest: p.digest, updated_at: p.at })
    .onConflict((conflict) =>
      conflict.columns(['repository_id', 'name']).doUpdateSet({ digest: p.digest, updated_at: p.at }),
    ),
);

const deleteTag = defineQuery<{ repository: number; tag: string }>()((db, p) =>
  db.deleteFrom('tags').where('repository_id', '=', p.repository).where('name', '=', p.tag),
);

const addEvent = defineQuery<{
  repository: number;
  tag: string;
  digest: string | null;
  previous: string | null;
  actor: string;
  at: number;
}>()((db, p) =>
  db.insertInto('tag_events').values({
    repository_id: p.repository,
    tag: p.tag,
    digest: p.digest,
    previous: p.previous,
    actor: p.actor,
    at: p.at,
  }),
);

/** Points a tag at a manifest of its repository and writes its history. */
export async function moveTag(
  session: Session,
  move: { repository: number; tag: string; digest: string; actor: string; atMs: number },
): Promise<void> {
  const { repository, tag, digest, actor, atMs } = move;
  const previous = (await session.first(digestOfTag, { repository, tag }))?.digest ?? null;
  if (previous === digest) return;
  await session.run(putTag, { repository, tag, digest, at: atMs });
  await session.run(addEvent, { repository, tag, digest, previous, actor, at: atMs });
}

/** Removes every tag of a manifest that is being removed. */
export async function removeTagsOf(
  session: Session,
  removal: { repository: number; digest: string; actor: string; atMs: number },
): Promise<void> {
  const { repository, digest, actor, atMs } = removal;
  for (const { name: tag } of await session.all(tagsOfDigest, { repository, digest })) {
    await session.run(deleteTag, { repository, tag });
    await session.run(addEvent, { repository, tag, digest: null, previous: digest, actor, at: atMs });
  }
}

export async function removeTag(
  session: Session,
  name: RepositoryName,
  tag: Tag,
  actor: string,
  atMs: number,
): Promise<boolean> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return false;
  const previous = (await session.first(digestOfTag, { repository, tag }))?.digest;
  if (previous === undefined) return false;
  await session.run(deleteTag, { repository, tag });
  await session.run(addEvent, { repository, tag, digest: null, previous, actor, at: atMs });
  return true;
}

export async function listTags(
  session: Session,
  repository: RepositoryName,
  page: Page,
): Promise<Tag[] | undefined> {
  const rows = await session.all(tagsOfRepository, {
    repository,
    after: page.after ?? '',
    limit: page.limit,
  });
  if (rows.length === 0 && (await session.first(isListed, { name: repository })) === undefined)
    return undefined;
  return rows.map((row) => row.name as Tag);
}

export async function listRepositories(session: Session, page: Page): Promise<RepositoryName[]> {
  const rows = await session.all(listedRepositories, { after: page.after ?? '', limit: page.limit });
  return rows.map((row) => row.name as RepositoryName);
}
