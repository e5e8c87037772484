import type { Digest } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Restoration, RestorationOutcome } from '../trash.ts';
import { immutableAmong, wouldMove } from './immutable-tags.ts';
import { readManifest } from './manifests.ts';
import { query, type Session } from './query.ts';
import { repositoryId } from './repositories.ts';
import { digestOfTag, moveTag } from './tags.ts';
import { takeFromTrash } from './trash.ts';

const MAX_MISSING = 100;

type OfManifest = { repository: number; digest: string };

interface KeptRow {
  digest: string;
  subject: string | null;
  deleted_at: number;
}

const KEPT = query<OfManifest & { kept: number }, KeptRow>(
  `SELECT digest, subject, deleted_at FROM deleted_manifests
   WHERE repository_id = :repository AND digest = :digest AND deleted_at >= :kept`,
);

const IS_HERE = query<OfManifest, { media_type: string }>(
  'SELECT media_type FROM manifests WHERE repository_id = :repository AND digest = :digest',
);

/** What a tag pointed to before what it points to now, and is still there or kept. */
const LAST_OF_TAG = query<
  { repository: number; tag: string; current: string; kept: number },
  { digest: string }
>(
  `SELECT digest FROM deleted_tags
   WHERE repository_id = :repository AND name = :tag AND deleted_at >= :kept AND digest <> :current AND (
     EXISTS (SELECT 1 FROM manifests AS here
       WHERE here.repository_id = :repository AND here.digest = deleted_tags.digest)
     OR EXISTS (SELECT 1 FROM deleted_manifests AS gone
       WHERE gone.repository_id = :repository AND gone.digest = deleted_tags.digest AND gone.deleted_at >= :kept)
   )
   ORDER BY deleted_at DESC LIMIT 1`,
);

/** The tags that a manifest had when it was deleted. */
const TAGS_GONE_WITH = query<OfManifest & { at: number }, { name: string }>(
  `SELECT name FROM deleted_tags WHERE repository_id = :repository AND deleted_at = :at AND digest = :digest`,
);

const BRING_BACK = query<OfManifest & { at: number }>(
  `INSERT INTO manifests (
     repository_id, digest, media_type, size, subject, artifact_type, annotations, pushed_at, untagged_at, asked_at
   )
   SELECT repository_id, digest, media_type, size, subject, artifact_type, annotations, pushed_at, :at, :at
   FROM deleted_manifests WHERE repository_id = :repository AND digest = :digest
   ON CONFLICT DO NOTHING`,
);

const BRING_BACK_REFERENCES = query<OfManifest>(
  `INSERT OR IGNORE INTO manifest_references (repository_id, manifest, target)
   SELECT repository_id, manifest, target FROM deleted_references
   WHERE repository_id = :repository AND manifest = :digest`,
);

const CHILDREN = query<OfManifest, { digest: string }>(
  `SELECT target AS digest FROM deleted_references WHERE repository_id = :repository AND manifest = :digest
     AND EXISTS (SELECT 1 FROM deleted_manifests WHERE repository_id = :repository AND digest = target)`,
);

/** Those that somebody deleted earlier were not to be there any more; a collection has no order of its own. */
const REFERRERS = query<OfManifest & { since: number }, { digest: string }>(
  `SELECT digest FROM deleted_manifests
   WHERE repository_id = :repository AND subject = :digest
     AND (deleted_at >= :since OR cause IN ('collection', 'retention'))`,
);

const IS_LINKED = query<OfManifest, { digest: string }>(
  'SELECT digest FROM blob_links WHERE repository_id = :repository AND digest = :digest',
);

interface Found {
  readonly digest: Digest;
  readonly tags: readonly Tag[];
}

async function findWanted(
  session: Session,
  repository: number,
  { wanted, keptSinceMs: kept, withTags }: Restoration,
): Promise<Found | 'unknown' | 'not-deleted'> {
  if ('tag' in wanted) {
    const { tag } = wanted;
    const current = (await digestOfTag(session, repository, tag)) ?? '';
    const row = await session.first(LAST_OF_TAG, { repository, tag, current, kept });
    return row === undefined ? 'unknown' : { digest: row.digest as Digest, tags: [tag] };
  }
  const { digest } = wanted;
  const row = await session.first(KEPT, { repository, digest, kept });
  if (row === undefined) {
    const here = await session.first(IS_HERE, { repository, digest });
    return here === undefined ? 'unknown' : 'not-deleted';
  }
  if (!withTags) return { digest, tags: [] };
  const tags = await session.all(TAGS_GONE_WITH, { repository, digest, at: row.deleted_at });
  return { digest, tags: tags.map(({ name }) => name as Tag) };
}

/** Brings back a manifest and what belongs to it. @returns which ones were deleted */
async function bringBack(
  session: Session,
  repository: number,
  first: Digest,
  { keptSinceMs: kept, atMs: at }: Restoration,
): Promise<Digest[]> {
  const restored: Digest[] = [];
  const waiting = [first];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    const row = await session.first(KEPT, { repository, digest, kept });
    if (row === undefined) continue;
    const children = await session.all(CHILDREN, { repository, digest });
    const referrers = await session.all(REFERRERS, { repository, digest, since: row.deleted_at });
    for (const other of [...children, ...referrers]) waiting.push(other.digest as Digest);
    if (row.subject !== null) waiting.push(row.subject as Digest);
    await session.run(BRING_BACK, { repository, digest, at });
    await session.run(BRING_BACK_REFERENCES, { repository, digest });
    await takeFromTrash(session, repository, digest);
    restored.push(digest);
  }
  return restored;
}

async function missingOf(session: Session, repository: number, manifests: readonly Digest[]) {
  const missing = new Set<Digest>();
  for (const digest of manifests) {
    const row = await session.first(IS_HERE, { repository, digest });
    const bytes = await readManifest(session, digest);
    if (row === undefined) continue;
    if (bytes === undefined) {
      // Found damaged meanwhile.
      missing.add(digest);
      continue;
    }
    const { blobs, manifests: children } = parseManifest(bytes, row.media_type);
    for (const { digest: part } of blobs) {
      if ((await session.first(IS_LINKED, { repository, digest: part })) === undefined) missing.add(part);
    }
    for (const { digest: part } of children) {
      if ((await session.first(IS_HERE, { repository, digest: part })) === undefined) missing.add(part);
    }
  }
  return [...missing].slice(0, MAX_MISSING);
}

export async function restoreDeleted(
  session: Session,
  restoration: Restoration,
): Promise<RestorationOutcome> {
  const { repository: name, moveTags, immutableTags = [], actor, atMs } = restoration;
  const repository = await repositoryId(session, name);
  if (repository === undefined) return { outcome: 'unknown' };
  const found = await findWanted(session, repository, restoration);
  if (typeof found === 'string') return { outcome: found };
  const { digest, tags } = found;
  // As for a push: advice to move such a tag would be of no use.
  const refused = await wouldMove(session, repository, immutableAmong(tags, immutableTags), digest);
  if (refused !== undefined) return refused;
  for (const tag of tags) {
    const current = await digestOfTag(session, repository, tag);
    if (current !== undefined && current !== digest && !moveTags) {
      return { outcome: 'tag-in-use', tag, digest: current };
    }
  }
  const manifests = await bringBack(session, repository, digest, restoration);
  for (const tag of tags) await moveTag(session, { repository, tag, digest, actor, atMs });
  const missing = await missingOf(session, repository, manifests);
  return { outcome: 'restored', digest, manifests, tags, missing };
}
