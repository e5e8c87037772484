import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Syncs of folders that are shared by all who ask for them before they begin. */
export class SharedFolderSyncs {
  readonly #waiting = new Map<string, Promise<void>>();
  readonly #running = new Map<string, Promise<void>>();

  /** Resolves when what was done in the folder before is durable. A folder that is gone is no error. */
  sync(path: string): Promise<void> {
    const waiting = this.#waiting.get(path);
    if (waiting !== undefined) return waiting;
    const before = this.#running.get(path);
    const own = (async () => {
      await before?.catch(() => undefined);
      this.#waiting.delete(path);
      const running = syncFolder(path);
      this.#running.set(path, running);
      try {
        await running;
      } catch (error) {
        if (!isMissing(error)) throw error;
      } finally {
        if (this.#running.get(path) === running) this.#running.delete(path);
      }
    })();
    this.#waiting.set(path, own);
    return own;
  }
}

/** Makes folders whose own entry is durable, as it must be before anything in them can be. */
export class DurableFolders {
  readonly #made = new Map<string, Promise<void>>();

  /**
   * Resolves when the folder is there and its entry in its parent is synced. That a folder is there already does not
   * tell whether whoever made it lived to sync it; so each is synced once in the life of this process.
   */
  ensure(path: string): Promise<void> {
    let made = this.#made.get(path);
    if (made === undefined) {
      made = mkdir(path, { recursive: true, mode: 0o750 }).then(() => syncFolder(dirname(path)));
      this.#made.set(path, made);
      made.catch(() => this.#made.delete(path));
    }
    return made;
  }

  /** For a folder that turned out to be gone: somebody removed it. */
  forget(path: string): void {
    this.#made.delete(path);
  }
}
