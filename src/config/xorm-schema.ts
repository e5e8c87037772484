import type { Decoding } from './decoding.ts';
import { DsnError } from './dsn/dsn-error.ts';
import { DATABASE_TYPES, type DatabaseType, parseTarget, type SqlTarget } from './dsn/target.ts';
import type { ConfigNode } from './node.ts';
import { required, type Type } from './schema.ts';
import type { Secret } from './secret.ts';
import { duration, oneOf, secretText } from './types-scalar.ts';
import { placeOfKey, refine, section } from './types-section.ts';

/** Accounts in a table of a database. */
export interface XormAuthSettings {
  readonly target: SqlTarget;
}

/** Rules in a table of a database. */
export interface AclXormSettings extends XormAuthSettings {
  readonly cacheTtlMs: number;
}

const EXAMPLES: Readonly<Record<DatabaseType, string>> = {
  mysql: 'user:password@tcp(host:3306)/database',
  postgres: 'postgres://user:password@host/database or host=… user=… password=… dbname=…',
  sqlite3: '/path/to/file.db',
};

const NO_DRIVER = 'docker_auth has no driver for it either; write mysql, postgres or sqlite3';

const connection = {
  database_type: required(
    oneOf(DATABASE_TYPES, {
      instead: {
        sqlite: 'write sqlite3',
        mariadb: 'write mysql',
        postgresql: 'write postgres',
        mssql: NO_DRIVER,
        oracle: NO_DRIVER,
      },
    }),
    'Kind of database.',
  ),
  conn_string: required(
    secretText,
    "How to reach it, in the syntax of docker_auth's driver: `user:password@tcp(host:3306)/database`, `postgres://user:password@host/database` or `host=… dbname=…`, the name of a file for sqlite3.",
  ),
};

/** `xorm_auth` */
export const xormAuth: Type<XormAuthSettings> = refine(section(connection), (value, at, node) => {
  const target = targetOf(value, at, node);
  return target && { target };
});

/** `cache_ttl` of `acl_xorm` and `acl_mongo`. */
export const cacheTtl = required(
  refine(duration, (ms, at) => {
    if (ms > 0) return ms;
    at.report(`${at.name} is 0, with which docker_auth ends; write how often rules are read, such as 1m`);
    return undefined;
  }),
  'How often the rules are read again, such as `1m`. docker_auth ends where it is missing or 0.',
);

/** `acl_xorm` */
export const aclXorm: Type<AclXormSettings> = refine(
  section({ ...connection, cache_ttl: cacheTtl }),
  (value, at, node) => {
    const target = targetOf(value, at, node);
    return target && { target, cacheTtlMs: value.cache_ttl };
  },
);

function targetOf(
  value: { readonly database_type: DatabaseType; readonly conn_string: Secret },
  at: Decoding,
  node: ConfigNode,
): SqlTarget | undefined {
  try {
    return parseTarget(value.database_type, value.conn_string.reveal());
  } catch (error) {
    if (!(error instanceof DsnError)) throw error;
    at.report(
      `the conn_string of ${at.name} cannot be used: ${error.message}; as in ${EXAMPLES[value.database_type]}`,
      placeOfKey(node, 'conn_string', at),
    );
    return undefined;
  }
}
