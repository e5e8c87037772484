import { type MysqlTarget, parseMysqlDsn } from './mysql.ts';
import { type PostgresTarget, parsePostgresConnection } from './postgres.ts';
import { parseSqliteDsn, type SqliteTarget } from './sqlite.ts';

/** The kinds of database that docker_auth is built with. */
export const DATABASE_TYPES = ['mysql', 'postgres', 'sqlite3'] as const;

export type DatabaseType = (typeof DATABASE_TYPES)[number];

/** A database and how to reach it. */
export type SqlTarget = MysqlTarget | PostgresTarget | SqliteTarget;

/**
 * Reads a connection string in the syntax of the driver that docker_auth uses for this kind of database.
 * @throws DsnError
 */
export function parseTarget(type: DatabaseType, text: string): SqlTarget {
  switch (type) {
    case 'mysql':
      return parseMysqlDsn(text);
    case 'postgres':
      return parsePostgresConnection(text);
    case 'sqlite3':
      return parseSqliteDsn(text);
  }
}
