/**
 * How much each repository holds, kept by triggers: whoever changes blobs, links, manifests or tags counts, in the
 * same transaction, and nobody can forget to. A migration that makes one of these tables anew has to make its triggers
 * anew.
 *
 * `bytes` is the sum over the repository's links of what `blobs` says of their size, and over its manifests.
 */
export const REPOSITORY_USAGE = `
CREATE TABLE repository_usage (
  repository_id INTEGER PRIMARY KEY,
  bytes INTEGER NOT NULL,
  tags INTEGER NOT NULL
);
INSERT INTO repository_usage (repository_id, bytes, tags) SELECT
  id,
  COALESCE((
    SELECT SUM(size) FROM blob_links JOIN blobs ON blobs.digest = blob_links.digest WHERE repository_id = id
  ), 0) + COALESCE((SELECT SUM(size) FROM manifests WHERE repository_id = id), 0),
  (SELECT COUNT(*) FROM tags WHERE repository_id = id)
FROM repositories;

CREATE TRIGGER usage_repository_added AFTER INSERT ON repositories BEGIN
  INSERT INTO repository_usage (repository_id, bytes, tags) VALUES (NEW.id, 0, 0);
END;
CREATE TRIGGER usage_repository_removed AFTER DELETE ON repositories BEGIN
  DELETE FROM repository_usage WHERE repository_id = OLD.id;
END;

CREATE TRIGGER usage_link_added AFTER INSERT ON blob_links BEGIN
  UPDATE repository_usage
  SET bytes = bytes + COALESCE((SELECT size FROM blobs WHERE digest = NEW.digest), 0)
  WHERE repository_id = NEW.repository_id;
END;
CREATE TRIGGER usage_link_removed AFTER DELETE ON blob_links BEGIN
  UPDATE repository_usage
  SET bytes = bytes - COALESCE((SELECT size FROM blobs WHERE digest = OLD.digest), 0)
  WHERE repository_id = OLD.repository_id;
END;

CREATE TRIGGER usage_blob_added AFTER INSERT ON blobs BEGIN
  UPDATE repository_usage SET bytes = bytes + NEW.size
  WHERE repository_id IN (SELECT repository_id FROM blob_links WHERE digest = NEW.digest);
END;
CREATE TRIGGER usage_blob_resized AFTER UPDATE OF size ON blobs WHEN NEW.size <> OLD.size BEGIN
  UPDATE repository_usage SET bytes = bytes + NEW.size - OLD.size
  WHERE repository_id IN (SELECT repository_id FROM blob_links WHERE digest = NEW.digest);
END;
CREATE TRIGGER usage_blob_removed AFTER DELETE ON blobs BEGIN
  UPDATE repository_usage SET bytes = bytes - OLD.size
  WHERE repository_id IN (SELECT repository_id FROM blob_links WHERE digest = OLD.digest);
END;

CREATE TRIGGER usage_manifest_added AFTER INSERT ON manifests BEGIN
  UPDATE repository_usage SET bytes = bytes + NEW.size WHERE repository_id = NEW.repository_id;
END;
CREATE TRIGGER usage_manifest_resized AFTER UPDATE OF size ON manifests WHEN NEW.size <> OLD.size BEGIN
  UPDATE repository_usage SET bytes = bytes + NEW.size - OLD.size WHERE repository_id = NEW.repository_id;
END;
CREATE TRIGGER usage_manifest_removed AFTER DELETE ON manifests BEGIN
  UPDATE repository_usage SET bytes = bytes - OLD.size WHERE repository_id = OLD.repository_id;
END;

CREATE TRIGGER usage_tag_added AFTER INSERT ON tags BEGIN
  UPDATE repository_usage SET tags = tags + 1 WHERE repository_id = NEW.repository_id;
END;
CREATE TRIGGER usage_tag_removed AFTER DELETE ON tags BEGIN
  UPDATE repository_usage SET tags = tags - 1 WHERE repository_id = OLD.repository_id;
END;
`;
