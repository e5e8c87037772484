import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, textOver } from '../../../test/support/grammar.ts';
import { DsnError } from './dsn-error.ts';
import { type MysqlTarget, parseMysqlDsn } from './mysql.ts';

const USUAL: MysqlTarget = {
  kind: 'mysql',
  address: { host: '127.0.0.1', port: 3306 },
  user: '',
  password: expect.anything() as never,
  database: 'd',
  tls: 'off',
  allowsCleartext: false,
  connectTimeoutMs: undefined,
  queryTimeoutMs: undefined,
};

describe('a data source name of go-sql-driver/mysql', () => {
  // Forms of its README and its tests (dsn_test.go).
  it.each<[string, Partial<MysqlTarget>]>([
    ['username:password@/database_name?charset=utf8', { user: 'username', database: 'database_name' }],
    ['/d', {}],
    ['@/d', {}],
    ['user@unix(/path/to/my.sock)/d', { user: 'user', address: { socket: '/path/to/my.sock' } }],
    ['unix/d', { address: { socket: '/tmp/mysql.sock' } }],
    [
      'u:p@tcp(localhost:5555)/d?tls=skip-verify',
      { user: 'u', address: { host: 'localhost', port: 5555 }, tls: 'unverified' },
    ],
    [
      'u:p@tcp(db.example.com)/d?tls=true',
      { user: 'u', address: { host: 'db.example.com', port: 3306 }, tls: 'verified' },
    ],
    ['u@tcp([de:ad:be:ef::ca:fe]:80)/d', { user: 'u', address: { host: 'de:ad:be:ef::ca:fe', port: 80 } }],
    ['u@tcp(:3307)/d', { user: 'u', address: { host: 'localhost', port: 3307 } }],
    ['u@tcp/d?tls=preferred', { user: 'u', tls: 'preferred' }],
    ['u@tcp/d?tls=true&allowFallbackToPlaintext=true', { user: 'u', tls: 'preferred' }],
    ['/d?timeout=30s&readTimeout=500ms&writeTimeout=1m', { connectTimeoutMs: 30_000, queryTimeoutMs: 500 }],
    ['/d?timeout=0', {}],
    ['/dbname%2Fwithslash', { database: 'dbname/withslash' }],
    [
      '/d?allowCleartextPasswords=1&collation=utf8mb4_bin&parseTime=true&loc=US%2FPacific',
      { allowsCleartext: true },
    ],
  ])('%s', (text, expected) => {
    expect(parseMysqlDsn(text)).toEqual({ ...USUAL, ...expected });
  });

  it('takes a password as it stands, whatever is in it', () => {
    const password = fc.oneof(anyText(), textOver(':@/?()&=% a'));
    fc.assert(
      fc.property(textOver('abz_'), password, (user, secret) => {
        const target = parseMysqlDsn(`${user}:${secret}@tcp(h:1)/d?tls=true`);
        expect(target).toEqual({ ...USUAL, user, address: { host: 'h', port: 1 }, tls: 'verified' });
        expect(target.password.reveal()).toBe(secret);
      }),
    );
  });

  it.each([
    ['user:secret@tcp(h:1)', /no slash before the name of the database/],
    ['user:secret@tcp(h:1)/', /no name of a database/],
    ['user:secret@tcp(h:1/d', /closing parenthesis/],
    ['user:secret@tcp(h:port)/d', /address must be host:port/],
    ['user:secret@tcp(h:70000)/d', /port must be a whole number from 1 to 65535/],
    ['user:secret@tcp(de:ad::1)/d', /IPv6 address in brackets/],
    ['user:secret@pipe(x)/d', /tcp or unix/],
    ['user:secret@/d?tls=custom', /tls must be true/],
    ['user:secret@/d?timeout=5', /timeout must be a duration/],
    ['user:secret@/d%zz', /not followed by two hexadecimal digits/],
  ])('%s is refused, and the password is not repeated', (text, message) => {
    expect(() => parseMysqlDsn(text)).toThrow(message);
    expect(() => parseMysqlDsn(text)).not.toThrow(/secret/);
  });

  it('is read or refused, and never anything else', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), textOver('ab:@/?()&=%[]1')), (text) => {
        try {
          expect(parseMysqlDsn(text).database).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(DsnError);
        }
      }),
    );
  });
});
