import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { killTree } from './proc.ts';

/** Files at least this large are uploaded content; what is smaller, or a database, the server still needs. */
const CONTENT_BYTES = 8 * 1024 * 1024;
const DATABASE = /\.(db|sqlite3?)(-(wal|shm|journal))?$/;

/**
 * The temporary folder of a run, and the processes that must not outlive it. Both go when the bench ends,
 * however it ends (save SIGKILL).
 */
export class Workspace {
  readonly root: string;
  readonly #processes = new Set<number>();
  #folders = 0;

  constructor(parent: string) {
    this.root = mkdtempSync(join(parent, 'berth-bench-'));
    process.on('exit', () => this.#cleanUp());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => process.exit(130));
    }
  }

  /** A new empty folder. */
  folder(name: string): string {
    this.#folders += 1;
    const path = join(this.root, `${name}-${this.#folders}`);
    mkdirSync(path);
    return path;
  }

  /** Takes over a child process: it is killed with its children when the bench ends. */
  owns(pid: number): void {
    this.#processes.add(pid);
  }

  /** The child has ended by itself. */
  released(pid: number): void {
    this.#processes.delete(pid);
  }

  /**
   * Writes a scratch file, so that its memory and disk blocks are in use (and, in a virtual machine,
   * really there) until {@link freeContent} hands them to the next upload.
   * @returns bytes per second of this plain write with fdatasync.
   */
  scratch(bytes: number): number {
    const started = performance.now();
    const block = Buffer.alloc(CONTENT_BYTES, 'scratch');
    const file = openSync(join(this.root, `scratch-${Date.now()}`), 'w');
    for (let left = bytes; left > 0; left -= block.length) writeSync(file, block);
    fdatasyncSync(file);
    closeSync(file);
    return bytes / ((performance.now() - started) / 1000);
  }

  /** Removes all large content files and waits until the file system is quiet. */
  async freeContent(): Promise<void> {
    for (const entry of await readdir(this.root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || DATABASE.test(entry.name)) continue;
      if ((await stat(path)).size >= CONTENT_BYTES) await rm(path);
    }
    await this.settle();
  }

  /** Waits until everything written to this file system is on disk. */
  async settle(): Promise<void> {
    await run('sync', ['-f', this.root]);
  }

  #cleanUp(): void {
    for (const pid of this.#processes) killTree(pid, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}
