import { readFile } from 'node:fs/promises';
import type { Pool, PoolClient, PoolConfig } from 'pg';
import type { PostgresTarget } from '../../config/dsn/postgres.ts';
import { machineAuthorities } from '../authorities.ts';
import { codeOf, reasonOf } from '../reason.ts';
import { TookTooLong, within } from '../within.ts';
import { LIMITS, type Row, type SqlClient } from './client.ts';
import { overBrokenConnections } from './retry.ts';

const NO_SUCH_TABLE = '42P01';
/** Classes of SQLSTATE: connection, authorization, no such database, out of connections, shut down. */
const AWAY = /^(08|28|3D|53|57P)/;

/** PostgreSQL. */
export function postgresClient(target: PostgresTarget): SqlClient {
  const place = `postgres at ${target.host ?? process.env['PGHOST'] ?? 'localhost'}:${target.port ?? process.env['PGPORT'] ?? 5432}`;
  const connectMs = target.connectTimeoutMs ?? LIMITS.connectMs;
  let pool: Promise<Pool> | undefined;
  const open = (): Promise<Pool> => {
    pool ??= makePool(target, connectMs).catch((error: unknown) => {
      // A file may be missing now and there later.
      pool = undefined;
      throw error;
    });
    return pool;
  };
  const connect = async (): Promise<PoolClient> =>
    within(connectMs, (await open()).connect(), (late) => late.release());
  return {
    dialect: 'postgres',
    place,
    query: (statement, values = []) =>
      overBrokenConnections(place, { isBroken, isUnreachable }, async () => {
        const client = await connect();
        try {
          const { rows } = await within(LIMITS.queryMs, client.query<Row>(numbered(statement), [...values]));
          client.release();
          return rows;
        } catch (error) {
          client.release(isUnreachable(error) || isBroken(error));
          throw error;
        }
      }),
    isMissingTable: (error) => codeOf(error) === NO_SUCH_TABLE,
    async close() {
      await (await pool?.catch(() => undefined))?.end();
    },
  };
}

async function makePool(target: PostgresTarget, connectMs: number): Promise<Pool> {
  const options: PoolConfig = {
    ...(target.host !== undefined && { host: target.host }),
    ...(target.port !== undefined && { port: target.port }),
    ...(target.user !== undefined && { user: target.user }),
    ...(target.password !== undefined && { password: target.password.reveal() }),
    database: target.database,
    ssl: await tlsOf(target),
    options: optionsOf(target.settings),
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: LIMITS.idleMs,
    max: LIMITS.connections,
    keepAlive: true,
  };
  const pool = new (await import('pg')).default.Pool(options);
  // A connection that ends while nobody uses it is taken out of the pool; without a listener the process would end.
  pool.on('error', () => undefined);
  return pool;
}

async function tlsOf({ tls, files, host }: PostgresTarget): Promise<PoolConfig['ssl']> {
  if (tls === 'disable') return false;
  const pem = (file: string | undefined) => (file === undefined ? undefined : readFile(file, 'utf8'));
  const [ca, cert, key] = await Promise.all([pem(files.authorities), pem(files.certificate), pem(files.key)]);
  return {
    rejectUnauthorized: tls !== 'require',
    ...(tls === 'verify-ca' && { checkServerIdentity: () => undefined }),
    ca: ca ?? machineAuthorities(),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(host !== undefined && !/^[\d.]+$|:/.test(host) && { servername: host }),
  };
}

/** `-c name=value` for each, as `options` of a connection has them (PostgreSQL, libpq "options"). */
function optionsOf(settings: ReadonlyMap<string, string>): string {
  const escaped = (text: string): string => text.replaceAll(/[\\\s]/g, (character) => `\\${character}`);
  return [...settings]
    .map(([name, value]) => (name === 'options' ? value : `-c ${name}=${escaped(value)}`))
    .join(' ');
}

/** `$1`, `$2` in the place of `?`. */
function numbered(statement: string): string {
  let count = 0;
  return statement.replaceAll('?', () => {
    count += 1;
    return `$${count}`;
  });
}

function isBroken(error: unknown): boolean {
  return (
    ['ECONNRESET', 'EPIPE', '57P01'].includes(codeOf(error)) || /^Connection terminated/.test(reasonOf(error))
  );
}

function isUnreachable(error: unknown): boolean {
  if (error instanceof TookTooLong || AWAY.test(codeOf(error))) return true;
  // What is no answer of the server: the system, TLS, a file that cannot be read, the driver itself.
  return error instanceof Error && error.name !== 'DatabaseError' && !('severity' in error);
}
