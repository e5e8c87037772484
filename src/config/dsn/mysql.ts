import { parseGoDuration } from '../duration.ts';
import { Secret } from '../secret.ts';
import { DsnError, hostAndPort, queryOf, unescaped } from './dsn-error.ts';

/** How TLS is used; `preferred` goes on without where the server has none, and checks nobody. */
export type MysqlTls = 'off' | 'verified' | 'unverified' | 'preferred';

/** A MySQL or MariaDB server and what to use there. */
export interface MysqlTarget {
  readonly kind: 'mysql';
  readonly address: { readonly host: string; readonly port: number } | { readonly socket: string };
  readonly user: string;
  readonly password: Secret;
  readonly database: string;
  readonly tls: MysqlTls;
  /** Whether the password may be sent as it is, as `mysql_clear_password` does. */
  readonly allowsCleartext: boolean;
  /** undefined: Berth's own. */
  readonly connectTimeoutMs: number | undefined;
  readonly queryTimeoutMs: number | undefined;
}

const DEFAULT_PORT = 3306;
const TLS: Readonly<Record<string, MysqlTls>> = {
  '': 'off',
  '0': 'off',
  false: 'off',
  '1': 'verified',
  true: 'verified',
  'skip-verify': 'unverified',
  preferred: 'preferred',
};

/**
 * Reads a data source name of go-sql-driver/mysql (`ParseDSN`):
 * `[user[:password]@][protocol[(address)]]/database[?name=value&…]`. The last slash ends the address, and the last `@`
 * before it the password, which is taken as it stands.
 * @throws DsnError
 */
export function parseMysqlDsn(text: string): MysqlTarget {
  // A name that Go would take has its slashes escaped behind the question mark.
  const slash = text.lastIndexOf('/');
  if (slash < 0)
    throw new DsnError(
      'there is no slash before the name of the database: user:password@tcp(host:3306)/database',
    );
  const before = text.slice(0, slash);
  const [name = '', parameters = ''] = text.slice(slash + 1).split(/\?(.*)/s);
  const at = before.lastIndexOf('@');
  const account = at < 0 ? '' : before.slice(0, at);
  const [user = '', password = ''] = account.split(/:(.*)/s);
  const database = unescaped(name, 'the name of the database');
  if (database === '') throw new DsnError('there is no name of a database behind the last slash');
  return {
    kind: 'mysql',
    address: addressOf(before.slice(at + 1)),
    user,
    password: new Secret(password),
    database,
    ...optionsOf(queryOf(parameters)),
  };
}

function addressOf(text: string): MysqlTarget['address'] {
  const [, protocol, address = ''] = /^([^(]*)(?:\((.*)\))?$/s.exec(text) ?? [];
  if (protocol === undefined) {
    throw new DsnError(
      'the address must end with a closing parenthesis before the last slash: tcp(host:3306)/database',
    );
  }
  switch (protocol) {
    case '':
    case 'tcp': {
      if (address === '') return { host: '127.0.0.1', port: DEFAULT_PORT };
      const { host, port } = hostAndPort(address, DEFAULT_PORT);
      return { host: host === '' ? 'localhost' : host, port };
    }
    case 'unix':
      return { socket: address === '' ? '/tmp/mysql.sock' : address };
    default:
      throw new DsnError('the protocol before the parenthesis must be tcp or unix');
  }
}

function optionsOf(
  parameters: ReadonlyMap<string, string>,
): Pick<MysqlTarget, 'tls' | 'allowsCleartext' | 'connectTimeoutMs' | 'queryTimeoutMs'> {
  const tls = TLS[(parameters.get('tls') ?? '').toLowerCase()];
  if (tls === undefined) {
    throw new DsnError(
      'tls must be true, false, skip-verify or preferred; certificates of its own cannot be named',
    );
  }
  return {
    tls: tls === 'verified' && isTrue(parameters, 'allowFallbackToPlaintext') ? 'preferred' : tls,
    allowsCleartext: isTrue(parameters, 'allowCleartextPasswords'),
    connectTimeoutMs: timeOf(parameters, 'timeout'),
    queryTimeoutMs: timeOf(parameters, 'readTimeout'),
  };
}

function isTrue(parameters: ReadonlyMap<string, string>, name: string): boolean {
  return /^(1|true)$/i.test(parameters.get(name) ?? '');
}

function timeOf(parameters: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds === undefined || nanoseconds < 0n)
    throw new DsnError(`${name} must be a duration such as 5s`);
  // Zero is "as long as it takes", which would hold a login for ever.
  return nanoseconds === 0n ? undefined : Number(nanoseconds) / 1e6;
}
