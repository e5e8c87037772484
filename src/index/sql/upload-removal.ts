import { uploadOffset } from '../uploads.ts';
import { discardKeys } from './blobs.ts';
import { recordRemoval } from './journal.ts';
import type { Session } from './query.ts';
import { endUpload, findUpload } from './uploads.ts';

export async function removeUpload(session: Session, id: string, expiredAtMs?: number): Promise<boolean> {
  const upload = expiredAtMs === undefined ? undefined : await findUpload(session, id);
  const keys = await endUpload(session, id);
  if (keys === undefined) return false;
  await discardKeys(session, keys);
  if (upload !== undefined && expiredAtMs !== undefined) {
    await recordRemoval(session, {
      kind: 'upload',
      repository: upload.repository,
      name: id,
      sizeBytes: uploadOffset(upload),
      atMs: expiredAtMs,
      cause: { kind: 'expiry', actor: '', rule: '' },
    });
  }
  return true;
}
