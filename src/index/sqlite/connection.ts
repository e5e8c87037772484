import Database from 'better-sqlite3';
import type { Parameters, Query, Session } from '../sql/query.ts';
import { MIGRATIONS } from './migrations.ts';

/** How long a connection waits for another process that is writing. */
const BUSY_TIMEOUT_MS = 15_000;

/** Stands in the file's header and says whose it is: "Brth". */
const APPLICATION_ID = 0x42727468;

/** The file is a database of another program. */
class ForeignDatabaseError extends Error {
  constructor(file: string) {
    super(`${file} is a database of another program; it is left as it is`);
    this.name = 'ForeignDatabaseError';
  }
}

/** The index was written by a later Berth, whose tables this one does not know. */
class IndexTooNewError extends Error {
  constructor(file: string) {
    super(`${file} was written by a later version of Berth; start that version`);
    this.name = 'IndexTooNewError';
  }
}

/** Opens the connection that writes, creating the file and bringing its tables up to date. The caller closes it. */
export function openWriter(file: string): Database.Database {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    // Before anything is written: the file may be somebody else's.
    assertKnownVersion(db, file);
    db.pragma('journal_mode = WAL');
    // FULL syncs the log at each commit: what was acknowledged survives a loss of power.
    db.pragma('synchronous = FULL');
    migrate(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens a connection that only reads, on a file that `openWriter` opened before. The caller closes it. */
export function openReader(file: string): Database.Database {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS, readonly: true, fileMustExist: true });
  db.pragma('mmap_size = 268435456');
  return db;
}

function version(db: Database.Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

function assertKnownVersion(db: Database.Database, file: string): void {
  const isNew = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!isNew && db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new ForeignDatabaseError(file);
  }
  if (version(db) > MIGRATIONS.length) throw new IndexTooNewError(file);
}

function migrate(db: Database.Database, file: string): void {
  if (version(db) === MIGRATIONS.length) return;
  db.transaction(() => {
    // Another process may have been first.
    assertKnownVersion(db, file);
    for (const step of MIGRATIONS.slice(version(db))) db.exec(step);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
    db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}

/** A connection as the query layer sees it; each statement is prepared once. */
export function createSession(db: Database.Database): Session {
  const prepared = new Map<string, Database.Statement>();
  const statement = (sql: string): Database.Statement => {
    let found = prepared.get(sql);
    if (found === undefined) {
      found = db.prepare(sql);
      prepared.set(sql, found);
    }
    return found;
  };
  return {
    async all<P extends Parameters, Row>(query: Query<P, Row>, parameters: P) {
      return statement(query.sql).all(parameters) as Row[];
    },
    async first<P extends Parameters, Row>(query: Query<P, Row>, parameters: P) {
      return statement(query.sql).get(parameters) as Row | undefined;
    },
    async run<P extends Parameters, Row>(query: Query<P, Row>, parameters: P) {
      return statement(query.sql).run(parameters).changes;
    },
  };
}
