/**
 * What was removed, when and why, in the order of `id`. `kind` is manifest, tag, link (a blob out of one repository),
 * blob (its bytes), kept (a deleted manifest whose keep time is over) or upload. `name` is the tag, or the upload's id;
 * texts that say nothing are empty.
 */
export const JOURNAL = `
CREATE TABLE removals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  repository TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER,
  cause TEXT NOT NULL,
  actor TEXT NOT NULL,
  rule TEXT NOT NULL
);
CREATE INDEX removals_digest ON removals (digest, id) WHERE digest <> '';
CREATE INDEX removals_tag ON removals (repository, name, id) WHERE kind = 'tag';
CREATE INDEX removals_at ON removals (at);
`;
