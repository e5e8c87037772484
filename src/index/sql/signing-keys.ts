import type { SigningKeyRecord } from '../signing-keys.ts';
import { query, type Session } from './query.ts';

type Nothing = Record<never, never>;

const ALL_KEYS = query<Nothing, { id: string; private_key: string; created_at: number }>(
  'SELECT id, private_key, created_at FROM signing_keys ORDER BY created_at DESC, id',
);

const ADD_KEY = query<{ id: string; key: string; at: number }>(
  'INSERT INTO signing_keys (id, private_key, created_at) VALUES (:id, :key, :at)',
);

export async function listSigningKeys(session: Session): Promise<SigningKeyRecord[]> {
  const rows = await session.all(ALL_KEYS, {});
  return rows.map((row) => ({ id: row.id, privateKeyPem: row.private_key, createdAtMs: row.created_at }));
}

export async function createFirstSigningKey(
  session: Session,
  key: SigningKeyRecord,
): Promise<SigningKeyRecord[]> {
  const existing = await listSigningKeys(session);
  if (existing.length > 0) return existing;
  await session.run(ADD_KEY, { id: key.id, key: key.privateKeyPem, at: key.createdAtMs });
  return [key];
}
