import { constants, type Dirent } from 'node:fs';
import { access, lstat, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ORIGINAL_ROOT } from '../original-keys.ts';
import { isMissing } from './folders.ts';
import { indexFile } from './layout.ts';

/** What a data folder is, before anything is made in it. */
export type FolderFindings =
  /** Nothing of a registry:2 or registry:3. */
  | { readonly kind: 'own'; readonly entries: readonly string[] }
  | { readonly kind: 'original' }
  /** It cannot be taken over as it is; the text says why, and what to do. */
  | { readonly kind: 'unfit'; readonly why: string };

const PARTS = ['blobs', 'repositories'] as const;

/** Entries of a folder; undefined where there is none. */
async function entriesOf(path: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** A data folder is the one that holds `docker`; people also name the ones below it. */
async function rootAbove(folder: string): Promise<string | undefined> {
  for (const inside of ['docker/registry/v2', 'docker/registry', 'docker']) {
    const missing = ORIGINAL_ROOT.slice(inside.length + 1);
    const isThere = await Promise.all(PARTS.map((part) => entriesOf(join(folder, missing, part))));
    if (isThere.every((entries) => entries !== undefined)) {
      return inside.split('/').reduce((path) => dirname(path), folder);
    }
  }
  return undefined;
}

/** The first part of `docker/registry/v2/blobs` and the like that is a symbolic link. */
async function linkOnTheWay(root: string): Promise<string | undefined> {
  for (const part of [
    'docker',
    'docker/registry',
    ORIGINAL_ROOT,
    ...PARTS.map((p) => `${ORIGINAL_ROOT}/${p}`),
  ]) {
    if ((await lstat(join(root, part))).isSymbolicLink()) return part;
  }
  return undefined;
}

/** Whether anything was ever pushed whole: an upload that was given up leaves a repository without blobs. */
async function holdsLinks(folder: string): Promise<boolean> {
  for (const entry of (await entriesOf(folder)) ?? []) {
    if (!entry.isDirectory() || entry.name === '_uploads') continue;
    if (entry.name.startsWith('_') || (await holdsLinks(join(folder, entry.name)))) return true;
  }
  return false;
}

async function whyUnfit(root: string): Promise<string | undefined> {
  const tree = join(root, ORIGINAL_ROOT);
  const [blobs, repositories] = await Promise.all(PARTS.map((part) => entriesOf(join(tree, part))));
  if (blobs === undefined || repositories === undefined) {
    const [here, gone] = blobs === undefined ? ['repositories', 'blobs'] : ['blobs', 'repositories'];
    return `it was copied in part: ${tree} has ${here} and no ${gone}.\nCopy the whole of ${join(root, 'docker')}, then start again.`;
  }
  const link = await linkOnTheWay(root);
  if (link !== undefined) {
    const target = await realpath(join(root, link)).catch(() => 'nothing');
    return `${join(root, link)} is a symbolic link (to ${target}), and what is taken over has to lie in the data folder.\nMove the folder there, or mount it there, or name the folder that holds the real "docker".`;
  }
  return undefined;
}

/**
 * Looks at a data folder and changes nothing.
 * @throws the system's error where it cannot be read
 */
export async function inspectFolder(root: string): Promise<FolderFindings> {
  const entries = await entriesOf(root);
  if (entries === undefined) return { kind: 'own', entries: [] };
  const tree = join(root, ORIGINAL_ROOT);
  const [hasBlobs, hasRepositories] = await Promise.all(PARTS.map((part) => exists(join(tree, part))));
  if (hasBlobs === true || (hasRepositories === true && (await holdsLinks(join(tree, 'repositories'))))) {
    const why = await whyUnfit(root);
    if (why !== undefined) return { kind: 'unfit', why };
    for (const part of PARTS) await access(join(tree, part), constants.R_OK | constants.X_OK);
    return { kind: 'original' };
  }
  const above = (await exists(indexFile(root))) ? undefined : await rootAbove(root);
  if (above === undefined) return { kind: 'own', entries: entries.map(({ name }) => name) };
  return {
    kind: 'unfit',
    why: `it is a folder inside of what registry:2 wrote; its root directory is ${above}.\nName that one.`,
  };
}
