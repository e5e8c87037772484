import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { newDigest } from '../../../test/support/index-values.ts';
import { parseRepositoryName } from '../../oci/reference.ts';
import { KEEP_DELETED } from './migration-trash.ts';
import { MIGRATIONS } from './migrations.ts';
import { openSqliteIndex } from './open.ts';

test('what lost its tag before the upgrade is kept, and can be found again', async () => {
  const folder = await newFolder();
  onTestFinished(() => removeFolder(folder));
  const file = join(folder, 'berth.db');
  const [old, lately, current] = [newDigest(), newDigest(), newDigest()];
  const now = Date.now();
  const [longAgo, yesterday] = [now - 30 * 86_400_000, now - 86_400_000];
  const db = new Database(file);
  const before = MIGRATIONS.indexOf(KEEP_DELETED);
  for (const step of MIGRATIONS.slice(0, before)) db.exec(step);
  db.exec(`
    INSERT INTO repositories (id, name, listed_at) VALUES (1, 'team/app', 1);
    INSERT INTO manifests (repository_id, digest, media_type, size, pushed_at) VALUES
      (1, '${old}', 'a/b', 7, 1), (1, '${lately}', 'a/b', 7, 1), (1, '${current}', 'a/b', 7, 1);
    INSERT INTO tags VALUES (1, 'v', '${current}', ${yesterday});
    INSERT INTO tag_events (repository_id, tag, digest, previous, actor, at) VALUES
      (1, 'v', '${old}', NULL, 'ann', 1),
      (1, 'v', '${lately}', '${old}', 'ann', ${longAgo}),
      (1, 'v', '${current}', '${lately}', 'bob', ${yesterday});
  `);
  db.pragma(`user_version = ${before}`);
  db.pragma('application_id = 0x42727468');
  db.close();
  const index = await openSqliteIndex(file);
  onTestFinished(() => index.close());
  const repository = parseRepositoryName('team/app');
  const week = now - 7 * 86_400_000;
  const rule = { beforeMs: now, keptSinceMs: week, untaggedManifests: true };
  const page = { after: undefined, limit: 10 };
  expect((await index.garbage.scanManifests(repository, rule, page)).garbage).toEqual([old]);
  expect(await index.trash.list({ keptSinceMs: week }, page)).toMatchObject([
    { tag: 'v', digest: lately, movedTo: current, cause: { kind: 'push', actor: 'bob' } },
  ]);
});
