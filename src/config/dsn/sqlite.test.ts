import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, textOver } from '../../../test/support/grammar.ts';
import { DsnError } from './dsn-error.ts';
import { parseSqliteDsn } from './sqlite.ts';

describe('a data source name of mattn/go-sqlite3', () => {
  it.each([
    ['auth.db', 'auth.db', 'rwc'],
    ['/data/auth.db', '/data/auth.db', 'rwc'],
    ['/data/auth.db?_busy_timeout=5000&cache=shared', '/data/auth.db', 'rwc'],
    // Only behind `file:` does SQLite see its own parameters.
    ['/data/auth.db?mode=ro', '/data/auth.db', 'rwc'],
    ['/data/a%20b.db', '/data/a%20b.db', 'rwc'],
    ['file:auth.db', 'auth.db', 'rwc'],
    ['file:/data/auth.db?cache=shared&mode=ro', '/data/auth.db', 'ro'],
    ['file:///data/a%20b.db?mode=rw#x', '/data/a b.db', 'rw'],
    ['file://localhost/data/auth.db', '/data/auth.db', 'rwc'],
  ])('%s', (text, file, mode) => {
    expect(parseSqliteDsn(text)).toEqual({ kind: 'sqlite3', file, mode });
  });

  it.each([
    ['', /in memory/],
    [':memory:', /in memory/],
    ['file::memory:?cache=shared', /in memory/],
    ['file:x?mode=memory', /in memory/],
    ['file:x?vfs=memdb', /in memory/],
    ['file:x?mode=rx', /mode must be ro, rw or rwc/],
    ['file://other/x', /names no other machine/],
    ['file:%zz', /not followed by two hexadecimal digits/],
    ['a\0b', /NUL/],
  ])('%s is refused', (text, message) => {
    expect(() => parseSqliteDsn(text)).toThrow(message);
  });

  it('gives back any name that was escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        fc.pre(!name.includes('\0'));
        expect(parseSqliteDsn(`file:/${encodeURIComponent(name)}`).file).toBe(`/${name}`);
      }),
    );
  });

  it('is read or refused, and never anything else', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), textOver('file:/?#%a&=mod')), (text) => {
        try {
          expect(parseSqliteDsn(text).file).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(DsnError);
        }
      }),
    );
  });
});
