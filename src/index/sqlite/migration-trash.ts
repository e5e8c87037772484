/**
 * What was deleted and is kept for a while, in tables of its own: no question about what is there has to leave it out.
 *
 * - deleted_manifests, deleted_references: rows of `manifests` and `manifest_references` as they were. They hold the
 *   manifests' bodies, and the blobs in their repository.
 * - deleted_tags: what a tag pointed to until `deleted_at`; `moved_to` is null where the tag was removed.
 * - manifests: `untagged_at` is when a manifest last lost a tag, `asked_at` when a client that may want to refer to it
 *   last heard that it is there. Both make it young for garbage collection.
 */
export const KEEP_DELETED = `
CREATE TABLE deleted_manifests (
  repository_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  subject TEXT,
  artifact_type TEXT,
  annotations TEXT,
  pushed_at INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL,
  cause TEXT NOT NULL,
  actor TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (repository_id, digest)
);
CREATE INDEX deleted_manifests_digest ON deleted_manifests (digest);
CREATE INDEX deleted_manifests_at ON deleted_manifests (deleted_at, repository_id, digest);
CREATE INDEX deleted_manifests_of ON deleted_manifests (repository_id, deleted_at, digest);
CREATE INDEX deleted_manifests_subject ON deleted_manifests (repository_id, subject) WHERE subject IS NOT NULL;

CREATE TABLE deleted_references (
  repository_id INTEGER NOT NULL,
  manifest TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (repository_id, manifest, target)
) WITHOUT ROWID;
CREATE INDEX deleted_references_target ON deleted_references (repository_id, target);

CREATE TABLE deleted_tags (
  repository_id INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  moved_to TEXT,
  cause TEXT NOT NULL,
  actor TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (repository_id, deleted_at, name)
) WITHOUT ROWID;
CREATE INDEX deleted_tags_at ON deleted_tags (deleted_at);

ALTER TABLE manifests ADD COLUMN untagged_at INTEGER;
ALTER TABLE manifests ADD COLUMN asked_at INTEGER;

UPDATE manifests SET untagged_at = lost.at FROM (
  SELECT repository_id, previous, MAX(at) AS at FROM tag_events WHERE previous IS NOT NULL
  GROUP BY repository_id, previous
) AS lost
WHERE manifests.repository_id = lost.repository_id AND manifests.digest = lost.previous;
INSERT OR REPLACE INTO deleted_tags (repository_id, deleted_at, name, digest, moved_to, cause, actor, rule)
SELECT repository_id, at, tag, previous, digest, IIF(digest IS NULL, 'api', 'push'), actor, '' FROM tag_events
WHERE previous IS NOT NULL AND at > (unixepoch() - 7 * 86400) * 1000;
`;
