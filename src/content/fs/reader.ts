import type { FileHandle } from 'node:fs/promises';
import type { ContentStream } from '../content-store.ts';

const MIN_PIECE_BYTES = 64 * 1024;
const MAX_PIECE_BYTES = 1024 * 1024;

/** Memory for the pieces of all streams together, before each gets the smallest pieces only. */
const BUDGET_BYTES = 32 * 1024 * 1024;

let openStreams = 0;

/** Reads a part of a file, and closes it. Two buffers take turns: while the caller sends one, the other is filled. */
export class FileReader implements ContentStream {
  readonly #file: FileHandle;
  readonly #end: number;
  readonly #pieceBytes: number;
  #position: number;
  #free: Buffer | undefined;
  #lent: Buffer | undefined;
  #reading: Promise<Buffer> | undefined;
  #closing: Promise<void> | undefined;

  constructor(file: FileHandle, first: number, lengthBytes: number) {
    this.#file = file;
    this.#position = first;
    this.#end = first + lengthBytes;
    openStreams += 1;
    const share = Math.floor(BUDGET_BYTES / (2 * openStreams));
    this.#pieceBytes = Math.min(lengthBytes, Math.max(MIN_PIECE_BYTES, Math.min(MAX_PIECE_BYTES, share)));
  }

  async next(): Promise<Uint8Array | undefined> {
    if (this.#closing !== undefined) throw new Error('the content stream is closed');
    const reading = this.#reading ?? this.#readAhead();
    if (reading === undefined) return undefined;
    const piece = await reading;
    this.#free = this.#lent;
    this.#lent = piece;
    this.#reading = this.#readAhead();
    return piece;
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      openStreams -= 1;
      await Promise.allSettled([this.#reading]);
      await this.#file.close();
    })();
    return this.#closing;
  }

  #readAhead(): Promise<Buffer> | undefined {
    if (this.#position >= this.#end) return undefined;
    const position = this.#position;
    const length = Math.min(this.#pieceBytes, this.#end - position);
    const memory = this.#free?.buffer ?? new ArrayBuffer(this.#pieceBytes);
    this.#free = undefined;
    this.#position += length;
    const reading = this.#fill(Buffer.from(memory, 0, length), position);
    // Where the caller stops early, nobody awaits what is being read ahead.
    reading.catch(() => undefined);
    return reading;
  }

  async #fill(buffer: Buffer, position: number): Promise<Buffer> {
    let filled = 0;
    while (filled < buffer.byteLength) {
      const { bytesRead } = await this.#file.read(
        buffer,
        filled,
        buffer.byteLength - filled,
        position + filled,
      );
      if (bytesRead === 0) throw new Error('the content is shorter than the index says');
      filled += bytesRead;
    }
    return buffer;
  }
}
