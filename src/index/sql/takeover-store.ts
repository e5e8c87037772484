import type { KnownLink, OriginalBlob, OriginalManifest, OriginalPart } from '../takeover.ts';
import { isManifestHere, mendManifest, storeManifest } from './manifests.ts';
import { heal, isDamagedKey } from './quarantine.ts';
import { query, type Session } from './query.ts';
import { ensureRepository, markListed } from './repositories.ts';
import { ensureWaiting } from './takeover.ts';
import { addOriginalFiles } from './takeover-files.ts';
import { addFindings } from './takeover-findings.ts';
import { takeOverTag } from './takeover-tags.ts';

type LinkKind = KnownLink['kind'];

const KNOWN_AT = query<{ repository: number; kind: LinkKind; digest: string }, { at: number }>(
  'SELECT at FROM takeover_links WHERE repository_id = :repository AND kind = :kind AND digest = :digest',
);

const REMEMBER = query<{ repository: number; kind: LinkKind; digest: string; at: number }>(
  `INSERT INTO takeover_links (repository_id, kind, digest, at) VALUES (:repository, :kind, :digest, :at)
   ON CONFLICT (repository_id, kind, digest) DO UPDATE SET at = excluded.at`,
);

const HAS_LINK = query<{ repository: number; digest: string }, { digest: string }>(
  'SELECT digest FROM blob_links WHERE repository_id = :repository AND digest = :digest',
);

const PUT_BLOB = query<{ digest: string; key: string; size: number }>(
  'INSERT INTO blobs (digest, key, size) VALUES (:digest, :key, :size) ON CONFLICT DO NOTHING',
);

/** What is damaged must not look whole because somebody took it over first and knew less of it. */
const CORRECT_SIZE = query<{ digest: string; key: string; size: number }>(
  'UPDATE blobs SET size = :size WHERE digest = :digest AND key = :key',
);

const IS_DISCARDED = query<{ key: string }, { key: string }>(
  'SELECT key FROM discarded_keys WHERE key = :key',
);

const LINK = query<{ repository: number; digest: string; at: number }>(
  `INSERT INTO blob_links (repository_id, digest, linked_at) VALUES (:repository, :digest, :at)
   ON CONFLICT DO NOTHING`,
);

const COUNT = query<{ name: string; manifests: number; tags: number; blobs: number }>(
  `UPDATE takeover_repositories
   SET manifests = manifests + :manifests, tags = tags + :tags, blobs = blobs + :blobs WHERE name = :name`,
);

const DONE = query<{ name: string; at: number }>(
  'UPDATE takeover_repositories SET done_at = :at WHERE name = :name',
);

const KNOWN = query<
  { repository: string; kind: string; digest: string; limit: number },
  { kind: LinkKind; digest: KnownLink['digest']; at: number; is_here: number }
>(
  `SELECT kind, digest, at, CASE kind
     WHEN 'blob' THEN EXISTS (
       SELECT 1 FROM blob_links
       WHERE blob_links.repository_id = links.repository_id AND blob_links.digest = links.digest
     )
     ELSE EXISTS (
       SELECT 1 FROM manifests
       WHERE manifests.repository_id = links.repository_id AND manifests.digest = links.digest
     )
   END AS is_here
   FROM takeover_links AS links
   WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository)
     AND (kind, digest) > (:kind, :digest)
   ORDER BY kind, digest LIMIT :limit`,
);

export async function knownLinks(
  session: Session,
  repository: string,
  page: { after: KnownLink | undefined; limit: number },
): Promise<KnownLink[]> {
  const { kind = '', digest = '' } = page.after ?? {};
  const rows = await session.all(KNOWN, { repository, kind, digest, limit: page.limit });
  return rows.map((row) => ({ kind: row.kind, digest: row.digest, atMs: row.at, isHere: row.is_here === 1 }));
}

/** Whether a link, as it stands now, was taken over before. What became of it since then is not to be undone. */
async function isKnown(
  session: Session,
  link: { repository: number; kind: LinkKind; digest: string; atMs: number },
): Promise<boolean> {
  const { repository, kind, digest, atMs } = link;
  const known = (await session.first(KNOWN_AT, { repository, kind, digest }))?.at;
  return known !== undefined && atMs <= known;
}

async function storeBlob(
  session: Session,
  repository: number,
  blob: OriginalBlob,
  nowMs: number,
): Promise<number> {
  const { digest, key, sizeBytes, atMs } = blob;
  const isHere = (await session.first(HAS_LINK, { repository, digest })) !== undefined;
  if (!isHere && (await isKnown(session, { repository, kind: 'blob', digest, atMs }))) return 0;
  // Somebody asked for the removal of the file, and it may be gone at any moment.
  if ((await session.first(IS_DISCARDED, { key })) !== undefined) return 0;
  // Sizes were compared and nothing was hashed: bytes that were found damaged look whole here.
  if (!(await isDamagedKey(session, digest, key))) {
    if ((await session.run(PUT_BLOB, { digest, key, size: sizeBytes })) > 0 && !blob.isDamaged) {
      await heal(session, 'blob', digest, nowMs);
    }
  }
  if (blob.isDamaged) await session.run(CORRECT_SIZE, { digest, key, size: sizeBytes });
  await session.run(LINK, { repository, digest, at: atMs });
  await session.run(REMEMBER, { repository, kind: 'blob', digest, at: atMs });
  return isHere ? 0 : 1;
}

async function storeOriginal(
  session: Session,
  repository: number,
  original: OriginalManifest,
  nowMs: number,
): Promise<number> {
  const { digest, atMs } = original;
  if (await isManifestHere(session, repository, digest)) {
    await mendManifest(session, { ...original, atMs: nowMs });
    await session.run(REMEMBER, { repository, kind: 'manifest', digest, at: atMs });
    return 0;
  }
  if (await isKnown(session, { repository, kind: 'manifest', digest, atMs })) return 0;
  await storeManifest(session, repository, original);
  await session.run(REMEMBER, { repository, kind: 'manifest', digest, at: atMs });
  return 1;
}

async function sum<T>(items: readonly T[], count: (item: T) => Promise<number>): Promise<number> {
  let total = 0;
  for (const item of items) total += await count(item);
  return total;
}

export async function storeOriginalPart(session: Session, part: OriginalPart): Promise<boolean> {
  const name = part.repository;
  if (!(await ensureWaiting(session, name))) return false;
  const repository = await ensureRepository(session, name);
  if (part.isListed) await markListed(session, repository, part.atMs);
  await addOriginalFiles(session, part.files);
  const blobs = await sum(part.blobs, (blob) => storeBlob(session, repository, blob, part.atMs));
  const manifests = await sum(part.manifests, (manifest) =>
    storeOriginal(session, repository, manifest, part.atMs),
  );
  const tags = await sum(part.tags, (tag) =>
    takeOverTag(session, { name, repository, tag, nowMs: part.atMs }),
  );
  await session.run(COUNT, { name, manifests, tags, blobs });
  await addFindings(session, part.findings);
  if (part.isLast) await session.run(DONE, { name, at: part.atMs });
  return true;
}
