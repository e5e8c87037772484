import { DsnError, queryOf, unescaped } from './dsn-error.ts';

/** A file of SQLite. */
export interface SqliteTarget {
  readonly kind: 'sqlite3';
  /** As written, relative to the working directory. */
  readonly file: string;
  /** What may be done with it: `rwc` makes it where it is missing. */
  readonly mode: 'ro' | 'rw' | 'rwc';
}

const IN_MEMORY = 'a database in memory is empty at each start; write the name of a file';

/**
 * Reads a data source name of mattn/go-sqlite3: the name of a file, or a URI `file:name?mode=ro`. Parameters behind a
 * question mark that only tune that driver are passed over.
 * @throws DsnError
 */
export function parseSqliteDsn(text: string): SqliteTarget {
  const [beforeFragment = ''] = text.startsWith('file:') ? text.split('#') : [text];
  const [name = '', query = ''] = beforeFragment.split(/\?(.*)/s);
  if (text.includes('\0')) throw new DsnError('there is a NUL character in it');
  // As there, only a URI has SQLite's own parameters.
  if (!name.startsWith('file:')) return target(name, 'rwc');
  const parameters = queryOf(query);
  const path = name.slice('file:'.length);
  const [, authority = '', rest = ''] = /^(?:\/\/([^/]*))?(.*)$/s.exec(path) ?? [];
  if (authority !== '' && authority !== 'localhost') {
    throw new DsnError('a URI of a file names no other machine; write file:/path/to/file');
  }
  const mode = parameters.get('mode') ?? 'rwc';
  if (mode === 'memory' || parameters.get('vfs') === 'memdb') throw new DsnError(IN_MEMORY);
  if (mode !== 'ro' && mode !== 'rw' && mode !== 'rwc') throw new DsnError('mode must be ro, rw or rwc');
  return target(unescaped(rest, 'the name of the file'), mode);
}

function target(file: string, mode: SqliteTarget['mode']): SqliteTarget {
  if (file === '' || file === ':memory:') throw new DsnError(IN_MEMORY);
  return { kind: 'sqlite3', file, mode };
}
