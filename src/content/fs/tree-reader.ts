import {
  accessSync,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TreeEntry, TreeFault, type TreeFile } from '../original-tree.ts';
import type { TreeQuestions } from './tree-protocol.ts';

/** As distribution makes its files; only others have to be tried. */
const READABLE_BY_ALL = 0o444;

/** Folders that were seen to be real ones; blobs share a few hundred. */
const MAX_SEEN = 10_000;

/**
 * Reads the tree that distribution's file system driver wrote. Each question waits for the disk, so it is for a thread
 * of its own. No symbolic link below the root is followed: what is read lies where its path says.
 */
export class TreeReader implements TreeQuestions {
  readonly #root: string;
  readonly #realFolders = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  list(path: string): TreeEntry[] {
    this.#assertRealFolder(path);
    const entries = readdirSync(join(this.#root, path), { withFileTypes: true });
    for (const entry of entries) {
      // The system has told what each is.
      if (entry.isDirectory()) this.#remember(path === '' ? entry.name : `${path}/${entry.name}`);
    }
    return entries
      .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  read(path: string, maxBytes: number): TreeFile {
    this.#assertRealFolder(dirname(path));
    // A pipe would wait for somebody who writes.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = openSync(join(this.#root, path), flags);
    try {
      const stats = fstatSync(file);
      assertFile(path, stats);
      const bytes = Buffer.alloc(Math.min(stats.size, maxBytes));
      let filled = 0;
      while (filled < bytes.length) {
        const taken = readSync(file, bytes, filled, bytes.length - filled, filled);
        if (taken === 0) break;
        filled += taken;
      }
      return { bytes: bytes.subarray(0, filled), sizeBytes: stats.size, atMs: Math.floor(stats.mtimeMs) };
    } finally {
      closeSync(file);
    }
  }

  sizeBytes(path: string): number {
    this.#assertRealFolder(dirname(path));
    const file = join(this.#root, path);
    const stats = lstatSync(file);
    assertFile(path, stats);
    if ((stats.mode & READABLE_BY_ALL) !== READABLE_BY_ALL) accessSync(file, constants.R_OK);
    return stats.size;
  }

  /** Looks at each folder on the way: the system would follow a link among them. */
  #assertRealFolder(path: string): void {
    if (path === '.' || path === '' || this.#realFolders.has(path)) return;
    this.#assertRealFolder(dirname(path));
    const stats = lstatSync(join(this.#root, path));
    if (stats.isSymbolicLink()) throw new TreeFault(path, 'link');
    if (!stats.isDirectory()) throw new TreeFault(path, 'not-a-folder');
    this.#remember(path);
  }

  #remember(folder: string): void {
    if (this.#realFolders.size >= MAX_SEEN) this.#realFolders.clear();
    this.#realFolders.add(folder);
  }
}

function kindOf(entry: Dirent): TreeEntry['kind'] {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

function assertFile(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw new TreeFault(path, 'link');
  if (!stats.isFile()) throw new TreeFault(path, 'not-a-file');
}
