/**
 * What repositories hold that share one quota, kept by triggers as in `migration-usage.ts`.
 *
 * - allowances: how much the members hold together, what several of them have counted once.
 * - allowance_members: which repositories these are. Who joins brings what it holds.
 * - allowance_contents: every blob and manifest of the members, and how many of them hold it.
 */
export const ALLOWANCES = `
CREATE TABLE allowances (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL DEFAULT 0,
  tags INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE allowance_members (
  repository_id INTEGER PRIMARY KEY,
  allowance_id INTEGER NOT NULL
);
CREATE INDEX allowance_members_allowance ON allowance_members (allowance_id);
CREATE TABLE allowance_contents (
  allowance_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  holders INTEGER NOT NULL,
  PRIMARY KEY (allowance_id, kind, digest)
) WITHOUT ROWID;
CREATE INDEX allowance_contents_digest ON allowance_contents (digest);

CREATE TRIGGER allowance_content_added AFTER INSERT ON allowance_contents BEGIN
  UPDATE allowances SET bytes = bytes + NEW.size WHERE id = NEW.allowance_id;
END;
CREATE TRIGGER allowance_content_resized AFTER UPDATE OF size ON allowance_contents WHEN NEW.size <> OLD.size BEGIN
  UPDATE allowances SET bytes = bytes + NEW.size - OLD.size WHERE id = NEW.allowance_id;
END;
CREATE TRIGGER allowance_content_removed AFTER DELETE ON allowance_contents BEGIN
  UPDATE allowances SET bytes = bytes - OLD.size WHERE id = OLD.allowance_id;
END;
CREATE TRIGGER allowance_content_unheld AFTER UPDATE OF holders ON allowance_contents WHEN NEW.holders < 1 BEGIN
  DELETE FROM allowance_contents
  WHERE allowance_id = NEW.allowance_id AND kind = NEW.kind AND digest = NEW.digest;
END;

CREATE TRIGGER allowance_member_added AFTER INSERT ON allowance_members BEGIN
  INSERT INTO allowance_contents (allowance_id, kind, digest, size, holders)
  SELECT NEW.allowance_id, 'blob', blob_links.digest, COALESCE(blobs.size, 0), 1
  FROM blob_links LEFT JOIN blobs ON blobs.digest = blob_links.digest
  WHERE repository_id = NEW.repository_id
  ON CONFLICT (allowance_id, kind, digest) DO UPDATE SET holders = holders + 1;
  INSERT INTO allowance_contents (allowance_id, kind, digest, size, holders)
  SELECT NEW.allowance_id, 'manifest', digest, size, 1 FROM manifests WHERE repository_id = NEW.repository_id
  ON CONFLICT (allowance_id, kind, digest) DO UPDATE SET holders = holders + 1;
  UPDATE allowances
  SET tags = tags + (SELECT COUNT(*) FROM tags WHERE repository_id = NEW.repository_id)
  WHERE id = NEW.allowance_id;
END;
CREATE TRIGGER allowance_member_removed AFTER DELETE ON allowance_members BEGIN
  UPDATE allowance_contents SET holders = holders - 1
  WHERE allowance_id = OLD.allowance_id AND kind = 'blob'
    AND digest IN (SELECT digest FROM blob_links WHERE repository_id = OLD.repository_id);
  UPDATE allowance_contents SET holders = holders - 1
  WHERE allowance_id = OLD.allowance_id AND kind = 'manifest'
    AND digest IN (SELECT digest FROM manifests WHERE repository_id = OLD.repository_id);
  UPDATE allowances
  SET tags = tags - (SELECT COUNT(*) FROM tags WHERE repository_id = OLD.repository_id)
  WHERE id = OLD.allowance_id;
  DELETE FROM allowances WHERE id = OLD.allowance_id
    AND NOT EXISTS (SELECT 1 FROM allowance_members WHERE allowance_id = OLD.allowance_id);
END;
CREATE TRIGGER allowance_repository_removed AFTER DELETE ON repositories BEGIN
  DELETE FROM allowance_members WHERE repository_id = OLD.id;
END;

CREATE TRIGGER allowance_link_added AFTER INSERT ON blob_links BEGIN
  INSERT INTO allowance_contents (allowance_id, kind, digest, size, holders)
  SELECT allowance_id, 'blob', NEW.digest, COALESCE((SELECT size FROM blobs WHERE digest = NEW.digest), 0), 1
  FROM allowance_members WHERE repository_id = NEW.repository_id
  ON CONFLICT (allowance_id, kind, digest) DO UPDATE SET holders = holders + 1;
END;
CREATE TRIGGER allowance_link_removed AFTER DELETE ON blob_links BEGIN
  UPDATE allowance_contents SET holders = holders - 1
  WHERE kind = 'blob' AND digest = OLD.digest
    AND allowance_id = (SELECT allowance_id FROM allowance_members WHERE repository_id = OLD.repository_id);
END;

CREATE TRIGGER allowance_blob_added AFTER INSERT ON blobs BEGIN
  UPDATE allowance_contents SET size = NEW.size WHERE digest = NEW.digest AND kind = 'blob';
END;
CREATE TRIGGER allowance_blob_resized AFTER UPDATE OF size ON blobs WHEN NEW.size <> OLD.size BEGIN
  UPDATE allowance_contents SET size = NEW.size WHERE digest = NEW.digest AND kind = 'blob';
END;
CREATE TRIGGER allowance_blob_removed AFTER DELETE ON blobs BEGIN
  UPDATE allowance_contents SET size = 0 WHERE digest = OLD.digest AND kind = 'blob';
END;

CREATE TRIGGER allowance_manifest_added AFTER INSERT ON manifests BEGIN
  INSERT INTO allowance_contents (allowance_id, kind, digest, size, holders)
  SELECT allowance_id, 'manifest', NEW.digest, NEW.size, 1
  FROM allowance_members WHERE repository_id = NEW.repository_id
  ON CONFLICT (allowance_id, kind, digest) DO UPDATE SET holders = holders + 1;
END;
CREATE TRIGGER allowance_manifest_removed AFTER DELETE ON manifests BEGIN
  UPDATE allowance_contents SET holders = holders - 1
  WHERE kind = 'manifest' AND digest = OLD.digest
    AND allowance_id = (SELECT allowance_id FROM allowance_members WHERE repository_id = OLD.repository_id);
END;

CREATE TRIGGER allowance_tag_added AFTER INSERT ON tags BEGIN
  UPDATE allowances SET tags = tags + 1
  WHERE id = (SELECT allowance_id FROM allowance_members WHERE repository_id = NEW.repository_id);
END;
CREATE TRIGGER allowance_tag_removed AFTER DELETE ON tags BEGIN
  UPDATE allowances SET tags = tags - 1
  WHERE id = (SELECT allowance_id FROM allowance_members WHERE repository_id = OLD.repository_id);
END;
`;
