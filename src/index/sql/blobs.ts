import { sql } from 'kysely';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { BlobRecord, ReceivedBlob } from '../blobs.ts';
import { defineQuery, type Session } from './query.ts';
import { ensureRepository } from './repositories.ts';
import { endUpload } from './uploads.ts';

const blobOfRepository = defineQuery<{ repository: string; digest: string }>()((db, p) =>
  db
    .selectFrom('blobs')
    .innerJoin('blob_links', 'blob_links.digest', 'blobs.digest')
    .innerJoin('repositories', 'repositories.id', 'blob_links.repository_id')
    .select(['blobs.key', 'blobs.size'])
    .where('repositories.name', '=', p.repository)
    .where('blobs.digest', '=', p.digest),
);

const keyOfBlob = defineQuery<{ digest: string }>()((db, p) =>
  db.selectFrom('blobs').select('key').where('digest', '=', p.digest),
);

const putBlob = defineQuery<{ digest: string; key: string; size: number }>()((db, p) =>
  db
    .insertInto('blobs')
    .values({ digest: p.digest, key: p.key, size: p.size })
    .onConflict((conflict) => conflict.column('digest').doUpdateSet({ key: p.key, size: p.size })),
);

const linkBlob = defineQuery<{ repository: number; digest: string }>()((db, p) =>
  db
    .insertInto('blob_links')
    .values({ repository_id: p.repository, digest: p.digest })
    .onConflict((conflict) => conflict.doNothing()),
);

const unlinkBlob = defineQuery<{ repository: string; digest: string }>()((db, p) =>
  db
    .deleteFrom('blob_links')
    .where('digest', '=', p.digest)
    .where('repository_id', 'in', (query) =>
      query.selectFrom('repositories').select('id').where('name', '=', p.repository),
    ),
);

const discardKey = defineQuery<{ key: string }>()((db, p) =>
  db
    .insertInto('discarded_keys')
    .values({ key: p.key })
    .onConflict((conflict) => conflict.doNothing()),
);

const discardedKeys = defineQuery<{ limit: number }>()((db, p) =>
  db.selectFrom('discarded_keys').select('key').limit(sql<number>`${p.limit}`),
);

const forgetKey = defineQuery<{ key: string }>()((db, p) =>
  db.deleteFrom('discarded_keys').where('key', '=', p.key),
);

export async function findBlob(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<BlobRecord | undefined> {
  const row = await session.first(blobOfRepository, { repository, digest });
  return row && { digest, key: row.key, sizeBytes: row.size };
}

export async function commitBlob(
  session: Session,
  blob: ReceivedBlob,
): Promise<'committed' | 'unknown-upload'> {
  const keys = await endUpload(session, blob.uploadId);
  if (keys === undefined) return 'unknown-upload';
  const before = await session.first(keyOfBlob, { digest: blob.digest });
  if (before !== undefined) keys.push(before.key);
  for (const key of keys) {
    if (key !== blob.key) await session.run(discardKey, { key });
  }
  await session.run(putBlob, { digest: blob.digest, key: blob.key, size: blob.sizeBytes });
  const repository = await ensureRepository(session, blob.repository);
  await session.run(linkBlob, { repository, digest: blob.digest });
  return 'committed';
}

export async function mountBlob(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  from: RepositoryName,
): Promise<boolean> {
  if ((await findBlob(session, from, digest)) === undefined) return false;
  await session.run(linkBlob, { repository: await ensureRepository(session, repository), digest });
  return true;
}

export async function unlinkBlobFrom(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
): Promise<boolean> {
  return (await session.run(unlinkBlob, { repository, digest })) > 0;
}

export async function discardKeys(session: Session, keys: readonly string[]): Promise<void> {
  for (const key of keys) await session.run(discardKey, { key });
}

export async function listDiscardedKeys(session: Session, limit: number): Promise<string[]> {
  return (await session.all(discardedKeys, { limit })).map((row) => row.key);
}

export async function forgetKeys(session: Session, keys: readonly string[]): Promise<void> {
  for (const key of keys) await session.run(forgetKey, { key });
}
