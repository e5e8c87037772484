/**
 * What was found damaged, and how far verifications have come.
 *
 * - quarantine: a blob's row moved here from `blobs`; its links stay. `key` is null once the damaged bytes were given
 *   up, `bytes` are those of a manifest, `healed_at` is when the content was pushed again.
 * - verify_runs: `after` is the digest where the run stands, `finished_at` when the last whole one ended.
 */
export const QUARANTINE = `
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  key TEXT,
  bytes BLOB,
  size INTEGER NOT NULL,
  reason TEXT NOT NULL,
  found_at INTEGER NOT NULL,
  healed_at INTEGER
);
CREATE UNIQUE INDEX quarantine_open ON quarantine (digest, kind) WHERE healed_at IS NULL;

CREATE TABLE verify_runs (
  name TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  touched_at INTEGER NOT NULL,
  after TEXT,
  finished_at INTEGER
) WITHOUT ROWID;
`;
