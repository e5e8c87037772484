import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, textOver } from '../../../test/support/grammar.ts';
import { DsnError } from './dsn-error.ts';
import { type PostgresTarget, parsePostgresConnection } from './postgres.ts';

const NO_FILES = { authorities: undefined, certificate: undefined, key: undefined };
const USUAL: PostgresTarget = {
  kind: 'postgres',
  host: undefined,
  port: undefined,
  user: undefined,
  password: undefined,
  database: 'd',
  tls: 'require',
  files: NO_FILES,
  settings: new Map(),
  connectTimeoutMs: undefined,
};

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

describe('a connection string of lib/pq', () => {
  // Forms of its documentation and its tests (conn_test.go, url_test.go).
  it.each<[string, Partial<PostgresTarget>]>([
    ['dbname=d', {}],
    ['user=u dbname=d sslmode=verify-full', { user: 'u', tls: 'verify-full' }],
    ["  user = u\n dbname='d' host='a b\\'c' ", { user: 'u', host: "a b'c" }],
    ['dbname=d user=\\ \\\\', { user: ' \\' }],
    ["dbname=d user=''", {}],
    ['dbname=x dbname=d', {}],
    ['host=/run/postgresql dbname=d sslmode=require', { host: '/run/postgresql', tls: 'disable' }],
    [
      'dbname=d sslmode=require sslrootcert=/ca.pem',
      { tls: 'verify-ca', files: { ...NO_FILES, authorities: '/ca.pem' } },
    ],
    ['dbname=d connect_timeout=10 port=5433', { connectTimeoutMs: 10_000, port: 5433 }],
    ['dbname=d connect_timeout=0 client_encoding=UTF8 binary_parameters=yes', {}],
    ['dbname=d search_path=a,b', { settings: new Map([['search_path', 'a,b']]) }],
    ['postgres://h/d', { host: 'h' }],
    ['postgresql://u@[::1]:5434/d?sslmode=disable', { user: 'u', host: '::1', port: 5434, tls: 'disable' }],
    ['postgres:///d?host=/run/postgresql&sslmode=disable', { host: '/run/postgresql', tls: 'disable' }],
    [
      'postgres://h/d?application_name=a+b%21',
      { host: 'h', settings: new Map([['application_name', 'a b!']]) },
    ],
  ])('%s', (text, expected) => {
    expect(parsePostgresConnection(text)).toEqual({ ...USUAL, ...expected });
  });

  it('has the value that was quoted, whatever is in it', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), textOver("'\\ =a\n")), (secret) => {
        const { password } = parsePostgresConnection(`password=${quoted(secret)} dbname=d`);
        expect(password?.reveal() ?? '').toBe(secret);
      }),
    );
  });

  it('has in a URL what was escaped, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme', minLength: 1 }),
        (secret, name) => {
          const escaped = [secret, name].map(encodeURIComponent);
          const target = parsePostgresConnection(`postgres://u:${escaped[0]}@h:1/${escaped[1]}`);
          expect(target.password?.reveal() ?? '').toBe(secret);
          expect(target).toMatchObject({ host: 'h', port: 1, database: name });
        },
      ),
    );
  });

  it.each([
    ['host=h password=secret', /dbname is missing/],
    ['dbname=d password=secret words', /name=value pairs/],
    ["dbname=d password='secret", /lacks its closing quote/],
    ['dbname=d password=secret\\', /ends with a backslash/],
    ['dbname=d password=secret sslmode=prefer', /sslmode must be one of disable, require/],
    ['dbname=d password=secret port=x', /port must be a whole number/],
    ['dbname=d password=secret sslinline=true', /sslinline is not supported/],
    ['dbname=d password=secret host=a,b', /only one host/],
    ['dbname=d password=secret a-b=c', /a name before an equals sign/],
    ['postgres://u:secret/x@h/d', /URL must be .* write %40 for @/],
    ['postgres://u:secret#x@h/d', /URL must be .* write %40 for @/],
    ['postgres://u:secret%@h/d', /password has a %/],
  ])('%s is refused, and the password is not repeated', (text, message) => {
    expect(() => parsePostgresConnection(text)).toThrow(message);
    expect(() => parsePostgresConnection(text)).not.toThrow(/secret/);
  });

  it('is read or refused, and never anything else', () => {
    const url = textOver(':@/?#&=%[]a1').map((rest) => `postgres://${rest}`);
    fc.assert(
      fc.property(fc.oneof(anyText(), textOver("dbname=' \\"), url), (text) => {
        try {
          expect(parsePostgresConnection(text).database).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(DsnError);
        }
      }),
    );
  });
});
