import { discardKeys } from './blobs.ts';
import { query, type Session } from './query.ts';

const KEY_OF = query<{ id: number }, { key: string | null }>('SELECT key FROM quarantine WHERE id = :id');

const EMPTY = query<{ id: number }>('UPDATE quarantine SET key = NULL, bytes = NULL WHERE id = :id');

const FORGET = query<{ id: number }>(
  `DELETE FROM quarantine WHERE id = :id AND (
     healed_at IS NOT NULL
     OR (kind = 'blob' AND NOT EXISTS (SELECT 1 FROM blob_links WHERE digest = quarantine.digest))
     OR (kind = 'manifest' AND NOT EXISTS (SELECT 1 FROM manifests WHERE digest = quarantine.digest)
       AND NOT EXISTS (SELECT 1 FROM deleted_manifests WHERE digest = quarantine.digest))
   )`,
);

export async function discardQuarantined(session: Session, ids: readonly number[]): Promise<number> {
  let found = 0;
  for (const id of ids) {
    const entry = await session.first(KEY_OF, { id });
    if (entry === undefined) continue;
    found += 1;
    if (entry.key !== null) await discardKeys(session, [entry.key]);
    if ((await session.run(FORGET, { id })) === 0) await session.run(EMPTY, { id });
  }
  return found;
}
