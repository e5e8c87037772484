import type { RepositoryName } from '../../oci/reference.ts';
import type { TakeOverIndex, TakeOverStatus } from '../takeover.ts';
import { query, type Session } from './query.ts';
import { ensureRepository, markListed } from './repositories.ts';

interface StatusRow {
  started_at: number;
  listed_at: number | null;
  finished_at: number | null;
}

const STATUS = query<Record<string, never>, StatusRow>(
  'SELECT started_at, listed_at, finished_at FROM takeover WHERE id = 1',
);

const BEGIN = query<{ at: number }>(
  'INSERT INTO takeover (id, started_at) VALUES (1, :at) ON CONFLICT DO NOTHING',
);

const BEGIN_AGAIN = query<{ at: number }>(
  `INSERT INTO takeover (id, started_at) VALUES (1, :at)
   ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, listed_at = NULL, finished_at = NULL`,
);

const WAIT_AGAIN = query<Record<string, never>>('UPDATE takeover_repositories SET done_at = NULL');

const FORGET_FINDINGS = query<Record<string, never>>('DELETE FROM takeover_findings');

const ADD = query<{ name: string }>(
  'INSERT INTO takeover_repositories (name) VALUES (:name) ON CONFLICT DO NOTHING',
);

const LISTED = query<{ at: number }>('UPDATE takeover SET listed_at = :at WHERE listed_at IS NULL');

const IS_DONE = query<{ name: string }, { is_done: number }>(
  'SELECT done_at IS NOT NULL AS is_done FROM takeover_repositories WHERE name = :name',
);

const WAITING = query<{ after: string; limit: number }, { name: string }>(
  `SELECT name FROM takeover_repositories WHERE done_at IS NULL AND name > :after ORDER BY name LIMIT :limit`,
);

const FINISH = query<{ at: number }>(
  `UPDATE takeover SET finished_at = :at
   WHERE finished_at IS NULL AND listed_at IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM takeover_repositories WHERE done_at IS NULL)`,
);

const NOTHING = {};

function toStatus(row: StatusRow): TakeOverStatus {
  return {
    startedAtMs: row.started_at,
    listedAtMs: row.listed_at ?? undefined,
    finishedAtMs: row.finished_at ?? undefined,
  };
}

export async function takeOverStatus(session: Session): Promise<TakeOverStatus | undefined> {
  const row = await session.first(STATUS, NOTHING);
  return row && toStatus(row);
}

/** Whether there is something that was not taken over yet. */
export async function isTakingOver(session: Session): Promise<boolean> {
  const status = await takeOverStatus(session);
  return status !== undefined && status.finishedAtMs === undefined;
}

export async function beginTakeOver(session: Session, atMs: number): Promise<void> {
  await session.run(BEGIN, { at: atMs });
}

export async function beginTakeOverAgain(session: Session, atMs: number): Promise<void> {
  await session.run(BEGIN_AGAIN, { at: atMs });
  await session.run(WAIT_AGAIN, NOTHING);
  await session.run(FORGET_FINDINGS, NOTHING);
}

export async function addOriginalRepositories(
  session: Session,
  repositories: Parameters<TakeOverIndex['addRepositories']>[0],
  atMs: number,
): Promise<void> {
  for (const { name, isListed } of repositories) {
    await session.run(ADD, { name });
    // The catalog is whole as soon as all names are there.
    if (isListed) await markListed(session, await ensureRepository(session, name), atMs);
  }
}

export async function finishListing(session: Session, atMs: number): Promise<void> {
  await session.run(LISTED, { at: atMs });
}

export async function isRepositoryDone(session: Session, name: string): Promise<boolean | undefined> {
  const row = await session.first(IS_DONE, { name });
  return row && row.is_done === 1;
}

/** The repository waits from then on, unless it is known. @returns whether it waits */
export async function ensureWaiting(session: Session, name: string): Promise<boolean> {
  await session.run(ADD, { name });
  return (await isRepositoryDone(session, name)) === false;
}

export async function waitingRepositories(
  session: Session,
  page: { after: string | undefined; limit: number },
): Promise<RepositoryName[]> {
  const rows = await session.all(WAITING, { after: page.after ?? '', limit: page.limit });
  return rows.map((row) => row.name as RepositoryName);
}

export async function finishTakeOver(session: Session, atMs: number): Promise<boolean> {
  await session.run(FINISH, { at: atMs });
  return !(await isTakingOver(session));
}
