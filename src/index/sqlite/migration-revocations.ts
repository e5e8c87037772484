/**
 * What was granted and is void before its time. Revocations are counted: `revocation_count` has one row, the number of
 * the last one, and a token carries the number that was the last when it was issued. So no clock decides what came
 * first.
 */
export const REVOCATIONS = `
CREATE TABLE revocation_count (generation INTEGER NOT NULL);
INSERT INTO revocation_count (generation) VALUES (0);
CREATE TABLE revocations (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  generation INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE INDEX revocations_generation ON revocations (generation);
CREATE INDEX revocations_at ON revocations (at);
`;
