import { Unreachable } from '../../auth/unreachable.ts';
import { reasonOf } from '../reason.ts';
import type { Row, SqlClient } from './client.ts';

/** The tables of docker_auth, as its xorm makes them (`Sync2` of `XormUser` and `XormACLEntry`). */
const TABLES = {
  xorm_user: {
    mysql:
      'id BIGINT(20) PRIMARY KEY AUTO_INCREMENT NOT NULL, username VARCHAR(128) NOT NULL, password_hash VARCHAR(128) NOT NULL, labels JSON NULL',
    postgres:
      'id BIGSERIAL PRIMARY KEY NOT NULL, username VARCHAR(128) NOT NULL, password_hash VARCHAR(128) NOT NULL, labels JSON NULL',
    sqlite3:
      'id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, username TEXT NOT NULL, password_hash TEXT NOT NULL, labels TEXT NULL',
  },
  xorm_acl_entry: {
    mysql: 'acl_entry JSON NULL, seq BIGINT(20) NULL',
    postgres: 'acl_entry JSON NULL, seq BIGINT NULL',
    sqlite3: 'acl_entry TEXT NULL, seq INTEGER NULL',
  },
} as const;

/**
 * Asks a table of docker_auth's, which is made where there is none. One that is there is never changed, and nobody
 * needs the right to make one then.
 * @throws Unreachable; Error that names the database
 */
export async function askTable(
  client: SqlClient,
  table: keyof typeof TABLES,
  statement: string,
  values: readonly string[] = [],
): Promise<readonly Row[]> {
  try {
    return await client.query(statement, values);
  } catch (error) {
    if (!client.isMissingTable(error)) throw named(client, error);
  }
  let refusal: unknown;
  try {
    await client.query(`CREATE TABLE IF NOT EXISTS ${table} (${TABLES[table][client.dialect]})`);
  } catch (error) {
    refusal = error;
  }
  try {
    return await client.query(statement, values);
  } catch (error) {
    // Another process may have made it at the same moment; only where it is still missing does the refusal matter.
    if (!client.isMissingTable(error) || refusal === undefined) throw named(client, error);
    throw new Error(
      `${client.place} has no table ${table}, and it could not be made: ${reasonOf(refusal)}; make it: CREATE TABLE ${table} (${TABLES[table][client.dialect]})`,
    );
  }
}

function named(client: SqlClient, error: unknown): unknown {
  return error instanceof Unreachable
    ? error
    : new Error(`${client.place} refuses a question: ${reasonOf(error)}`);
}
