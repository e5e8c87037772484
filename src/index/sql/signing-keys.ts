import type { SigningKeyRecord } from '../signing-keys.ts';
import { query, type Session } from './query.ts';

interface KeyRow {
  id: string;
  private_key: string;
  created_at: number;
  signs_from: number;
}

const ALL = query<Record<never, never>, KeyRow>(
  'SELECT id, private_key, created_at, signs_from FROM signing_keys ORDER BY signs_from DESC, created_at DESC, id',
);

const ADD = query<{ id: string; key: string; at: number; from: number }>(
  'INSERT INTO signing_keys (id, private_key, created_at, signs_from) VALUES (:id, :key, :at, :from)',
);

const DELETE = query<{ id: string }>('DELETE FROM signing_keys WHERE id = :id');

export async function listSigningKeys(session: Session): Promise<SigningKeyRecord[]> {
  const rows = await session.all(ALL, {});
  return rows.map((row) => ({
    id: row.id,
    privateKeyPem: row.private_key,
    createdAtMs: row.created_at,
    signsFromMs: row.signs_from,
  }));
}

async function add(session: Session, key: SigningKeyRecord): Promise<void> {
  const { id, privateKeyPem, createdAtMs, signsFromMs } = key;
  await session.run(ADD, { id, key: privateKeyPem, at: createdAtMs, from: signsFromMs });
}

export async function createFirstSigningKey(
  session: Session,
  key: SigningKeyRecord,
): Promise<SigningKeyRecord[]> {
  const existing = await listSigningKeys(session);
  if (existing.length > 0) return existing;
  await add(session, key);
  return [key];
}

export async function addSigningKey(
  session: Session,
  key: SigningKeyRecord,
  follows: string,
): Promise<boolean> {
  const [first] = await listSigningKeys(session);
  if (first?.id !== follows) return false;
  await add(session, key);
  return true;
}

export async function removeSigningKey(session: Session, id: string): Promise<boolean> {
  return (await session.run(DELETE, { id })) > 0;
}
