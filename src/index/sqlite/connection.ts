import Database from 'better-sqlite3';
import { MIGRATIONS } from '../sql/migrations.ts';
import { type Query, type Session, type SqlValue, statements } from '../sql/query.ts';

/** How long a connection waits for another process that is writing. */
const BUSY_TIMEOUT_MS = 15_000;

/** The index was written by a later Berth, whose tables this one does not know. */
export class IndexTooNewError extends Error {
  constructor(file: string) {
    super(`${file} was written by a later version of Berth; start that version`);
    this.name = 'IndexTooNewError';
  }
}

/** Opens the connection that writes, creating the file and bringing its tables up to date. The caller closes it. */
export function openWriter(file: string): Database.Database {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
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

function migrate(db: Database.Database, file: string): void {
  if (version(db) === MIGRATIONS.length) return;
  db.transaction(() => {
    const found = version(db);
    if (found > MIGRATIONS.length) throw new IndexTooNewError(file);
    for (const migration of MIGRATIONS.slice(found)) {
      for (const step of migration(statements)) db.exec(step.compile().sql);
    }
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}

/** A connection as the query layer sees it; each statement is prepared once. */
export function createSession(db: Database.Database): Session {
  const prepared = new Map<Query<never, unknown>, Database.Statement>();
  const statement = (query: Query<never, unknown>): Database.Statement => {
    let found = prepared.get(query);
    if (found === undefined) {
      found = db.prepare(query.sql);
      prepared.set(query, found);
    }
    return found;
  };
  const bound = <P extends Readonly<Record<string, SqlValue>>, Row>(
    query: Query<P, Row>,
    parameters: P,
  ): [Database.Statement, SqlValue[]] => [statement(query as Query<never, unknown>), query.bind(parameters)];

  return {
    async all<P extends Readonly<Record<string, SqlValue>>, Row>(query: Query<P, Row>, parameters: P) {
      const [prepared, values] = bound(query, parameters);
      return prepared.all(...values) as Row[];
    },
    async first<P extends Readonly<Record<string, SqlValue>>, Row>(query: Query<P, Row>, parameters: P) {
      const [prepared, values] = bound(query, parameters);
      return prepared.get(...values) as Row | undefined;
    },
    async run<P extends Readonly<Record<string, SqlValue>>, Row>(query: Query<P, Row>, parameters: P) {
      const [prepared, values] = bound(query, parameters);
      return prepared.run(...values).changes;
    },
  };
}
