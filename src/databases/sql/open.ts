import type { SqlTarget } from '../../config/dsn/target.ts';
import type { SqlClient } from './client.ts';
import { mysqlClient } from './mysql.ts';
import { postgresClient } from './postgres.ts';
import { sqliteClient } from './sqlite.ts';

/** A client for a database. Nothing is connected before the first question. The caller closes it. */
export function sqlClient(target: SqlTarget): SqlClient {
  switch (target.kind) {
    case 'mysql':
      return mysqlClient(target);
    case 'postgres':
      return postgresClient(target);
    case 'sqlite3':
      return sqliteClient(target);
  }
}
