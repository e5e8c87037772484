import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from 'better-sqlite3';
import { Unreachable } from '../../auth/unreachable.ts';
import type { SqliteTarget } from '../../config/dsn/sqlite.ts';
import { codeOf, reasonOf } from '../reason.ts';
import { LIMITS, type Row, type SqlClient } from './client.ts';

/** While another program writes: a wait here would stop the whole process, so that it is short, and many. */
const BUSY_MS = 10;
const PAUSE_MS = 40;
const AWAY = ['SQLITE_CANTOPEN', 'SQLITE_NOTADB', 'SQLITE_IOERR', 'SQLITE_BUSY', 'SQLITE_LOCKED'];

interface Opened {
  readonly database: Database;
  /** Which file it was, since another one may be put into its place. */
  readonly identity: string;
}

/** A file of SQLite. It is made where it is missing at the first use only: one that vanishes later is missed. */
export function sqliteClient({ file, mode }: SqliteTarget): SqlClient {
  const place = `the sqlite3 file ${file}`;
  let opened: Promise<Opened> | undefined;
  let wasOpen = false;
  const shut = async (): Promise<void> => {
    const old = opened;
    opened = undefined;
    (await old?.catch(() => undefined))?.database.close();
  };
  const open = async (): Promise<Opened> => {
    const { default: Sqlite } = await import('better-sqlite3');
    const fileMustExist = wasOpen || mode !== 'rwc';
    const database = new Sqlite(file, { readonly: mode === 'ro', fileMustExist, timeout: BUSY_MS });
    wasOpen = true;
    return { database, identity: await identityOf(file) };
  };
  const current = async (): Promise<Database> => {
    if (opened !== undefined && (await opened).identity !== (await identityOf(file))) await shut();
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return (await opened).database;
  };
  const ask = async (statement: string, values: readonly string[]): Promise<readonly Row[]> => {
    const prepared = (await current()).prepare<string[], Row>(statement);
    if (prepared.reader) return prepared.all(...values);
    prepared.run(...values);
    return [];
  };
  return {
    dialect: 'sqlite3',
    place,
    async query(statement, values = []) {
      const endMs = performance.now() + LIMITS.queryMs;
      for (;;) {
        try {
          return await ask(statement, values);
        } catch (error) {
          // Somebody who found another file in its place closes this one.
          const isClosed = error instanceof TypeError && /connection is not open/.test(error.message);
          const isBusy = /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error));
          if ((isBusy || isClosed) && performance.now() < endMs) {
            await sleep(PAUSE_MS);
            continue;
          }
          const isAway = AWAY.some((code) => codeOf(error).startsWith(code)) || error instanceof TypeError;
          if (!isAway) throw error;
          await shut();
          throw new Unreachable(`${place} cannot be used: ${reasonOf(error)}`);
        }
      }
    },
    isMissingTable: (error) => codeOf(error) === 'SQLITE_ERROR' && /^no such table/.test(reasonOf(error)),
    close: shut,
  };
}

async function identityOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return found === undefined ? 'missing' : `${found.dev} ${found.ino}`;
}
