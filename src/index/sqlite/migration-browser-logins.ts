/** One document for each account that signed in with a browser; `version` tells one change from the next. */
export const BROWSER_LOGINS = `
CREATE TABLE browser_logins (
  section TEXT NOT NULL,
  account TEXT NOT NULL,
  document TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (section, account)
) WITHOUT ROWID;
`;
