import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import { isKept, LINK_STAYS, NOTHING_KEPT } from './garbage-rules.ts';
import { query, type Session } from './query.ts';

interface Held {
  held: number;
}

type InRepository = { repository: string; digest: string; before: number; kept: number };

const IS_BLOB_HELD = query<InRepository, Held>(
  `SELECT ${LINK_STAYS.withoutUntagged} AS held FROM blob_links
   WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = :repository)`,
);

const HOLD_BLOB = query<{ repository: string; digest: string; at: number }>(
  `UPDATE blob_links SET linked_at = MAX(linked_at, :at)
   WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = :repository)`,
);

const IS_MANIFEST_HELD = query<InRepository, Held>(
  `SELECT ${isKept('manifests.repository_id', 'manifests.digest')} AS held FROM manifests
   WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = :repository)`,
);

const HOLD_MANIFEST = query<{ repository: string; digest: string; at: number }>(
  `UPDATE manifests SET asked_at = MAX(COALESCE(asked_at, 0), :at)
   WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = :repository)`,
);

export async function isBlobHeld(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  sinceMs: number,
): Promise<boolean> {
  const row = await session.first(IS_BLOB_HELD, { repository, digest, before: sinceMs, kept: NOTHING_KEPT });
  return row?.held === 1;
}

export async function holdBlob(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  atMs: number,
): Promise<boolean> {
  return (await session.run(HOLD_BLOB, { repository, digest, at: atMs })) > 0;
}

export async function isManifestHeld(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  sinceMs: number,
): Promise<boolean> {
  const row = await session.first(IS_MANIFEST_HELD, {
    ...{ repository, digest, before: sinceMs, kept: NOTHING_KEPT },
  });
  return row?.held === 1;
}

export async function holdManifest(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  atMs: number,
): Promise<boolean> {
  return (await session.run(HOLD_MANIFEST, { repository, digest, at: atMs })) > 0;
}
