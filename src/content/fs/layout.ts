import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/**
 * Where things lie below the data folder:
 *
 *     berth.db, berth.db-wal, berth.db-shm      the index
 *     content/<2 hex>/<32 hex>                  the bytes of one physical write
 *     docker/registry/v2/                       what registry:2 or registry:3 wrote, where it was here before
 *
 * A key is the path below the data folder. The two digits keep folders small: 10 million objects make 39,000 files
 * a folder.
 */
const KEY = /^content\/([a-f0-9]{2})\/\1[a-f0-9]{30}$/;

/** distribution's path of a blob (registry/storage/paths.go). */
const ORIGINAL_KEY =
  /^docker\/registry\/v2\/blobs\/(?:sha256\/([a-f0-9]{2})\/\1[a-f0-9]{62}|sha512\/([a-f0-9]{2})\/\2[a-f0-9]{126})\/data$/;

export function newKey(): string {
  const id = randomUUID().replaceAll('-', '');
  return `content/${id.slice(0, 2)}/${id}`;
}

/** Whether a path below the data folder is that of an object. */
export function isKey(path: string): boolean {
  return KEY.test(path);
}

/**
 * The file of a key.
 * @throws Error for a text that is no key: a key comes from the index, and must not lead out of the data folder
 *   even where somebody changed it there
 */
export function pathOf(root: string, key: string): string {
  if (!isKey(key) && !ORIGINAL_KEY.test(key))
    throw new Error('the index names content under a key that is none');
  return join(root, key);
}

/**
 * The same for a file that is to be written: nothing is ever added to what registry:2 wrote.
 * @throws Error for a key that is not one of `newKey`
 */
export function newPathOf(root: string, key: string): string {
  if (!KEY.test(key)) throw new Error('content is written under a key that is not a new one');
  return join(root, key);
}

/** The database below the data folder. */
export function indexFile(root: string): string {
  return join(root, 'berth.db');
}
