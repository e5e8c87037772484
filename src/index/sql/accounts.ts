import type {
  AccountChange,
  AccountKind,
  AccountLabels,
  AccountRecord,
  NewAccount,
  Use,
} from '../accounts.ts';
import type { Page } from '../tags.ts';
import { endLoginsOf, forgetLoginsOf } from './logins.ts';
import { query, type Session } from './query.ts';
import { revoke } from './revocations.ts';

/** A row of `accounts`, as `ACCOUNT_COLUMNS` names its columns. */
export interface AccountRow {
  name: string;
  kind: string;
  password_hash: string;
  is_admin: number;
  is_disabled: number;
  labels: string;
  account_created_at: number;
  account_expires_at: number | null;
  account_used_at: number | null;
}

/** What `toAccount` needs; also beside columns of tokens, which have times of their own. */
export const ACCOUNT_COLUMNS = `accounts.name, kind, password_hash, is_admin, is_disabled, labels,
  accounts.created_at AS account_created_at, accounts.expires_at AS account_expires_at,
  accounts.used_at AS account_used_at`;

/** What logins of these accounts are recorded under. */
const OWN_PROVIDER = 'accounts';

type Nothing = Record<never, never>;
type OfName = { name: string };

const FIND = query<OfName, AccountRow>(`SELECT ${ACCOUNT_COLUMNS} FROM accounts WHERE name = :name`);

const LIST = query<{ after: string; limit: number }, AccountRow>(
  `SELECT ${ACCOUNT_COLUMNS} FROM accounts WHERE name > :after ORDER BY name LIMIT :limit`,
);

const LIST_KIND = query<{ after: string; limit: number; kind: string }, AccountRow>(
  `SELECT ${ACCOUNT_COLUMNS} FROM accounts
   WHERE kind = :kind AND name > :after ORDER BY name LIMIT :limit`,
);

const ANY = query<Nothing, { name: string }>('SELECT name FROM accounts LIMIT 1');

const ADMIN = query<{ except: string | null }, { name: string }>(
  `SELECT name FROM accounts
   WHERE is_admin = 1 AND is_disabled = 0 AND expires_at IS NULL AND (:except IS NULL OR name <> :except)
   ORDER BY name LIMIT 1`,
);

const ADD = query<{
  name: string;
  kind: string;
  hash: string;
  isAdmin: number;
  labels: string;
  expires: number | null;
  at: number;
}>(
  `INSERT INTO accounts (name, kind, password_hash, is_admin, labels, expires_at, created_at, updated_at)
   VALUES (:name, :kind, :hash, :isAdmin, :labels, :expires, :at, :at) ON CONFLICT DO NOTHING`,
);

const SET_PASSWORD = query<{ name: string; hash: string; at: number }>(
  'UPDATE accounts SET password_hash = :hash, updated_at = :at WHERE name = :name',
);

const REHASH = query<{ name: string; from: string; to: string }>(
  'UPDATE accounts SET password_hash = :to WHERE name = :name AND password_hash = :from',
);

const SET_DISABLED = query<{ name: string; isDisabled: number; at: number }>(
  'UPDATE accounts SET is_disabled = :isDisabled, updated_at = :at WHERE name = :name',
);

const DELETE = [
  query<OfName>('DELETE FROM accounts WHERE name = :name'),
  query<OfName>('DELETE FROM access_tokens WHERE account = :name'),
  query<OfName>('DELETE FROM group_members WHERE account = :name'),
  query<OfName>("DELETE FROM roles WHERE kind = 'account' AND name = :name"),
];

const USE_ACCOUNT = query<{ name: string; at: number }>(
  'UPDATE accounts SET used_at = :at WHERE name = :name AND (used_at IS NULL OR used_at < :at)',
);

const USE_TOKEN = query<{ id: string; at: number }>(
  'UPDATE access_tokens SET used_at = :at WHERE id = :id AND (used_at IS NULL OR used_at < :at)',
);

export function toAccount(row: AccountRow): AccountRecord {
  return {
    name: row.name,
    kind: row.kind as AccountKind,
    passwordHash: row.password_hash,
    isAdmin: row.is_admin === 1,
    isDisabled: row.is_disabled === 1,
    labels: JSON.parse(row.labels) as AccountLabels,
    createdAtMs: row.account_created_at,
    expiresAtMs: row.account_expires_at ?? undefined,
    usedAtMs: row.account_used_at ?? undefined,
  };
}

export async function findAccount(session: Session, name: string): Promise<AccountRecord | undefined> {
  const row = await session.first(FIND, { name });
  return row && toAccount(row);
}

export async function listAccounts(
  session: Session,
  { after = '', limit }: Page,
  kind: AccountKind | undefined,
): Promise<AccountRecord[]> {
  const page = { after, limit };
  const rows = await (kind === undefined
    ? session.all(LIST, page)
    : session.all(LIST_KIND, { ...page, kind }));
  return rows.map(toAccount);
}

export async function hasNoAccount(session: Session): Promise<boolean> {
  return (await session.first(ANY, {})) === undefined;
}

export async function firstAdmin(session: Session): Promise<string | undefined> {
  return (await session.first(ADMIN, { except: null }))?.name;
}

export async function createAccount(session: Session, account: NewAccount, atMs: number): Promise<boolean> {
  const added = await session.run(ADD, {
    name: account.name,
    kind: account.kind ?? 'user',
    hash: account.passwordHash,
    isAdmin: account.isAdmin ? 1 : 0,
    labels: JSON.stringify(account.labels ?? {}),
    expires: account.expiresAtMs ?? null,
    at: atMs,
  });
  return added > 0;
}

export async function setPassword(
  session: Session,
  name: string,
  passwordHash: string,
  atMs: number,
): Promise<boolean> {
  if ((await session.run(SET_PASSWORD, { name, hash: passwordHash, at: atMs })) === 0) return false;
  await endLoginsOf(session, name, { provider: OWN_PROVIDER, why: 'the password was changed', atMs });
  await revoke(session, 'account', name, atMs);
  return true;
}

export async function rehashPassword(
  session: Session,
  name: string,
  from: string,
  to: string,
): Promise<boolean> {
  return (await session.run(REHASH, { name, from, to })) > 0;
}

/** Whether the account may go: either it is there and others remain, or somebody insists. */
async function mayLose(session: Session, name: string, force: boolean): Promise<AccountChange> {
  const account = await findAccount(session, name);
  if (account === undefined) return 'unknown';
  if (force || !account.isAdmin) return 'done';
  return (await session.first(ADMIN, { except: name })) === undefined ? 'last-admin' : 'done';
}

export async function setDisabled(
  session: Session,
  name: string,
  isDisabled: boolean,
  atMs: number,
  force = false,
): Promise<AccountChange> {
  const verdict = await mayLose(session, name, force || !isDisabled);
  if (verdict !== 'done') return verdict;
  await session.run(SET_DISABLED, { name, isDisabled: isDisabled ? 1 : 0, at: atMs });
  if (!isDisabled) return 'done';
  await endLoginsOf(session, name, { provider: OWN_PROVIDER, why: 'the account was disabled', atMs });
  await revoke(session, 'account', name, atMs);
  return 'done';
}

export async function removeAccount(
  session: Session,
  name: string,
  atMs: number,
  force = false,
): Promise<AccountChange> {
  const verdict = await mayLose(session, name, force);
  if (verdict !== 'done') return verdict;
  // An account that is made later under the same name is somebody else's.
  await forgetLoginsOf(session, name, OWN_PROVIDER);
  for (const statement of DELETE) await session.run(statement, { name });
  await revoke(session, 'account', name, atMs);
  return 'done';
}

export async function recordUses(session: Session, uses: readonly Use[]): Promise<void> {
  for (const { name, tokenId, atMs: at } of uses) {
    await session.run(USE_ACCOUNT, { name, at });
    if (tokenId !== undefined) await session.run(USE_TOKEN, { id: tokenId, at });
  }
}
