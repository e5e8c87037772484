import type { BrowserLoginDocument } from '../browser-logins.ts';
import { query, type Session } from './query.ts';

type Key = { section: string; account: string };

const FIND = query<Key, BrowserLoginDocument>(
  'SELECT document, version FROM browser_logins WHERE section = :section AND account = :account',
);

const ADD = query<Key & { document: string; version: number }>(
  `INSERT INTO browser_logins (section, account, document, version) VALUES (:section, :account, :document, :version)
   ON CONFLICT DO NOTHING`,
);

const REPLACE = query<Key & { document: string; version: number; expected: number }>(
  `UPDATE browser_logins SET document = :document, version = :version
   WHERE section = :section AND account = :account AND version = :expected`,
);

const DELETE = query<Key & { expected: number }>(
  'DELETE FROM browser_logins WHERE section = :section AND account = :account AND version = :expected',
);

export async function findBrowserLogin(
  session: Session,
  section: string,
  account: string,
): Promise<BrowserLoginDocument | undefined> {
  return session.first(FIND, { section, account });
}

/** @param version of the new document; drawn by chance, so that one that was removed and made anew is told apart */
export async function replaceBrowserLogin(
  session: Session,
  key: Key,
  document: string,
  version: number,
  expected: number | undefined,
): Promise<number | undefined> {
  const changed =
    expected === undefined
      ? await session.run(ADD, { ...key, document, version })
      : await session.run(REPLACE, { ...key, document, version, expected });
  return changed > 0 ? version : undefined;
}

export async function removeBrowserLogin(
  session: Session,
  section: string,
  account: string,
  expected: number,
): Promise<boolean> {
  return (await session.run(DELETE, { section, account, expected })) > 0;
}
