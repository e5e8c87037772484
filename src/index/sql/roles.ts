import type { RoleFilter, RoleRecord } from '../roles.ts';
import { hasGroup, revokeMembers } from './groups.ts';
import { query, type Session } from './query.ts';
import { revoke } from './revocations.ts';

interface RoleRow {
  kind: string;
  name: string;
  pattern: string;
  role: string;
}

type OfRole = { kind: string; name: string; pattern: string; role: string };

const LIST = query<{ kind: string | null; name: string | null }, RoleRow>(
  `SELECT kind, name, pattern, role FROM roles
   WHERE (:kind IS NULL OR kind = :kind) AND (:name IS NULL OR name = :name)
   ORDER BY kind, name, pattern, role`,
);

const OF_ONE = query<{ kind: string; name: string }, RoleRow>(
  'SELECT kind, name, pattern, role FROM roles WHERE kind = :kind AND name = :name ORDER BY pattern, role',
);

const GRANT = query<OfRole & { at: number }>(
  `INSERT INTO roles (kind, name, pattern, role, created_at) VALUES (:kind, :name, :pattern, :role, :at)
   ON CONFLICT DO NOTHING`,
);

const REVOKE = query<OfRole>(
  'DELETE FROM roles WHERE kind = :kind AND name = :name AND pattern = :pattern AND role = :role',
);

function toRole({ kind, ...rest }: RoleRow): RoleRecord {
  return { ...rest, kind: kind === 'group' ? 'group' : 'account' };
}

export async function listRoles(session: Session, { kind, name }: RoleFilter): Promise<RoleRecord[]> {
  return (await session.all(LIST, { kind: kind ?? null, name: name ?? null })).map(toRole);
}

export async function rolesOf(
  session: Session,
  account: string,
  groups: readonly string[],
): Promise<RoleRecord[]> {
  const found = await session.all(OF_ONE, { kind: 'account', name: account });
  for (const name of groups) found.push(...(await session.all(OF_ONE, { kind: 'group', name })));
  return found.map(toRole);
}

export async function grantRole(
  session: Session,
  { kind, name, pattern, role }: RoleRecord,
  atMs: number,
): Promise<'done' | 'unknown' | 'unchanged'> {
  if (kind === 'group' && !(await hasGroup(session, name))) return 'unknown';
  return (await session.run(GRANT, { kind, name, pattern, role, at: atMs })) > 0 ? 'done' : 'unchanged';
}

export async function revokeRole(
  session: Session,
  { kind, name, pattern, role }: RoleRecord,
  atMs: number,
): Promise<boolean> {
  if ((await session.run(REVOKE, { kind, name, pattern, role })) === 0) return false;
  if (kind === 'account') await revoke(session, 'account', name, atMs);
  else await revokeMembers(session, name, atMs);
  return true;
}
