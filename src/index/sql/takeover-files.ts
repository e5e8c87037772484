import type { OriginalFile } from '../takeover.ts';
import { query, type Session } from './query.ts';
import { isTakingOver } from './takeover.ts';

const ADD = query<{ key: string; digest: string; size: number }>(
  'INSERT INTO takeover_files (key, digest, size) VALUES (:key, :digest, :size) ON CONFLICT DO NOTHING',
);

/**
 * Of a row of `takeover_files`: no blob has its bytes there, no manifest is kept whose bytes they are, and they were not
 * set aside as damaged.
 */
export const IS_UNUSED = `NOT EXISTS (
    SELECT 1 FROM blobs WHERE blobs.digest = takeover_files.digest AND blobs.key = takeover_files.key
  ) AND NOT EXISTS (
    SELECT 1 FROM manifest_bodies WHERE manifest_bodies.digest = takeover_files.digest
  ) AND NOT EXISTS (
    SELECT 1 FROM quarantine
    WHERE quarantine.digest = takeover_files.digest AND quarantine.kind = 'blob' AND healed_at IS NULL
      AND quarantine.key = takeover_files.key
  )`;

const RELEASE = query<{ after: string; last: string }, { key: string; size: number }>(
  `DELETE FROM takeover_files WHERE key > :after AND key <= :last AND ${IS_UNUSED} RETURNING key, size`,
);

const LAST_OF_PAGE = query<{ after: string; limit: number }, { key: string }>(
  `SELECT MAX(key) AS key FROM (
     SELECT key FROM takeover_files WHERE key > :after ORDER BY key LIMIT :limit
   )`,
);

const IN_USE = query<Record<string, never>, { key: string }>(
  `SELECT blobs.key FROM takeover_files CROSS JOIN blobs
   WHERE blobs.digest = takeover_files.digest AND blobs.key = takeover_files.key LIMIT 1`,
);

const DISCARD = query<{ key: string }>(
  'INSERT INTO discarded_keys (key) VALUES (:key) ON CONFLICT DO NOTHING',
);

export async function addOriginalFiles(session: Session, files: readonly OriginalFile[]): Promise<void> {
  for (const { key, digest, sizeBytes } of files) await session.run(ADD, { key, digest, size: sizeBytes });
}

export async function usesOriginalFiles(session: Session): Promise<boolean> {
  return (await session.first(IN_USE, {})) !== undefined;
}

/** Looks at one page of the files. */
export async function releaseOriginalFiles(
  session: Session,
  page: { after: string | undefined; limit: number },
): Promise<{ files: number; bytes: number; next: string | undefined }> {
  const after = page.after ?? '';
  const nothing = { files: 0, bytes: 0, next: undefined };
  if (await isTakingOver(session)) return nothing;
  const last = (await session.first(LAST_OF_PAGE, { after, limit: page.limit }))?.key;
  if (last === undefined || last === null) return nothing;
  const released = await session.all(RELEASE, { after, last });
  for (const { key } of released) await session.run(DISCARD, { key });
  return { files: released.length, bytes: released.reduce((sum, { size }) => sum + size, 0), next: last };
}
