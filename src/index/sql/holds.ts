import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import { query, type Session } from './query.ts';

/**
 * A layer may be named by thousands of manifests, and this is asked in requests: so many of them are looked at, and so
 * many of the indexes that list each.
 */
const LOOKED_AT = 8;

const REPOSITORY = '(SELECT id FROM repositories WHERE name = :repository)';

const isTagged = (digest: string): string =>
  `EXISTS (SELECT 1 FROM tags WHERE tags.repository_id = ${REPOSITORY} AND tags.digest = ${digest})`;

const naming = (target: string): string =>
  `(SELECT manifest FROM manifest_references
    WHERE repository_id = ${REPOSITORY} AND target = ${target} LIMIT ${LOOKED_AT})`;

/** A tag on a manifest, on an index that lists it, or on its subject. */
const isTaggedAbove = (digest: string): string =>
  `(${isTagged(digest)}
    OR EXISTS (SELECT 1 FROM ${naming(digest)} AS above WHERE ${isTagged('above.manifest')})
    OR EXISTS (
      SELECT 1 FROM manifests AS referrer
      WHERE referrer.repository_id = ${REPOSITORY} AND referrer.digest = ${digest}
        AND referrer.subject IS NOT NULL AND ${isTagged('referrer.subject')}
    ))`;

interface Held {
  held: number;
}

type InRepository = { repository: string; digest: string; since: number };

const IS_BLOB_HELD = query<InRepository, Held>(
  `SELECT (linked_at >= :since
     OR EXISTS (SELECT 1 FROM ${naming(':digest')} AS near WHERE ${isTaggedAbove('near.manifest')})) AS held
   FROM blob_links WHERE digest = :digest AND repository_id = ${REPOSITORY}`,
);

const HOLD_BLOB = query<{ repository: string; digest: string; at: number }>(
  `UPDATE blob_links SET linked_at = MAX(linked_at, :at)
   WHERE digest = :digest AND repository_id = (SELECT id FROM repositories WHERE name = :repository)`,
);

const IS_MANIFEST_HELD = query<InRepository, Held>(
  `SELECT (pushed_at >= :since OR asked_at >= :since OR untagged_at >= :since
     OR ${isTaggedAbove(':digest')}) AS held
   FROM manifests WHERE digest = :digest AND repository_id = ${REPOSITORY}`,
);

/** Rules of retention look at nothing but these times. */
const IS_MANIFEST_ASKED = query<InRepository, Held>(
  `SELECT (pushed_at >= :since OR asked_at >= :since) AS held
   FROM manifests WHERE digest = :digest AND repository_id = ${REPOSITORY}`,
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
  return (await session.first(IS_BLOB_HELD, { repository, digest, since: sinceMs }))?.held === 1;
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
  byTag = true,
): Promise<boolean> {
  const held = byTag ? IS_MANIFEST_HELD : IS_MANIFEST_ASKED;
  return (await session.first(held, { repository, digest, since: sinceMs }))?.held === 1;
}

export async function holdManifest(
  session: Session,
  repository: RepositoryName,
  digest: Digest,
  atMs: number,
): Promise<boolean> {
  return (await session.run(HOLD_MANIFEST, { repository, digest, at: atMs })) > 0;
}
