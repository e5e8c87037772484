import type { LoginDocument } from '../logins.ts';
import { query, type Session } from './query.ts';

type Key = { section: string; account: string };

const FIND = query<Key, LoginDocument>(
  'SELECT document, version FROM logins WHERE section = :section AND account = :account',
);

const ADD = query<Key & { document: string; version: number }>(
  `INSERT INTO logins (section, account, document, version) VALUES (:section, :account, :document, :version)
   ON CONFLICT DO NOTHING`,
);

const REPLACE = query<Key & { document: string; version: number; expected: number }>(
  `UPDATE logins SET document = :document, version = :version
   WHERE section = :section AND account = :account AND version = :expected`,
);

const DELETE = query<Key & { expected: number }>(
  'DELETE FROM logins WHERE section = :section AND account = :account AND version = :expected',
);

export async function findLogin(
  session: Session,
  section: string,
  account: string,
): Promise<LoginDocument | undefined> {
  return session.first(FIND, { section, account });
}

/** @param version of the new document; drawn by chance, so that one that was removed and made anew is told apart */
export async function replaceLogin(
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

export async function removeLogin(
  session: Session,
  section: string,
  account: string,
  expected: number,
): Promise<boolean> {
  return (await session.run(DELETE, { section, account, expected })) > 0;
}
