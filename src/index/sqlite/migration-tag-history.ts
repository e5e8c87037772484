/**
 * Lets the history of tags be read: an event carries type and size of its manifest, which may be gone by then, and
 * the events of a tag, or those of one manifest under it, are found by their time.
 */
export const READABLE_TAG_HISTORY = `
ALTER TABLE tag_events ADD COLUMN media_type TEXT;
ALTER TABLE tag_events ADD COLUMN size INTEGER;
UPDATE tag_events SET
  media_type = (SELECT media_type FROM manifests WHERE digest = COALESCE(tag_events.digest, previous) LIMIT 1),
  size = (SELECT size FROM manifests WHERE digest = COALESCE(tag_events.digest, previous) LIMIT 1);
DROP INDEX tag_events_tag;
CREATE INDEX tag_events_at ON tag_events (repository_id, tag, at);
CREATE INDEX tag_events_digest ON tag_events (repository_id, tag, COALESCE(digest, previous), at);
`;
