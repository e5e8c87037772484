import { constants } from 'node:fs';
import { access, lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ContentStore } from '../content-store.ts';
import { DurableFolders, isMissing, SharedFolderSyncs, syncFolder } from './folders.ts';
import { isKey, newKey, newPathOf, pathOf } from './layout.ts';
import { FileReader } from './reader.ts';
import { FileWriter } from './writer.ts';

/** Bytes lie where their key says, and not where a link of that name may lead. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW;

async function unlessMissing<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A folder after the other. What is no object is passed over. */
async function* keysBelow(root: string): AsyncGenerator<readonly string[]> {
  for (const folder of (await readdir(`${root}/content`)).toSorted()) {
    const names = await readdir(`${root}/content/${folder}`).catch((error: unknown) => {
      // Somebody's file, or a folder that somebody removed.
      if (error instanceof Error && 'code' in error && ['ENOTDIR', 'ENOENT'].includes(String(error.code)))
        return [];
      throw error;
    });
    yield names.map((name) => `content/${folder}/${name}`).filter(isKey);
  }
}

/**
 * Opens the content store in a folder, which is created where there is none.
 * @throws the system's error where the folder cannot be created or written
 */
export async function openFsContentStore(root: string): Promise<ContentStore> {
  const folder = `${root}/content`;
  await mkdir(folder, { recursive: true, mode: 0o750 });
  await access(folder, constants.W_OK | constants.X_OK);
  await syncFolder(root);
  const folders = new DurableFolders();
  const removals = new SharedFolderSyncs();
  return {
    newKey,
    write: (key) => new FileWriter(key, newPathOf(root, key), folders),
    async sizeBytes(key) {
      return (await unlessMissing(lstat(pathOf(root, key))))?.size;
    },
    async read(key, range) {
      const file = await unlessMissing(open(pathOf(root, key), READ));
      if (file === undefined) return undefined;
      if (range !== undefined) return new FileReader(file, range.first, range.last - range.first + 1);
      try {
        return new FileReader(file, 0, (await file.stat()).size);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    async remove(key) {
      const path = pathOf(root, key);
      await rm(path, { force: true });
      await removals.sync(dirname(path));
    },
    keys: () => keysBelow(root),
    ping: () => access(folder, constants.W_OK | constants.X_OK),
  };
}
