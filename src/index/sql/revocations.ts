import type { Revocation, RevocationKind } from '../revocations.ts';
import { query, type Session } from './query.ts';

type Nothing = Record<never, never>;

const COUNT = query<Nothing, { generation: number }>('SELECT generation FROM revocation_count');

const COUNT_ONE = query<Nothing>('UPDATE revocation_count SET generation = generation + 1');

const REVOKE = query<{ kind: string; name: string; at: number }>(
  `INSERT INTO revocations (kind, name, generation, at)
   SELECT :kind, :name, generation, :at FROM revocation_count WHERE true
   ON CONFLICT (kind, name) DO UPDATE SET generation = excluded.generation, at = excluded.at`,
);

const SINCE = query<{ generation: number }, { kind: string; name: string; generation: number }>(
  'SELECT kind, name, generation FROM revocations WHERE generation > :generation ORDER BY generation',
);

const PRUNE = query<{ before: number }>('DELETE FROM revocations WHERE at < :before');

export async function revocationGeneration(session: Session): Promise<number> {
  const row = await session.first(COUNT, {});
  if (row === undefined) throw new Error('the index has lost the number of its last revocation');
  return row.generation;
}

export async function revocationsSince(session: Session, generation: number): Promise<Revocation[]> {
  const rows = await session.all(SINCE, { generation });
  return rows.map((row) => ({ ...row, kind: row.kind as RevocationKind }));
}

export async function revoke(
  session: Session,
  kind: RevocationKind,
  name: string,
  atMs: number,
): Promise<void> {
  await session.run(COUNT_ONE, {});
  await session.run(REVOKE, { kind, name, at: atMs });
}

export function pruneRevocations(session: Session, beforeMs: number): Promise<number> {
  return session.run(PRUNE, { before: beforeMs });
}
