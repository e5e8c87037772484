import { Secret } from '../secret.ts';
import { DsnError, wholeNumber } from './dsn-error.ts';
import { parseKeywords } from './postgres-keywords.ts';
import { isPostgresUrl, parsePostgresUrl } from './postgres-url.ts';

/** How much of the server's certificate is checked; `require` checks nothing. */
export type PostgresTls = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** A PostgreSQL server and what to use there. */
export interface PostgresTarget {
  readonly kind: 'postgres';
  /** A name or address, or the folder of a socket; undefined: what `PGHOST` says, or this machine. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  readonly database: string;
  readonly tls: PostgresTls;
  /** PEM files: the authorities that the server's certificate must come from, and a certificate of our own. */
  readonly files: {
    readonly authorities: string | undefined;
    readonly certificate: string | undefined;
    readonly key: string | undefined;
  };
  /** Settings of the session, by name. */
  readonly settings: ReadonlyMap<string, string>;
  /** undefined: Berth's own. */
  readonly connectTimeoutMs: number | undefined;
}

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

/** Names that lib/pq takes for itself and that change nothing here, such as how it encodes values. */
const WITHOUT_EFFECT = [
  'fallback_application_name',
  'binary_parameters',
  'disable_prepared_binary_result',
  'client_encoding',
  'datestyle',
  'sslsni',
  'krbsrvname',
  'krbspn',
];

/**
 * Reads a connection string of lib/pq: `name=value` pairs, or a URL. As there, `sslmode` is `require` unless something
 * else is written.
 * @throws DsnError
 */
export function parsePostgresConnection(text: string): PostgresTarget {
  const values = isPostgresUrl(text) ? parsePostgresUrl(text) : parseKeywords(text);
  const take = (name: string): string | undefined => {
    const value = values.get(name);
    values.delete(name);
    return value === '' ? undefined : value;
  };
  for (const name of ['sslinline', 'passfile', 'service', 'hostaddr', 'sslpassword']) {
    if (values.has(name)) throw new DsnError(`${name} is not supported`);
  }
  for (const name of WITHOUT_EFFECT) values.delete(name);
  const host = take('host');
  const port = take('port');
  const password = take('password');
  const timeout = take('connect_timeout');
  const database = take('dbname');
  const mode = take('sslmode') ?? 'require';
  const files = { authorities: take('sslrootcert'), certificate: take('sslcert'), key: take('sslkey') };
  if (database === undefined) throw new DsnError('dbname is missing');
  if (host?.includes(',')) throw new DsnError('only one host can be written');
  const seconds = timeout === undefined ? 0 : wholeNumber(timeout, 'connect_timeout', { min: 0, max: 3600 });
  return {
    kind: 'postgres',
    host,
    port: port === undefined ? undefined : wholeNumber(port, 'port', { min: 1, max: 65_535 }),
    user: take('user'),
    password: password === undefined ? undefined : new Secret(password),
    database,
    // "SSL is not necessary or supported over UNIX domain sockets" (lib/pq).
    tls: host?.startsWith('/') === true ? 'disable' : tlsOf(mode, files.authorities),
    files,
    settings: settingsOf(values),
    // Zero is "as long as it takes", which would hold a login for ever.
    connectTimeoutMs: seconds === 0 ? undefined : seconds * 1000,
  };
}

function tlsOf(mode: string, authorities: string | undefined): PostgresTls {
  const known = MODES.find((each) => each === mode);
  if (known === undefined) throw new DsnError(`sslmode must be one of ${MODES.join(', ')}`);
  // As lib/pq and libpq: with authorities at hand, the certificate is checked against them.
  return known === 'require' && authorities !== undefined ? 'verify-ca' : known;
}

function settingsOf(values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  for (const name of values.keys()) {
    if (!/^[A-Za-z_][\w.]*$/.test(name))
      throw new DsnError('a name before an equals sign is none that PostgreSQL has');
  }
  return values;
}
