import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { newDigest } from '../../../test/support/index-values.ts';
import { parseRepositoryName, parseTag } from '../../oci/reference.ts';
import { MIGRATIONS } from './migrations.ts';
import { openSqliteIndex } from './open.ts';

test('the history that an earlier version wrote can be read, save of manifests that are gone', async () => {
  const folder = await newFolder();
  onTestFinished(() => removeFolder(folder));
  const file = join(folder, 'berth.db');
  const [here, gone] = [newDigest(), newDigest()];
  const old = new Database(file);
  old.exec(MIGRATIONS[0] ?? '');
  old.exec(`
    INSERT INTO repositories (id, name, listed_at) VALUES (1, 'team/app', 1);
    INSERT INTO manifests (repository_id, digest, media_type, size, pushed_at) VALUES (1, '${here}', 'a/b', 7, 1);
    INSERT INTO tag_events (repository_id, tag, digest, previous, actor, at) VALUES
      (1, 'v1', '${gone}', NULL, '', 10), (1, 'v1', '${here}', '${gone}', '', 20), (1, 'v1', NULL, '${here}', '', 30);
  `);
  old.pragma('user_version = 1');
  old.pragma(`application_id = ${0x42727468}`);
  old.close();
  const index = await openSqliteIndex(file);
  onTestFinished(() => index.close());
  const page = { beforeMs: undefined, sinceMs: undefined, digest: undefined, limit: 10 };
  const manifest = { digest: here, mediaType: 'a/b', sizeBytes: 7 };
  expect(await index.tags.history(parseRepositoryName('team/app'), parseTag('v1'), page)).toEqual([
    { ...manifest, event: 'deleted', atMs: 30 },
    { ...manifest, event: 'created', atMs: 20 },
  ]);
});
