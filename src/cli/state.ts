import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ContentStore } from '../content/content-store.ts';
import { syncFolder } from '../content/fs/folders.ts';
import { inspectFolder } from '../content/fs/inspect-folder.ts';
import { indexFile } from '../content/fs/layout.ts';
import { openFsContentStore } from '../content/fs/open.ts';
import { FsOriginalTree } from '../content/fs/original-tree.ts';
import { ORIGINAL_ROOT } from '../content/original-keys.ts';
import type { OriginalTree } from '../content/original-tree.ts';
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
  /** What a registry:2 or registry:3 left in the folder, where there is such a thing. */
  readonly originals?: OriginalTree | undefined;
}

/** A folder that is not to be used. */
function unfit(root: string, why: string): Failure {
  return new Failure(`cannot use the data folder ${root}: ${why}\nNothing was changed.`);
}

/**
 * Opens the data folder, which is made where there is none. The caller closes the index.
 * @throws Failure; a folder that is not fit is left as it is
 */
export async function openState(folder: string, metrics?: Metrics): Promise<State> {
  const root = resolve(folder);
  try {
    const findings = await inspectFolder(root);
    if (findings.kind === 'unfit') throw unfit(root, findings.why);
    const made = await mkdir(root, { recursive: true, mode: 0o750 });
    if (made !== undefined) await syncFolder(dirname(made));
    const content = await openFsContentStore(root);
    const index = await openSqliteIndex(indexFile(root), metrics);
    await assertNotLost(root, index, findings.kind === 'original');
    return {
      index,
      content: metrics === undefined ? content : measuredContent(content, 'filesystem', metrics),
      originals: findings.kind === 'original' ? new FsOriginalTree(root) : undefined,
    };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `cannot use the data folder ${root}: ${reasonOf(error)}\nChoose another with REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY, or storage.filesystem.rootdirectory in the configuration.`,
      { cause: error },
    );
  }
}

/**
 * Without what registry:2 wrote, a take-over that is under way would end with nothing, and after it blobs be missing that
 * are served from there.
 * @throws Failure
 */
async function assertNotLost(root: string, index: Index, hasOriginals: boolean): Promise<void> {
  if (hasOriginals) return;
  const status = await index.takeOver.status();
  if (status === undefined) return;
  const isFinished = status.finishedAtMs !== undefined;
  if (isFinished && !(await index.takeOver.usesFiles())) return;
  await index.close();
  const tree = join(root, ORIGINAL_ROOT);
  if (isFinished) {
    throw unfit(
      root,
      `blobs are served from what registry:2 wrote, and ${tree} is gone.\nIs a disk not mounted? If it is lost, make the empty folders ${tree}/blobs and ${tree}/repositories: what was there is then missing until it is pushed again.`,
    );
  }
  throw unfit(
    root,
    `the take-over of what registry:2 wrote is not finished, and ${tree} is gone.\nIs a disk not mounted?`,
  );
}

/**
 * Opens a data folder that a registry has made before. The caller closes the index.
 * @throws Failure
 */
export async function openExistingState(folder: string): Promise<State> {
  const state = await openStateIfMade(folder);
  if (state !== undefined) return state;
  throw new Failure(
    `there is no data folder of a registry at ${resolve(folder)}; ${COMMAND} serve, or ${COMMAND} auth, makes one`,
  );
}

/**
 * The same, or undefined where there is none.
 * @throws Failure
 */
export async function openStateIfMade(folder: string): Promise<State | undefined> {
  const root = resolve(folder);
  return existsSync(indexFile(root)) ? openState(root) : undefined;
}
