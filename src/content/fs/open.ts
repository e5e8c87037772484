import { constants } from 'node:fs';
import { access, lstat, mkdir, open, rm } from 'node:fs/promises';
import type { ContentStore } from '../content-store.ts';
import { DurableFolders, isMissing, syncFolder } from './folders.ts';
import { newKey, newPathOf, pathOf } from './layout.ts';
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
    remove: async (key) => rm(pathOf(root, key), { force: true }),
    ping: () => access(folder, constants.W_OK | constants.X_OK),
  };
}
