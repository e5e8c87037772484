import type { Pool, PoolConnection, PoolOptions, QueryResult } from 'mysql2/promise';
import type { MysqlTarget } from '../../config/dsn/mysql.ts';
import { machineAuthorities } from '../authorities.ts';
import { codeOf } from '../reason.ts';
import { TookTooLong, within } from '../within.ts';
import { LIMITS, type Row, type SqlClient } from './client.ts';
import { overBrokenConnections } from './retry.ts';

const BROKEN = ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ER_CLIENT_INTERACTION_TIMEOUT'];
const NO_SUCH_TABLE = 'ER_NO_SUCH_TABLE';

/** MySQL and MariaDB. */
export function mysqlClient(target: MysqlTarget): SqlClient {
  const { address } = target;
  const place = `mysql at ${'socket' in address ? address.socket : `${address.host}:${address.port}`}`;
  let tls = target.tls;
  let pool: Promise<Pool> | undefined;
  const open = (): Promise<Pool> => {
    pool ??= import('mysql2/promise').then(({ createPool }) => createPool(optionsOf(target, tls)));
    return pool;
  };
  const connect = async (): Promise<PoolConnection> => {
    const limitMs = target.connectTimeoutMs ?? LIMITS.connectMs;
    try {
      return await within(limitMs, (await open()).getConnection(), (late) => late.release());
    } catch (error) {
      if (tls !== 'preferred' || codeOf(error) !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error;
      tls = 'off';
      const old = pool;
      pool = undefined;
      await (await old)?.end();
      return connect();
    }
  };
  return {
    dialect: 'mysql',
    place,
    query: (statement, values = []) =>
      overBrokenConnections(place, { isBroken, isUnreachable }, async () => {
        const connection = await connect();
        try {
          // Prepared by the server: how a text is quoted depends on its settings (NO_BACKSLASH_ESCAPES, character sets).
          const [rows] = await within(
            target.queryTimeoutMs ?? LIMITS.queryMs,
            connection.execute<QueryResult>(statement, [...values]),
          );
          connection.release();
          return Array.isArray(rows) ? (rows as Row[]) : [];
        } catch (error) {
          if (isUnreachable(error) || isBroken(error)) connection.destroy();
          else connection.release();
          throw error;
        }
      }),
    isMissingTable: (error) => codeOf(error) === NO_SUCH_TABLE,
    isForeignText: (error) => codeOf(error) === 'ER_CANT_AGGREGATE_2COLLATIONS',
    async close() {
      await (await pool?.catch(() => undefined))?.end();
    },
  };
}

function isBroken(error: unknown): boolean {
  return BROKEN.includes(codeOf(error));
}

/** The server is away, is too slow, or does not let us in. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof TookTooLong) return true;
  return error instanceof Error && (('fatal' in error && error.fatal === true) || 'syscall' in error);
}

function optionsOf(target: MysqlTarget, tls: MysqlTarget['tls']): PoolOptions {
  const { address } = target;
  return {
    ...('socket' in address ? { socketPath: address.socket } : { host: address.host, port: address.port }),
    user: target.user,
    password: target.password.reveal(),
    database: target.database,
    charset: 'utf8mb4',
    connectionLimit: LIMITS.connections,
    maxIdle: 2,
    idleTimeout: LIMITS.idleMs,
    connectTimeout: target.connectTimeoutMs ?? LIMITS.connectMs,
    enableKeepAlive: true,
    supportBigNumbers: true,
    enableCleartextPlugin: target.allowsCleartext,
    ...(tls !== 'off' && {
      // As with Go's driver the name has to be right, too: any authority of this machine would do for any server.
      ssl:
        tls === 'verified'
          ? { ca: machineAuthorities(), verifyIdentity: 'host' in address }
          : { rejectUnauthorized: false },
    }),
  };
}
