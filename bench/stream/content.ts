import { createHash, randomFillSync } from 'node:crypto';

const BLOCK_BYTES = 1024 * 1024;
/** Go's HTTP client, and so docker, sends a body of unknown length in chunks of its 32 KiB copy buffer. */
const CHUNK_BYTES = 32 * 1024;

/** One piece of content, ready to be sent. */
export interface Blob {
  readonly digest: string;
  readonly bytes: number;
  /** Its bytes, in pieces. */
  plain(): Iterable<Buffer>;
  /** Its bytes as the body of a request with `Transfer-Encoding: chunked`, in pieces. */
  chunked(): Iterable<Buffer>;
}

function inChunks(block: Buffer): Buffer {
  const parts: Buffer[] = [];
  const size = Buffer.from(`${CHUNK_BYTES.toString(16)}\r\n`);
  const end = Buffer.from('\r\n');
  for (let at = 0; at < block.length; at += CHUNK_BYTES)
    parts.push(size, block.subarray(at, at + CHUNK_BYTES), end);
  return Buffer.concat(parts);
}

/**
 * Makes blobs of one size that differ from each other and from those of any other run: one random block
 * repeated, and a last block with a random end. The digest is known beforehand (the repeated part is hashed
 * once) and sending costs no more than handing memory to the kernel.
 */
export class ContentMaker {
  readonly #bytes: number;
  readonly #block = randomFillSync(Buffer.allocUnsafe(BLOCK_BYTES));
  readonly #chunkedBlock = inChunks(this.#block);
  readonly #repeated = createHash('sha256');

  /** @param bytes a multiple of 1 MiB. */
  constructor(bytes: number) {
    this.#bytes = bytes;
    for (let at = BLOCK_BYTES; at < bytes; at += BLOCK_BYTES) this.#repeated.update(this.#block);
  }

  /** A new blob. */
  make(): Blob {
    const last = Buffer.from(this.#block);
    randomFillSync(last, BLOCK_BYTES - 64);
    const repeats = this.#bytes / BLOCK_BYTES - 1;
    return {
      digest: `sha256:${this.#repeated.copy().update(last).digest('hex')}`,
      bytes: this.#bytes,
      plain: () => pieces(this.#block, repeats, [last]),
      chunked: () => pieces(this.#chunkedBlock, repeats, [inChunks(last), Buffer.from('0\r\n\r\n')]),
    };
  }
}

function* pieces(block: Buffer, repeats: number, last: readonly Buffer[]): Generator<Buffer> {
  for (let count = 0; count < repeats; count += 1) yield block;
  yield* last;
}
