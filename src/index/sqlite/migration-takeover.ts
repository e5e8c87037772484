/**
 * What was taken over from a registry:2 or registry:3 that had the data folder before.
 *
 * - takeover: one row, once there was something to take over.
 * - takeover_repositories: every repository that was there; `done_at` is null while it waits.
 * - takeover_links: blobs and manifests that were taken over, with the time at which their link was written, so that
 *   one which was deleted since does not come back.
 * - takeover_files: every file with bytes of a blob or a manifest, whether the index uses it or not. Their keys are not
 *   discarded by themselves: the files stay until somebody asks.
 * - tag_events: `taken_over` marks moves that are read from the other registry's files.
 */
export const TAKEOVER = `
CREATE TABLE takeover (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  started_at INTEGER NOT NULL,
  listed_at INTEGER,
  finished_at INTEGER
);

CREATE TABLE takeover_repositories (
  name TEXT NOT NULL PRIMARY KEY,
  done_at INTEGER,
  manifests INTEGER NOT NULL DEFAULT 0,
  tags INTEGER NOT NULL DEFAULT 0,
  blobs INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX takeover_waiting ON takeover_repositories (name) WHERE done_at IS NULL;

CREATE TABLE takeover_links (
  repository_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, kind, digest)
) WITHOUT ROWID;

CREATE TABLE takeover_files (
  key TEXT NOT NULL PRIMARY KEY,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE takeover_findings (
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (kind, path)
) WITHOUT ROWID;

ALTER TABLE tag_events ADD COLUMN taken_over INTEGER NOT NULL DEFAULT 0;
`;
