import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ContentWriter } from '../content-store.ts';

/** Bytes are gathered up to this size before they are written: fewer, larger calls. */
const BATCH_BYTES = 512 * 1024;

/** Dirty memory is handed to the disk in pieces of this size, so that the last sync finds little left to do. */
const SYNC_EVERY_BYTES = 32 * 1024 * 1024;

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes one file. Two batches are under way at the most: one on its way to the disk, one being gathered. */
export class FileWriter implements ContentWriter {
  readonly key: string;
  readonly #path: string;
  #file: FileHandle | undefined;
  #sizeBytes = 0;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #writtenBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncedBytes = 0;
  #syncing: Promise<void> | undefined;
  #syncFailure: unknown;
  #isEntryDurable = false;

  constructor(key: string, path: string) {
    this.key = key;
    this.#path = path;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#batch.push(bytes);
    this.#batchBytes += bytes.byteLength;
    this.#sizeBytes += bytes.byteLength;
    if (this.#batchBytes >= BATCH_BYTES) await this.#startWriting();
  }

  async flush(): Promise<void> {
    await this.#startWriting();
    await this.#writing;
    await this.#syncing;
    // After a sync that failed the kernel may forget the pages, and the next sync succeeds without them.
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
    const file = await this.#open();
    await file.datasync();
    this.#syncedBytes = this.#writtenBytes;
    if (!this.#isEntryDurable) {
      await syncFolder(dirname(this.#path));
      this.#isEntryDurable = true;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #open(): Promise<FileHandle> {
    if (this.#file === undefined) {
      const folder = dirname(this.#path);
      // The folder's own entry must be durable before a file in it can be.
      if ((await mkdir(folder, { recursive: true, mode: 0o750 })) !== undefined) {
        await syncFolder(dirname(folder));
      }
      this.#file = await open(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640);
    }
    return this.#file;
  }

  /** Waits for the batch under way, then starts the one that was gathered. */
  async #startWriting(): Promise<void> {
    await this.#writing;
    if (this.#batchBytes === 0) return;
    const batch = this.#batch;
    const bytes = this.#batchBytes;
    const position = this.#writtenBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#writtenBytes += bytes;
    const file = await this.#open();
    this.#writing = writeAll(file, batch, position);
    // Whoever appends or flushes next sees the failure; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
    this.#syncBehind(file);
  }

  #syncBehind(file: FileHandle): void {
    if (this.#syncing !== undefined || this.#writtenBytes - this.#syncedBytes < SYNC_EVERY_BYTES) return;
    const reached = this.#writtenBytes;
    this.#syncing = file.datasync().then(
      () => {
        this.#syncedBytes = reached;
        this.#syncing = undefined;
      },
      (error: unknown) => {
        this.#syncFailure = error;
      },
    );
  }
}

async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  const expected = pieces.reduce((total, piece) => total + piece.byteLength, 0);
  const { bytesWritten } = await file.writev(pieces as Uint8Array[], position);
  if (bytesWritten === expected) return;
  // A short write: what is left goes on as one piece, which also brings out the error behind it, such as ENOSPC.
  let rest = Buffer.concat(pieces).subarray(bytesWritten);
  let at = position + bytesWritten;
  while (rest.byteLength > 0) {
    const { bytesWritten: more } = await file.write(rest, 0, rest.byteLength, at);
    rest = rest.subarray(more);
    at += more;
  }
}
