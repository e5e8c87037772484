import { constants, type Dirent, type Stats } from 'node:fs';
import { access, lstat, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ORIGINAL_ROOT } from '../original-keys.ts';
import { type OriginalTree, type TreeEntry, TreeFault, type TreeFaultReason } from '../original-tree.ts';

/** What the system says of things that stay as they are until somebody mends them. */
const REASONS: Readonly<Record<string, TreeFaultReason>> = {
  EACCES: 'denied',
  EPERM: 'denied',
  ELOOP: 'link',
  EISDIR: 'not-a-file',
  ENOTDIR: 'not-a-folder',
};

/** As distribution makes its files; only others have to be tried. */
const READABLE_BY_ALL = 0o444;

/** Folders that were seen to be real ones; blobs share a few hundred. */
const MAX_SEEN = 10_000;

/**
 * The tree that distribution's file system driver wrote, in a data folder. No symbolic link below it is followed: what
 * is read lies where its path says.
 */
export class FsOriginalTree implements OriginalTree {
  readonly #dataFolder: string;
  readonly #root: string;
  readonly #realFolders = new Set<string>();

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
    this.#root = join(dataFolder, ORIGINAL_ROOT);
  }

  list(path: string): Promise<TreeEntry[] | undefined> {
    return this.#ask(path, async () => {
      await this.#assertRealFolder(path);
      const entries = await readdir(join(this.#root, path), { withFileTypes: true });
      this.#remember(entries, path);
      return entries
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  read(path: string, maxBytes: number) {
    return this.#ask(path, async () => {
      await this.#assertRealFolder(dirname(path));
      // A pipe would wait for somebody who writes.
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const file = await open(join(this.#root, path), flags);
      try {
        const stats = await file.stat();
        assertFile(path, stats);
        const bytes = Buffer.alloc(Math.min(stats.size, maxBytes));
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return { bytes: bytes.subarray(0, filled), sizeBytes: stats.size, atMs: Math.floor(stats.mtimeMs) };
      } finally {
        await file.close();
      }
    });
  }

  sizeBytes(path: string): Promise<number | undefined> {
    return this.#ask(path, async () => {
      await this.#assertRealFolder(dirname(path));
      const stats = await lstat(join(this.#root, path));
      assertFile(path, stats);
      if ((stats.mode & READABLE_BY_ALL) !== READABLE_BY_ALL)
        await access(join(this.#root, path), constants.R_OK);
      return stats.size;
    });
  }

  async isCache(): Promise<boolean> {
    // distribution, registry/proxy/scheduler: when what was fetched expires.
    const state = join(this.#dataFolder, 'scheduler-state.json');
    return access(state).then(
      () => true,
      () => false,
    );
  }

  async #ask<T>(path: string, question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (code === 'ENOENT') return undefined;
      const reason = REASONS[code];
      if (reason === undefined) throw error;
      throw new TreeFault(path, reason, { cause: error });
    }
  }

  /** Looks at each folder on the way: the system would follow a link among them. */
  async #assertRealFolder(path: string): Promise<void> {
    if (path === '.' || path === '' || this.#realFolders.has(path)) return;
    await this.#assertRealFolder(dirname(path));
    const stats = await lstat(join(this.#root, path));
    if (stats.isSymbolicLink()) throw new TreeFault(path, 'link');
    if (!stats.isDirectory()) throw new TreeFault(path, 'not-a-folder');
    this.#add(path);
  }

  /** The system told what each entry is. */
  #remember(entries: readonly Dirent[], folder: string): void {
    for (const entry of entries)
      if (entry.isDirectory()) this.#add(folder === '' ? entry.name : `${folder}/${entry.name}`);
  }

  #add(folder: string): void {
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
