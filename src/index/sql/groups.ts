import type { GroupMapping, GroupRecord } from '../groups.ts';
import type { Page } from '../tags.ts';
import { query, type Session } from './query.ts';
import { revoke } from './revocations.ts';

type OfGroup = { group: string };
type OfMember = { group: string; account: string };
type OfMapping = { label: string; value: string; group: string };

const FIND = query<OfGroup, { name: string }>('SELECT name FROM account_groups WHERE name = :group');

const LIST = query<{ after: string; limit: number }, { name: string; created_at: number; members: number }>(
  `SELECT name, created_at,
     (SELECT count(*) FROM group_members WHERE group_name = account_groups.name) AS members
   FROM account_groups WHERE name > :after ORDER BY name LIMIT :limit`,
);

const MEMBERS = query<{ group: string; after: string; limit: number }, { account: string }>(
  `SELECT account FROM group_members WHERE group_name = :group AND account > :after
   ORDER BY account LIMIT :limit`,
);

const ALL_MEMBERS = query<OfGroup, { account: string }>(
  'SELECT account FROM group_members WHERE group_name = :group',
);

const ADD = query<{ group: string; at: number }>(
  'INSERT INTO account_groups (name, created_at) VALUES (:group, :at) ON CONFLICT DO NOTHING',
);

const DELETE = [
  query<OfGroup>('DELETE FROM account_groups WHERE name = :group'),
  query<OfGroup>('DELETE FROM group_members WHERE group_name = :group'),
  query<OfGroup>('DELETE FROM group_mappings WHERE group_name = :group'),
  query<OfGroup>("DELETE FROM roles WHERE kind = 'group' AND name = :group"),
];

const JOIN = query<OfMember>(
  'INSERT INTO group_members (group_name, account) VALUES (:group, :account) ON CONFLICT DO NOTHING',
);

const LEAVE = query<OfMember>('DELETE FROM group_members WHERE group_name = :group AND account = :account');

const OF_ACCOUNT = query<{ account: string }, { group_name: string }>(
  'SELECT group_name FROM group_members WHERE account = :account ORDER BY group_name',
);

const MAPPINGS = query<Record<never, never>, { label: string; value: string; group_name: string }>(
  'SELECT label, value, group_name FROM group_mappings ORDER BY label, value, group_name',
);

const MAPPED = query<{ label: string; value: string }, { group_name: string }>(
  'SELECT group_name FROM group_mappings WHERE label = :label AND value = :value ORDER BY group_name',
);

const MAP = query<OfMapping>(
  `INSERT INTO group_mappings (label, value, group_name) VALUES (:label, :value, :group)
   ON CONFLICT DO NOTHING`,
);

const UNMAP = query<OfMapping>(
  'DELETE FROM group_mappings WHERE label = :label AND value = :value AND group_name = :group',
);

export async function hasGroup(session: Session, group: string): Promise<boolean> {
  return (await session.first(FIND, { group })) !== undefined;
}

/** Revokes what was issued to everybody who is in the group by name. */
export async function revokeMembers(session: Session, group: string, atMs: number): Promise<void> {
  for (const { account } of await session.all(ALL_MEMBERS, { group })) {
    await revoke(session, 'account', account, atMs);
  }
}

export async function listGroups(session: Session, { after = '', limit }: Page): Promise<GroupRecord[]> {
  const rows = await session.all(LIST, { after, limit });
  return rows.map(({ name, created_at, members }) => ({ name, createdAtMs: created_at, members }));
}

export async function listMembers(
  session: Session,
  group: string,
  { after = '', limit }: Page,
): Promise<string[]> {
  return (await session.all(MEMBERS, { group, after, limit })).map(({ account }) => account);
}

export async function createGroup(session: Session, group: string, atMs: number): Promise<boolean> {
  return (await session.run(ADD, { group, at: atMs })) > 0;
}

export async function removeGroup(session: Session, group: string, atMs: number): Promise<boolean> {
  if (!(await hasGroup(session, group))) return false;
  await revokeMembers(session, group, atMs);
  for (const statement of DELETE) await session.run(statement, { group });
  return true;
}

export async function joinGroup(
  session: Session,
  group: string,
  account: string,
): Promise<'done' | 'unknown' | 'unchanged'> {
  if (!(await hasGroup(session, group))) return 'unknown';
  return (await session.run(JOIN, { group, account })) > 0 ? 'done' : 'unchanged';
}

export async function leaveGroup(
  session: Session,
  group: string,
  account: string,
  atMs: number,
): Promise<boolean> {
  if ((await session.run(LEAVE, { group, account })) === 0) return false;
  await revoke(session, 'account', account, atMs);
  return true;
}

export async function groupsOf(session: Session, account: string): Promise<string[]> {
  return (await session.all(OF_ACCOUNT, { account })).map(({ group_name }) => group_name);
}

export async function listMappings(session: Session): Promise<GroupMapping[]> {
  const rows = await session.all(MAPPINGS, {});
  return rows.map(({ label, value, group_name }) => ({ label, value, group: group_name }));
}

export async function mappedGroups(session: Session, label: string, value: string): Promise<string[]> {
  return (await session.all(MAPPED, { label, value })).map(({ group_name }) => group_name);
}

export async function mapGroup(
  session: Session,
  { label, value, group }: GroupMapping,
): Promise<'done' | 'unknown' | 'unchanged'> {
  if (!(await hasGroup(session, group))) return 'unknown';
  return (await session.run(MAP, { label, value, group })) > 0 ? 'done' : 'unchanged';
}

export async function unmapGroup(session: Session, { label, value, group }: GroupMapping): Promise<boolean> {
  return (await session.run(UNMAP, { label, value, group })) > 0;
}
