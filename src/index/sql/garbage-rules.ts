import type { GarbageRule } from '../garbage.ts';

/** As a time from which on what was deleted is kept: never. */
export const NOTHING_KEPT = Number.MAX_SAFE_INTEGER;

/**
 * Whether something keeps a manifest or a blob: from it upwards, through the manifests that list it and those that
 * are their subjects, to one with a tag or one that is young: it came lately, somebody heard lately that it is there,
 * or it lost a tag lately. That is a walk of a few steps, whatever the repository holds, and it ends also where an
 * index lists its own subject. The statement has the parameters `:before` and `:kept`.
 * @param repository an SQL expression for the repository's number
 * @param digest an SQL expression for where the walk begins
 */
export function isKept(repository: string, digest: string): string {
  return `EXISTS (
    WITH RECURSIVE holders (digest) AS (
      SELECT ${digest}
      UNION
      SELECT manifest_references.manifest FROM holders CROSS JOIN manifest_references
      WHERE manifest_references.repository_id = ${repository} AND manifest_references.target = holders.digest
      UNION
      SELECT held.subject FROM holders CROSS JOIN manifests AS held
      WHERE held.repository_id = ${repository} AND held.digest = holders.digest AND held.subject IS NOT NULL
    )
    SELECT 1 FROM holders
    WHERE EXISTS (SELECT 1 FROM tags WHERE tags.repository_id = ${repository} AND tags.digest = holders.digest)
      OR EXISTS (
        SELECT 1 FROM manifests AS young
        WHERE young.repository_id = ${repository} AND young.digest = holders.digest
          AND (young.pushed_at >= :before OR young.asked_at >= :before
            OR young.untagged_at >= :before OR young.untagged_at >= :kept)
      )
  )`;
}

const IS_NAMED = `EXISTS (
  SELECT 1 FROM manifest_references
  WHERE manifest_references.repository_id = blob_links.repository_id
    AND manifest_references.target = blob_links.digest
)`;

/** Named by a manifest that was deleted and whose keep time is not over. */
const IS_NAMED_BY_DELETED = `EXISTS (
  SELECT 1 FROM deleted_references CROSS JOIN deleted_manifests
  WHERE deleted_references.repository_id = blob_links.repository_id
    AND deleted_references.target = blob_links.digest
    AND deleted_manifests.repository_id = blob_links.repository_id
    AND deleted_manifests.digest = deleted_references.manifest
    AND deleted_manifests.deleted_at >= :kept
)`;

/** Most blobs are named by a manifest with a tag. It is found first, however many name a layer that all share. */
const IS_NAMED_BY_TAGGED = `EXISTS (
  SELECT 1 FROM manifest_references CROSS JOIN tags
  WHERE manifest_references.repository_id = blob_links.repository_id
    AND manifest_references.target = blob_links.digest
    AND tags.repository_id = blob_links.repository_id AND tags.digest = manifest_references.manifest
)`;

/** What makes a blob stay in a repository, by whether untagged manifests go for good. */
export const LINK_STAYS = {
  keepingUntagged: `(blob_links.linked_at >= :before OR ${IS_NAMED} OR ${IS_NAMED_BY_DELETED})`,
  withoutUntagged: `(blob_links.linked_at >= :before OR ${IS_NAMED_BY_TAGGED}
    OR (${IS_NAMED} AND ${isKept('blob_links.repository_id', 'blob_links.digest')}) OR ${IS_NAMED_BY_DELETED})`,
} as const;

export type Stays = keyof typeof LINK_STAYS;

/** Manifests that are deleted now and kept still need their blobs. */
export function staysBy(rule: GarbageRule): Stays {
  return rule.untaggedManifests && rule.keptSinceMs === undefined ? 'withoutUntagged' : 'keepingUntagged';
}

/** The parameters that every rule's statement has. */
export function timesOf(rule: GarbageRule): { before: number; kept: number } {
  return { before: rule.beforeMs, kept: rule.keptSinceMs ?? NOTHING_KEPT };
}
