import type { AccountRecord } from '../accounts.ts';
import type { SigningKeyRecord } from '../signing-keys.ts';
import { defineQuery, type Session } from './query.ts';

const accountByName = defineQuery<{ name: string }>()((db, p) =>
  db.selectFrom('accounts').select(['name', 'password_hash', 'is_admin']).where('name', '=', p.name),
);

const allAccounts = defineQuery<Record<never, never>>()((db) =>
  db.selectFrom('accounts').select(['name', 'password_hash', 'is_admin']).orderBy('name'),
);

const anyAccount = defineQuery<Record<never, never>>()((db) =>
  db.selectFrom('accounts').select('name').limit(1),
);

const addAccount = defineQuery<{ name: string; hash: string; isAdmin: number; at: number }>()((db, p) =>
  db
    .insertInto('accounts')
    .values({ name: p.name, password_hash: p.hash, is_admin: p.isAdmin, created_at: p.at, updated_at: p.at })
    .onConflict((conflict) => conflict.doNothing()),
);

const updatePassword = defineQuery<{ name: string; hash: string; at: number }>()((db, p) =>
  db.updateTable('accounts').set({ password_hash: p.hash, updated_at: p.at }).where('name', '=', p.name),
);

const deleteAccount = defineQuery<{ name: string }>()((db, p) =>
  db.deleteFrom('accounts').where('name', '=', p.name),
);

const allKeys = defineQuery<Record<never, never>>()((db) =>
  db
    .selectFrom('signing_keys')
    .select(['id', 'private_key', 'created_at'])
    .orderBy('created_at', 'desc')
    .orderBy('id'),
);

const addKey = defineQuery<{ id: string; key: string; at: number }>()((db, p) =>
  db.insertInto('signing_keys').values({ id: p.id, private_key: p.key, created_at: p.at }),
);

function toAccount(row: { name: string; password_hash: string; is_admin: number }): AccountRecord {
  return { name: row.name, passwordHash: row.password_hash, isAdmin: row.is_admin === 1 };
}

export async function findAccount(session: Session, name: string): Promise<AccountRecord | undefined> {
  const row = await session.first(accountByName, { name });
  return row && toAccount(row);
}

export async function listAccounts(session: Session): Promise<AccountRecord[]> {
  return (await session.all(allAccounts, {})).map(toAccount);
}

export async function hasNoAccount(session: Session): Promise<boolean> {
  return (await session.first(anyAccount, {})) === undefined;
}

export async function createAccount(
  session: Session,
  account: AccountRecord,
  atMs: number,
): Promise<boolean> {
  const added = await session.run(addAccount, {
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
  return (await session.run(updatePassword, { name, hash: passwordHash, at: atMs })) > 0;
}

export async function removeAccount(session: Session, name: string): Promise<boolean> {
  return (await session.run(deleteAccount, { name })) > 0;
}

export async function listSigningKeys(session: Session): Promise<SigningKeyRecord[]> {
  const rows = await session.all(allKeys, {});
  return rows.map((row) => ({ id: row.id, privateKeyPem: row.private_key, createdAtMs: row.created_at }));
}

export async function createFirstSigningKey(
  session: Session,
  key: SigningKeyRecord,
): Promise<SigningKeyRecord[]> {
  const existing = await listSigningKeys(session);
  if (existing.length > 0) return existing;
  await session.run(addKey, { id: key.id, key: key.privateKeyPem, at: key.createdAtMs });
  return [key];
}
