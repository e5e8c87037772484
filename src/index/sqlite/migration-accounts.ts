/**
 * Accounts of people and of robots, what they log in with beside a password, and what they may do.
 *
 * - accounts: a robot has no password, and so an empty hash. `labels` are JSON, for rules to match.
 * - access_tokens: `hash` is SHA-256 of the token, in hex. `limits` are JSON; null leaves what the account may do.
 *   `id` is what its revocation is known by.
 * - group_mappings: whoever has this value among a label that a provider gives belongs to the group.
 * - roles: `kind` says whether `name` is that of an account or of a group.
 */
export const ACCOUNTS = `
ALTER TABLE accounts ADD COLUMN kind TEXT NOT NULL DEFAULT 'user';
ALTER TABLE accounts ADD COLUMN is_disabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN expires_at INTEGER;
ALTER TABLE accounts ADD COLUMN used_at INTEGER;
ALTER TABLE accounts ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
CREATE INDEX accounts_admins ON accounts (name) WHERE is_admin = 1;
CREATE INDEX accounts_kind ON accounts (kind, name);

CREATE TABLE access_tokens (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  limits TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  used_at INTEGER,
  UNIQUE (account, name)
) WITHOUT ROWID;

CREATE TABLE account_groups (
  name TEXT NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE group_members (
  group_name TEXT NOT NULL,
  account TEXT NOT NULL,
  PRIMARY KEY (group_name, account)
) WITHOUT ROWID;
CREATE INDEX group_members_account ON group_members (account);

CREATE TABLE group_mappings (
  label TEXT NOT NULL,
  value TEXT NOT NULL,
  group_name TEXT NOT NULL,
  PRIMARY KEY (label, value, group_name)
) WITHOUT ROWID;
CREATE INDEX group_mappings_group ON group_mappings (group_name);

CREATE TABLE roles (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  pattern TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (kind, name, pattern, role)
) WITHOUT ROWID;
`;
