import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { parseRepositoryName } from '../../oci/reference.ts';
import { REPOSITORY_USAGE } from './migration-usage.ts';
import { MIGRATIONS } from './migrations.ts';
import { openSqliteIndex } from './open.ts';

test('what an earlier version stored is counted', async () => {
  const folder = await newFolder();
  onTestFinished(() => removeFolder(folder));
  const file = join(folder, 'berth.db');
  const before = MIGRATIONS.slice(0, MIGRATIONS.indexOf(REPOSITORY_USAGE));
  const old = new Database(file);
  for (const step of before) old.exec(step);
  old.exec(`
    INSERT INTO repositories (id, name) VALUES (1, 'full'), (2, 'other'), (3, 'empty');
    INSERT INTO blobs (digest, key, size) VALUES ('a', 'k1', 100), ('b', 'k2', 20);
    INSERT INTO blob_links (repository_id, digest) VALUES (1, 'a'), (1, 'b'), (1, 'without a blob'), (2, 'a');
    INSERT INTO manifests (repository_id, digest, media_type, size, pushed_at) VALUES (1, 'm', 'a/b', 7, 1);
    INSERT INTO tags (repository_id, name, digest, updated_at) VALUES (1, 'v1', 'm', 1), (1, 'v2', 'm', 1);
  `);
  old.pragma(`user_version = ${before.length}`);
  old.pragma(`application_id = ${0x42727468}`);
  old.close();
  const index = await openSqliteIndex(file);
  onTestFinished(() => index.close());
  const of = (name: string) => index.usage.of(parseRepositoryName(name));
  expect(await of('full')).toEqual({ bytes: 127, tags: 2 });
  expect(await of('other')).toEqual({ bytes: 100, tags: 0 });
  expect(await of('empty')).toEqual({ bytes: 0, tags: 0 });
});

test('a blob that becomes known behind its links is counted in each of their repositories', async () => {
  const folder = await newFolder();
  onTestFinished(() => removeFolder(folder));
  const file = join(folder, 'berth.db');
  const index = await openSqliteIndex(file);
  onTestFinished(() => index.close());
  const db = new Database(file);
  onTestFinished(() => void db.close());
  db.exec(`
    INSERT INTO repositories (id, name) VALUES (1, 'one'), (2, 'two');
    INSERT INTO blob_links (repository_id, digest) VALUES (1, 'a'), (2, 'a');
    INSERT INTO blobs (digest, key, size) VALUES ('a', 'k1', 100);
  `);
  const all = async () => (await index.usage.list({ after: undefined, limit: 9 })).map(({ bytes }) => bytes);
  expect(await all()).toEqual([100, 100]);
  db.exec(`DELETE FROM blobs`);
  await new Promise(setImmediate);
  expect(await all()).toEqual([0, 0]);
});

test('a count that somebody else spoiled is mended', async () => {
  const folder = await newFolder();
  onTestFinished(() => removeFolder(folder));
  const file = join(folder, 'berth.db');
  const index = await openSqliteIndex(file);
  onTestFinished(() => index.close());
  const db = new Database(file);
  onTestFinished(() => void db.close());
  db.exec(`
    INSERT INTO repositories (id, name) VALUES (1, 'one');
    INSERT INTO blobs (digest, key, size) VALUES ('a', 'k1', 100);
    INSERT INTO blob_links (repository_id, digest) VALUES (1, 'a');
    UPDATE repository_usage SET bytes = 5, tags = 6;
  `);
  const repository = parseRepositoryName('one');
  expect(await index.usage.recount(repository)).toEqual({
    before: { bytes: 5, tags: 6 },
    now: { bytes: 100, tags: 0 },
  });
  expect(await index.usage.of(repository)).toEqual({ bytes: 100, tags: 0 });
});
