import type { SigningKeyRecord } from '../signing-keys.ts';
import { query, type Session } from './query.ts';

interface KeyRow {
  id: string;
  private_key: string;
  created_at: number;
  signs_from: number;
}

const ALL = query<{ ring: string }, KeyRow>(
  `SELECT id, private_key, created_at, signs_from FROM signing_keys WHERE ring = :ring
   ORDER BY signs_from DESC, created_at DESC, id`,
);

const ADD = query<{ id: string; key: string; at: number; from: number; ring: string }>(
  `INSERT INTO signing_keys (id, private_key, created_at, signs_from, ring)
   VALUES (:id, :key, :at, :from, :ring)`,
);

const DELETE = query<{ id: string }>('DELETE FROM signing_keys WHERE id = :id');

export async function listSigningKeys(session: Session, ring: string): Promise<SigningKeyRecord[]> {
  const rows = await session.all(ALL, { ring });
  return rows.map((row) => ({
    id: row.id,
    privateKeyPem: row.private_key,
    createdAtMs: row.created_at,
    signsFromMs: row.signs_from,
  }));
}

async function add(session: Session, key: SigningKeyRecord, ring: string): Promise<void> {
  const { id, privateKeyPem, createdAtMs, signsFromMs } = key;
  await session.run(ADD, { id, key: privateKeyPem, at: createdAtMs, from: signsFromMs, ring });
}

export async function createFirstSigningKey(
  session: Session,
  key: SigningKeyRecord,
  ring: string,
): Promise<SigningKeyRecord[]> {
  const existing = await listSigningKeys(session, ring);
  if (existing.length > 0) return existing;
  await add(session, key, ring);
  return [key];
}

export async function addSigningKey(
  session: Session,
  key: SigningKeyRecord,
  follows: string,
  ring: string,
): Promise<boolean> {
  const [first] = await listSigningKeys(session, ring);
  if (first?.id !== follows) return false;
  await add(session, key, ring);
  return true;
}

export async function removeSigningKey(session: Session, id: string): Promise<boolean> {
  return (await session.run(DELETE, { id })) > 0;
}
