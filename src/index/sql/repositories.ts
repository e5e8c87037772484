import { query, type Session } from './query.ts';

const FIND = query<{ name: string }, { id: number }>('SELECT id FROM repositories WHERE name = :name');

const ADD = query<{ name: string }>(
  'INSERT INTO repositories (name, listed_at) VALUES (:name, NULL) ON CONFLICT DO NOTHING',
);

const MARK_LISTED = query<{ id: number; at: number }>(
  'UPDATE repositories SET listed_at = :at WHERE id = :id AND listed_at IS NULL',
);

const LISTED = query<{ after: string; limit: number }, { name: string }>(
  'SELECT name FROM repositories WHERE listed_at IS NOT NULL AND name > :after ORDER BY name LIMIT :limit',
);

const IS_LISTED = query<{ name: string }, { id: number }>(
  'SELECT id FROM repositories WHERE name = :name AND listed_at IS NOT NULL',
);

export async function repositoryId(session: Session, name: string): Promise<number | undefined> {
  return (await session.first(FIND, { name }))?.id;
}

/** The repository's number; it is created where there was none. */
export async function ensureRepository(session: Session, name: string): Promise<number> {
  const found = await repositoryId(session, name);
  if (found !== undefined) return found;
  await session.run(ADD, { name });
  const added = await repositoryId(session, name);
  if (added === undefined) throw new Error('a repository vanished within a transaction');
  return added;
}

/** Makes the repository appear in the catalog, from its first manifest on. */
export async function markListed(session: Session, id: number, atMs: number): Promise<void> {
  await session.run(MARK_LISTED, { id, at: atMs });
}

export async function isListed(session: Session, name: string): Promise<boolean> {
  return (await session.first(IS_LISTED, { name })) !== undefined;
}

export async function listedNames(session: Session, after: string, limit: number): Promise<string[]> {
  return (await session.all(LISTED, { after, limit })).map((row) => row.name);
}
