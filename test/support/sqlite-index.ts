import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteIndex } from '../../src/index/sqlite/open.ts';
import type { IndexUnderTest, TagEvent } from '../contract/index/under-test.ts';
import { newFolder, removeFolder } from './folders.ts';

/** Asks the file itself, for what no port tells. */
export function askFile<Row>(file: string, sql: string, parameters: Record<string, string> = {}): Row[] {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(sql).all(parameters) as Row[];
  } finally {
    db.close();
  }
}

/** An empty index in a file of its own. */
export async function sqliteIndexUnderTest(): Promise<IndexUnderTest> {
  const folder = await newFolder();
  const file = join(folder, 'berth.db');
  const index = await openSqliteIndex(file);
  return {
    index,
    again: () => openSqliteIndex(file),
    tagEvents: async (repository) =>
      askFile<TagEvent>(
        file,
        `SELECT tag, digest, previous, actor, at FROM tag_events
         WHERE repository_id = (SELECT id FROM repositories WHERE name = :repository) ORDER BY id`,
        { repository },
      ),
    bodies: async (digest) =>
      askFile(file, 'SELECT digest FROM manifest_bodies WHERE digest = :digest', { digest }).length,
    async remove() {
      await index.close();
      await removeFolder(folder);
    },
  };
}
