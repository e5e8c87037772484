import { ACCOUNTS } from './migration-accounts.ts';
import { ALLOWANCES } from './migration-allowances.ts';
import { BROWSER_LOGINS } from './migration-browser-logins.ts';
import { JOURNAL } from './migration-journal.ts';
import { KEY_RINGS } from './migration-key-rings.ts';
import { KEY_ROTATION } from './migration-key-rotation.ts';
import { LEASES } from './migration-leases.ts';
import { LOGINS } from './migration-logins.ts';
import { COUNT_PULLS } from './migration-pulls.ts';
import { QUARANTINE } from './migration-quarantine.ts';
import { REVOCATIONS } from './migration-revocations.ts';
import { READABLE_TAG_HISTORY } from './migration-tag-history.ts';
import { TAKEOVER } from './migration-takeover.ts';
import { KEEP_DELETED } from './migration-trash.ts';
import { UPLOAD_TOKENS } from './migration-upload-tokens.ts';
import { REPOSITORY_USAGE } from './migration-usage.ts';

/**
 * The tables. Times are milliseconds since 1970, truth values are 0 and 1, documents are JSON text; names, digests
 * and keys compare byte by byte.
 *
 * - repositories: `listed_at` is when the first manifest came. While there are only blobs it is null, and the
 *   repository is not listed.
 * - manifest_bodies: manifests' bytes; those of equal manifests in several repositories are kept once.
 * - manifests: has row ids, as its rows can be large; without them, each step of a search would read whole rows.
 *   `annotations` are there for the list of referrers alone.
 * - manifest_references: what a manifest needs to be whole, its blobs and, for an index, its manifests.
 * - tag_events: every move of every tag. A null digest is a removal.
 * - upload_parts: a part of size 0 is a key that was claimed and holds nothing acknowledged.
 * - discarded_keys: keys whose bytes are to be removed, written in the transaction that gives up the last mention
 *   of the key.
 */
const CREATE_TABLES = `
CREATE TABLE repositories (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  listed_at INTEGER
);
CREATE INDEX repositories_listed ON repositories (name) WHERE listed_at IS NOT NULL;

CREATE TABLE blobs (
  digest TEXT NOT NULL PRIMARY KEY,
  key TEXT NOT NULL,
  size INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE blob_links (
  repository_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (repository_id, digest)
) WITHOUT ROWID;
CREATE INDEX blob_links_digest ON blob_links (digest);

CREATE TABLE manifest_bodies (
  digest TEXT NOT NULL PRIMARY KEY,
  bytes BLOB NOT NULL
);

CREATE TABLE manifests (
  repository_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  subject TEXT,
  artifact_type TEXT,
  annotations TEXT,
  pushed_at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, digest)
);
CREATE INDEX manifests_digest ON manifests (digest);
CREATE INDEX manifests_subject ON manifests (repository_id, subject, digest) WHERE subject IS NOT NULL;

CREATE TABLE manifest_references (
  repository_id INTEGER NOT NULL,
  manifest TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (repository_id, manifest, target)
) WITHOUT ROWID;
CREATE INDEX manifest_references_target ON manifest_references (repository_id, target);

CREATE TABLE tags (
  repository_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (repository_id, name)
) WITHOUT ROWID;
CREATE INDEX tags_digest ON tags (repository_id, digest);

CREATE TABLE tag_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  repository_id INTEGER NOT NULL,
  tag TEXT NOT NULL,
  digest TEXT,
  previous TEXT,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX tag_events_tag ON tag_events (repository_id, tag, id);

CREATE TABLE uploads (
  id TEXT NOT NULL PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  touched_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_touched ON uploads (touched_at);

CREATE TABLE upload_parts (
  upload_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  key TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (upload_id, position)
) WITHOUT ROWID;

CREATE TABLE discarded_keys (
  key TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE accounts (
  name TEXT NOT NULL PRIMARY KEY,
  password_hash TEXT NOT NULL,
  is_admin INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  private_key TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
`;

/**
 * The queue of notifications.
 *
 * - events: what happened, in the order of `position`; `body` is the event without its envelope.
 * - event_deliveries: one row for each endpoint that is to hear of an event; `state` is pending, delivered or parked.
 * - event_lanes: a row for each endpoint and repository with something pending. It is what a process claims: until
 *   `due_at` it belongs to `owner`, or waits where there is none.
 */
const CREATE_EVENTS = `
CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  action TEXT NOT NULL,
  repository TEXT NOT NULL,
  body TEXT NOT NULL
);

CREATE TABLE event_deliveries (
  endpoint TEXT NOT NULL,
  position INTEGER NOT NULL,
  repository TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (endpoint, position)
) WITHOUT ROWID;
CREATE INDEX event_deliveries_position ON event_deliveries (position);
CREATE INDEX event_deliveries_pending ON event_deliveries (endpoint, repository, position)
  WHERE state = 'pending';
CREATE INDEX event_deliveries_parked ON event_deliveries (endpoint, position) WHERE state = 'parked';

CREATE TABLE event_lanes (
  endpoint TEXT NOT NULL,
  repository TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  owner TEXT,
  PRIMARY KEY (endpoint, repository)
) WITHOUT ROWID;
CREATE INDEX event_lanes_due ON event_lanes (endpoint, due_at);
`;

/**
 * When a blob came into a repository, or came again. What is there already counts as new. A process of an earlier
 * version that still runs knows nothing of the column; the default is for what that one writes.
 */
const DATE_BLOB_LINKS = `
CREATE TABLE dated_blob_links (
  repository_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  linked_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
  PRIMARY KEY (repository_id, digest)
) WITHOUT ROWID;
INSERT INTO dated_blob_links (repository_id, digest) SELECT repository_id, digest FROM blob_links;
DROP TABLE blob_links;
ALTER TABLE dated_blob_links RENAME TO blob_links;
CREATE INDEX blob_links_digest ON blob_links (digest);
`;

/**
 * Every step from one version of the tables to the next, in order. The version is the number of steps that were
 * taken. Steps that were released are never edited.
 */
export const MIGRATIONS: readonly string[] = [
  CREATE_TABLES,
  CREATE_EVENTS,
  DATE_BLOB_LINKS,
  READABLE_TAG_HISTORY,
  REPOSITORY_USAGE,
  ALLOWANCES,
  COUNT_PULLS,
  KEEP_DELETED,
  JOURNAL,
  LEASES,
  TAKEOVER,
  QUARANTINE,
  REVOCATIONS,
  LOGINS,
  BROWSER_LOGINS,
  ACCOUNTS,
  KEY_ROTATION,
  KEY_RINGS,
  UPLOAD_TOKENS,
];
