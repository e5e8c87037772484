import type { AccountRecord } from '../accounts.ts';
import { endLoginsOf, forgetLoginsOf } from './logins.ts';
import { query, type Session } from './query.ts';

interface AccountRow {
  name: string;
  password_hash: string;
  is_admin: number;
}

/** What logins of these accounts are recorded under. */
const OWN_PROVIDER = 'accounts';

type Nothing = Record<never, never>;

const FIND = query<{ name: string }, AccountRow>(
  'SELECT name, password_hash, is_admin FROM accounts WHERE name = :name',
);

const ALL = query<Nothing, AccountRow>('SELECT name, password_hash, is_admin FROM accounts ORDER BY name');

const ANY = query<Nothing, { name: string }>('SELECT name FROM accounts LIMIT 1');

const ADD = query<{ name: string; hash: string; isAdmin: number; at: number }>(
  `INSERT INTO accounts (name, password_hash, is_admin, created_at, updated_at)
   VALUES (:name, :hash, :isAdmin, :at, :at) ON CONFLICT DO NOTHING`,
);

const SET_PASSWORD = query<{ name: string; hash: string; at: number }>(
  'UPDATE accounts SET password_hash = :hash, updated_at = :at WHERE name = :name',
);

const DELETE = query<{ name: string }>('DELETE FROM accounts WHERE name = :name');

function toAccount(row: AccountRow): AccountRecord {
  return { name: row.name, passwordHash: row.password_hash, isAdmin: row.is_admin === 1 };
}

export async function findAccount(session: Session, name: string): Promise<AccountRecord | undefined> {
  const row = await session.first(FIND, { name });
  return row && toAccount(row);
}

export async function listAccounts(session: Session): Promise<AccountRecord[]> {
  return (await session.all(ALL, {})).map(toAccount);
}

export async function hasNoAccount(session: Session): Promise<boolean> {
  return (await session.first(ANY, {})) === undefined;
}

export async function createAccount(
  session: Session,
  account: AccountRecord,
  atMs: number,
): Promise<boolean> {
  const added = await session.run(ADD, {
    name: account.name,
    hash: account.passwordHash,
    isAdmin: account.isAdmin ? 1 : 0,
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
  return true;
}

export async function removeAccount(session: Session, name: string): Promise<boolean> {
  // An account that is made later under the same name is somebody else's.
  await forgetLoginsOf(session, name, OWN_PROVIDER);
  return (await session.run(DELETE, { name })) > 0;
}
