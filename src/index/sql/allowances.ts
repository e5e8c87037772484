import type { RepositoryName } from '../../oci/reference.ts';
import type { Usage } from '../limits.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';

interface AllowanceRow {
  id: number;
  bytes: number;
  tags: number;
}

const FIND = query<{ name: string }, AllowanceRow>(
  'SELECT id, bytes, tags FROM allowances WHERE name = :name',
);

const ADD = query<{ name: string }>('INSERT INTO allowances (name) VALUES (:name) ON CONFLICT DO NOTHING');

const OF_MEMBER = query<{ repository: number }, { allowance_id: number }>(
  'SELECT allowance_id FROM allowance_members WHERE repository_id = :repository',
);

const JOIN = query<{ repository: number; allowance: number }>(
  'INSERT INTO allowance_members (repository_id, allowance_id) VALUES (:repository, :allowance)',
);

const LEAVE = query<{ repository: number }>(
  'DELETE FROM allowance_members WHERE repository_id = :repository',
);

const MEMBERS = query<{ allowance: number }, { repository_id: number }>(
  'SELECT repository_id FROM allowance_members WHERE allowance_id = :allowance',
);

const EMPTY = query<{ allowance: number }>('DELETE FROM allowance_contents WHERE allowance_id = :allowance');

const HOLDS = query<{ allowance: number; kind: string; digest: string }, { size: number }>(
  `SELECT size FROM allowance_contents
   WHERE allowance_id = :allowance AND kind = :kind AND digest = :digest`,
);

export async function usageOfAllowance(session: Session, name: string): Promise<Usage | undefined> {
  const row = await session.first(FIND, { name });
  return row && { bytes: row.bytes, tags: row.tags };
}

/** Makes the repository a member, and of no other allowance. @returns the allowance with what it holds then */
export async function joinAllowance(
  session: Session,
  repository: number,
  name: string,
): Promise<AllowanceRow> {
  const [found, member] = [
    await session.first(FIND, { name }),
    await session.first(OF_MEMBER, { repository }),
  ];
  if (found !== undefined && member?.allowance_id === found.id) return found;
  if (member !== undefined) await session.run(LEAVE, { repository });
  await session.run(ADD, { name });
  const { id } = await mustFind(session, name);
  await session.run(JOIN, { repository, allowance: id });
  return mustFind(session, name);
}

export async function isInAllowance(
  session: Session,
  allowance: number,
  kind: 'blob' | 'manifest',
  digest: string,
): Promise<boolean> {
  return (await session.first(HOLDS, { allowance, kind, digest })) !== undefined;
}

export async function assignAllowance(
  session: Session,
  name: RepositoryName,
  allowance: string | undefined,
): Promise<void> {
  const repository = await repositoryId(session, name);
  if (repository === undefined) return;
  if (allowance === undefined) await session.run(LEAVE, { repository });
  else await joinAllowance(session, repository, allowance);
}

export async function recountAllowance(
  session: Session,
  name: string,
): Promise<{ before: Usage; now: Usage } | undefined> {
  const found = await session.first(FIND, { name });
  if (found === undefined) return undefined;
  const members = await session.all(MEMBERS, { allowance: found.id });
  await session.run(EMPTY, { allowance: found.id });
  // With its last member the allowance goes, and nothing of the old count stays.
  for (const { repository_id: repository } of members) await session.run(LEAVE, { repository });
  for (const { repository_id: repository } of members) await joinAllowance(session, repository, name);
  const now = await usageOfAllowance(session, name);
  return { before: { bytes: found.bytes, tags: found.tags }, now: now ?? { bytes: 0, tags: 0 } };
}

async function mustFind(session: Session, name: string): Promise<AllowanceRow> {
  const found = await session.first(FIND, { name });
  if (found === undefined) throw new Error('an allowance vanished within a transaction');
  return found;
}
