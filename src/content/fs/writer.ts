import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ContentWriter } from '../content-store.ts';
import { BATCH_BYTES, giveBackBatchBuffer, takeBatchBuffer } from './batch-buffers.ts';
import { type DurableFolders, isMissing, syncFolder } from './folders.ts';

/** Dirty memory is handed to the disk in pieces of this size, so that the last sync finds little left to do. */
const SYNC_EVERY_BYTES = 32 * 1024 * 1024;

/**
 * Writes one file. What arrives is copied into a batch, so that the many small buffers in which it comes are free
 * again at once. Two batches are under way at the most: one on its way to the disk, one being filled.
 */
export class FileWriter implements ContentWriter {
  readonly key: string;
  readonly #path: string;
  readonly #folders: DurableFolders;
  #file: FileHandle | undefined;
  #sizeBytes = 0;
  #batch: Buffer | undefined;
  #batchBytes = 0;
  #writtenBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #syncedBytes = 0;
  #syncing: Promise<void> | undefined;
  #syncFailure: unknown;
  #isEntryDurable = false;

  constructor(key: string, path: string, folders: DurableFolders) {
    this.key = key;
    this.#path = path;
    this.#folders = folders;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** @returns undefined where there is nothing to wait for, which is the case for most pieces */
  append(bytes: Uint8Array): Promise<void> | undefined {
    const taken = this.#fill(bytes);
    this.#sizeBytes += taken;
    return this.#batchBytes < BATCH_BYTES ? undefined : this.#goOn(bytes.subarray(taken));
  }

  async flush(): Promise<void> {
    await this.#startWriting();
    await this.#writing;
    await this.#syncing;
    // After a sync that failed the kernel may forget the pages, and the next sync succeeds without them.
    if (this.#syncFailure !== undefined) throw this.#syncFailure;
    const file = await this.#open();
    await this.#sync(file);
    if (!this.#isEntryDurable) {
      await syncFolder(dirname(this.#path));
      this.#isEntryDurable = true;
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#syncing]);
    if (this.#batch !== undefined) giveBackBatchBuffer(this.#batch);
    this.#batch = undefined;
    this.#batchBytes = 0;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Copies as much as the batch has room for. */
  #fill(bytes: Uint8Array): number {
    this.#batch ??= takeBatchBuffer();
    const room = Math.min(bytes.byteLength, BATCH_BYTES - this.#batchBytes);
    this.#batch.set(room === bytes.byteLength ? bytes : bytes.subarray(0, room), this.#batchBytes);
    this.#batchBytes += room;
    return room;
  }

  async #goOn(rest: Uint8Array): Promise<void> {
    await this.#startWriting();
    if (rest.byteLength > 0) await this.append(rest);
  }

  async #open(): Promise<FileHandle> {
    this.#file ??= await this.#create().catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      this.#folders.forget(dirname(this.#path));
      return this.#create();
    });
    return this.#file;
  }

  async #create(): Promise<FileHandle> {
    await this.#folders.ensure(dirname(this.#path));
    return open(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o640);
  }

  /** Waits for the batch under way, then starts the one that was filled. */
  async #startWriting(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    if (batch === undefined || this.#batchBytes === 0) return;
    const bytes = batch.subarray(0, this.#batchBytes);
    const position = this.#writtenBytes;
    this.#batch = undefined;
    this.#batchBytes = 0;
    this.#writtenBytes += bytes.byteLength;
    const file = await this.#open();
    this.#writing = writeAll(file, bytes, position).finally(() => giveBackBatchBuffer(batch));
    // Whoever appends or flushes next sees the failure; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
    this.#syncBehind(file);
  }

  async #sync(file: FileHandle): Promise<void> {
    const reached = this.#writtenBytes;
    try {
      await file.datasync();
      this.#syncedBytes = Math.max(this.#syncedBytes, reached);
    } catch (error) {
      this.#syncFailure ??= error;
      throw error;
    }
  }

  #syncBehind(file: FileHandle): void {
    if (this.#syncing !== undefined || this.#syncFailure !== undefined) return;
    if (this.#writtenBytes - this.#syncedBytes < SYNC_EVERY_BYTES) return;
    this.#syncing = this.#sync(file)
      // The failure is kept for `flush`.
      .catch(() => undefined)
      .finally(() => {
        this.#syncing = undefined;
      });
  }
}

/** Writes everything. A short write goes on with the rest, which brings out the error behind it, such as ENOSPC. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, written, bytes.byteLength - written, position + written);
    written += bytesWritten;
  }
}
