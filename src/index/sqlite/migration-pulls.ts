/**
 * How often tags and manifests were pulled, and when last. Triggers keep a row no longer than what it describes,
 * whoever removes that. `pull_counting` has one row: when counting began.
 */
export const COUNT_PULLS = `
CREATE TABLE manifest_pulls (
  repository_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  pulls INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, digest)
) WITHOUT ROWID;
CREATE TABLE tag_pulls (
  repository_id INTEGER NOT NULL,
  tag TEXT NOT NULL,
  pulls INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, tag)
) WITHOUT ROWID;
CREATE TABLE pull_counting (since INTEGER NOT NULL);
INSERT INTO pull_counting (since) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER));
CREATE TRIGGER manifest_pulls_end AFTER DELETE ON manifests BEGIN
  DELETE FROM manifest_pulls WHERE repository_id = OLD.repository_id AND digest = OLD.digest;
END;
CREATE TRIGGER tag_pulls_end AFTER DELETE ON tags BEGIN
  DELETE FROM tag_pulls WHERE repository_id = OLD.repository_id AND tag = OLD.name;
END;
`;
