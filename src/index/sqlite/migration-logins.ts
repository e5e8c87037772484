/**
 * Logins that clients keep in place of a password: `secret_hash` is all that is known of the refresh token. A null
 * `extends` leaves `expires_at` where it is; a null `ended_at` means that the login goes on.
 */
export const LOGINS = `
CREATE TABLE logins (
  id TEXT NOT NULL PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  provider TEXT NOT NULL,
  account TEXT NOT NULL,
  version TEXT,
  service TEXT NOT NULL,
  client_id TEXT NOT NULL,
  labels TEXT NOT NULL,
  is_admin INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  extends INTEGER,
  ended_at INTEGER,
  ended_by TEXT
) WITHOUT ROWID;
CREATE INDEX logins_account ON logins (account, used_at);
CREATE INDEX logins_used ON logins (used_at, id) WHERE ended_at IS NULL;
CREATE INDEX logins_expires ON logins (expires_at);
`;
