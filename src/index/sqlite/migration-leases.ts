/**
 * Background work that one process at a time is to do, for all that share the index. Until `until` it belongs to
 * `owner`; `result` is what the last run left behind.
 */
export const LEASES = `
CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  owner TEXT,
  until INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  result TEXT
) WITHOUT ROWID;
`;
