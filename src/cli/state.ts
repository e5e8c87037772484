import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ContentStore } from '../content/content-store.ts';
import { syncFolder } from '../content/fs/folders.ts';
import { indexFile } from '../content/fs/layout.ts';
import { openFsContentStore } from '../content/fs/open.ts';
import type { Index } from '../index/index.ts';
import { openSqliteIndex } from '../index/sqlite/open.ts';
import { measuredContent } from '../observe/measured-content.ts';
import type { Metrics } from '../ports.ts';
import { Failure, reasonOf } from './failure.ts';
import { COMMAND } from './passwords.ts';

/** What is kept between starts. */
export interface State {
  readonly index: Index;
  readonly content: ContentStore;
}

/**
 * Opens the data folder, which is made where there is none. The caller closes the index.
 * @throws Failure
 */
export async function openState(folder: string, metrics?: Metrics): Promise<State> {
  const root = resolve(folder);
  try {
    const made = await mkdir(root, { recursive: true, mode: 0o750 });
    if (made !== undefined) await syncFolder(dirname(made));
    const content = await openFsContentStore(root);
    const index = await openSqliteIndex(indexFile(root), metrics);
    return {
      index,
      content: metrics === undefined ? content : measuredContent(content, 'filesystem', metrics),
    };
  } catch (error) {
    throw new Failure(
      `cannot use the data folder ${root}: ${reasonOf(error)}\nChoose another with REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY, or storage.filesystem.rootdirectory in the configuration.`,
      { cause: error },
    );
  }
}

/**
 * Opens a data folder that a registry has made before. The caller closes the index.
 * @throws Failure
 */
export async function openExistingState(folder: string): Promise<State> {
  const root = resolve(folder);
  if (!existsSync(indexFile(root))) {
    throw new Failure(`there is no data folder of a registry at ${root}; ${COMMAND} serve makes one`);
  }
  return openState(root);
}
