import { sql } from 'kysely';
import { defineQuery, type Session } from './query.ts';

const findRepository = defineQuery<{ name: string }>()((db, p) =>
  db.selectFrom('repositories').select('id').where('name', '=', p.name),
);

const addRepository = defineQuery<{ name: string }>()((db, p) =>
  db
    .insertInto('repositories')
    .values({ name: p.name, listed_at: null })
    .onConflict((conflict) => conflict.doNothing()),
);

const listRepository = defineQuery<{ id: number; at: number }>()((db, p) =>
  db
    .updateTable('repositories')
    .set({ listed_at: p.at })
    .where('id', '=', p.id)
    .where('listed_at', 'is', null),
);

export const listedRepositories = defineQuery<{ after: string; limit: number }>()((db, p) =>
  db
    .selectFrom('repositories')
    .select('name')
    .where('listed_at', 'is not', null)
    .where('name', '>', p.after)
    .orderBy('name')
    .limit(sql<number>`${p.limit}`),
);

export const isListed = defineQuery<{ name: string }>()((db, p) =>
  db.selectFrom('repositories').select('id').where('name', '=', p.name).where('listed_at', 'is not', null),
);

export async function repositoryId(session: Session, name: string): Promise<number | undefined> {
  return (await session.first(findRepository, { name }))?.id;
}

/** The repository's number; it is created where there was none. */
export async function ensureRepository(session: Session, name: string): Promise<number> {
  const found = await repositoryId(session, name);
  if (found !== undefined) return found;
  await session.run(addRepository, { name });
  const added = await repositoryId(session, name);
  if (added === undefined) throw new Error('a repository vanished within a transaction');
  return added;
}

/** Makes the repository appear in the catalog, from its first manifest on. */
export async function markListed(session: Session, id: number, atMs: number): Promise<void> {
  await session.run(listRepository, { id, at: atMs });
}
