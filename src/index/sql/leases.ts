import type { LeaseIndex, LeaseRecord } from '../leases.ts';
import { query, type Session } from './query.ts';

interface LeaseRow {
  owner: string | null;
  until: number;
  started_at: number | null;
  finished_at: number | null;
  result: string | null;
}

const FIND = query<{ name: string }, LeaseRow>(
  'SELECT owner, until, started_at, finished_at, result FROM leases WHERE name = :name',
);

const CLAIM = query<{ name: string; owner: string; now: number; until: number; due: number }>(
  `INSERT INTO leases (name, owner, until, started_at) VALUES (:name, :owner, :until, :now)
   ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until, started_at = excluded.started_at
   WHERE (owner IS NULL OR leases.until <= :now) AND (finished_at IS NULL OR finished_at < :due)`,
);

const RENEW = query<{ name: string; owner: string; until: number }>(
  'UPDATE leases SET until = :until WHERE name = :name AND owner = :owner',
);

const RELEASE = query<{ name: string; owner: string; now: number; result: string }>(
  `UPDATE leases SET owner = NULL, until = :now, finished_at = :now, result = :result
   WHERE name = :name AND owner = :owner`,
);

const GIVE_UP = query<{ name: string; owner: string; now: number }>(
  'UPDATE leases SET owner = NULL, until = :now WHERE name = :name AND owner = :owner',
);

export async function findLease(session: Session, name: string): Promise<LeaseRecord | undefined> {
  const row = await session.first(FIND, { name });
  return (
    row && {
      owner: row.owner ?? undefined,
      untilMs: row.until,
      startedAtMs: row.started_at ?? undefined,
      finishedAtMs: row.finished_at ?? undefined,
      result: row.result ?? undefined,
    }
  );
}

export async function claimLease(
  session: Session,
  { name, owner, nowMs, untilMs, dueBeforeMs }: Parameters<LeaseIndex['claim']>[0],
): Promise<boolean> {
  return (await session.run(CLAIM, { name, owner, now: nowMs, until: untilMs, due: dueBeforeMs })) > 0;
}

export async function renewLease(
  session: Session,
  name: string,
  owner: string,
  untilMs: number,
): Promise<boolean> {
  return (await session.run(RENEW, { name, owner, until: untilMs })) > 0;
}

export async function releaseLease(
  session: Session,
  name: string,
  owner: string,
  nowMs: number,
  result: string | undefined,
): Promise<void> {
  if (result === undefined) await session.run(GIVE_UP, { name, owner, now: nowMs });
  else await session.run(RELEASE, { name, owner, now: nowMs, result });
}
