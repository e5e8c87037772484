import { renameSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { folder } from '../root.ts';
import type { TestDatabase } from './database.ts';
import { type Ask, sqlTables, xormSections } from './sql.ts';

const COLUMNS =
  "SELECT m.name AS table_name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.name LIKE 'xorm%'";

/** A file of SQLite, which is not there at first. */
export async function newSqlite(): Promise<TestDatabase> {
  const place = folder('sqlite');
  const file = join(place, 'auth.db');
  const ask: Ask = async (statement, values = []) => {
    const database = new Sqlite(file, { timeout: 5_000 });
    try {
      const prepared = database.prepare<unknown[], object>(statement);
      if (prepared.reader) return prepared.all(...values);
      prepared.run(...values);
      return [];
    } finally {
      database.close();
    }
  };
  return {
    kind: 'sqlite3',
    secret: undefined,
    sections: (cacheTtl) => xormSections('sqlite3', `file:${file}?cache=shared`, cacheTtl),
    ...sqlTables(ask, () => ask(COLUMNS)),
    // With its folder, as where a volume is not mounted: a file alone would be made anew.
    takeAway: async () => renameSync(place, `${place}.away`),
    bringBack: async () => renameSync(`${place}.away`, place),
    end: async () => undefined,
  };
}
