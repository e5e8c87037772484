import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../../../test/support/test-folder.ts';
import { query } from '../sql/query.ts';
import { createSnapshotSession } from './snapshot.ts';

const PAGE_BYTES = 4096;
const READ = query<{ id: number }, { text: string }>('SELECT text FROM texts WHERE id = :id');

describe('a disk that fails while the index is read', () => {
  let file: string;
  let db: Database.Database;

  beforeEach(async () => {
    file = join(await testFolder(), 'index.db');
    const writer = new Database(file);
    writer.exec('CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)');
    const add = writer.prepare('INSERT INTO texts VALUES (?, ?)');
    for (let id = 0; id < 2_000; id += 1) add.run(id, 'x'.repeat(100));
    writer.close();
    const damaged = readFileSync(file);
    damaged.fill(0xff, 3 * PAGE_BYTES);
    writeFileSync(file, damaged);
    db = new Database(file, { readonly: true });
  });

  afterEach(() => db.close());

  const oneTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('fails the read, and nothing else: the end of the snapshot throws at nobody', async () => {
    const session = createSnapshotSession(db);
    await expect((async () => session.first(READ, { id: 1_500 }))()).rejects.toMatchObject({
      code: 'SQLITE_CORRUPT',
    });
    expect(() => session.refresh()).not.toThrow();
    expect(db.inTransaction).toBe(false);
    await expect((async () => session.first(READ, { id: 1_500 }))()).rejects.toThrow();
    // An exception in the end of the turn would end the process, and this test with it.
    await oneTurn();
    expect(db.inTransaction).toBe(false);
  });
});
