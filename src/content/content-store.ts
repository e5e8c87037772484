import type { ByteRange } from '../oci/range.ts';

/**
 * Bytes under opaque keys. Each key is written once, by one writer in one process, and never again: that is why a
 * reader, a writer and a removal cannot disturb one another, and nothing needs a lock. What exists, and who may see
 * it, is the index's to say.
 */
export interface ContentStore {
  /** A key that was never used before. Nothing is stored until it is written. */
  newKey(): string;
  /** Begins to write under a key from `newKey`. The caller closes the writer. */
  write(key: string): ContentWriter;
  /** @returns undefined where there are no bytes under the key */
  sizeBytes(key: string): Promise<number | undefined>;
  /**
   * Reads all bytes or a range of them.
   * @returns undefined where there are no bytes under the key
   */
  read(key: string, range?: ByteRange): Promise<ContentStream | undefined>;
  /**
   * Removes the bytes; that there are none is no error. Resolves when that survives a loss of power: a key that the
   * index forgot must not come back. Removals that are asked for together share what that costs.
   */
  remove(key: string): Promise<void>;
  /**
   * All keys under which there are bytes, in no order, some at a time. Those that come or go meanwhile may be among
   * them or not.
   */
  keys(): AsyncIterable<readonly string[]>;
  /** Throws where the store cannot be written to. Cheap: for health checks. */
  ping(): Promise<void>;
}

/** Bytes in pieces. Whoever asked for the stream closes it, read to its end or not. */
export interface ContentStream {
  /**
   * The next piece, or undefined at the end. A piece is valid only until the next one is asked for, since its
   * memory is used again. Rejects where the bytes cannot be read, or end before they should.
   */
  next(): Promise<Uint8Array | undefined>;
  /** Lets go of what is open. May be called at any time, and again. */
  close(): Promise<void>;
}

/** Writes one object from its beginning to its end. */
export interface ContentWriter {
  readonly key: string;
  /** Bytes that were taken so far. */
  readonly sizeBytes: number;
  /**
   * Takes more bytes, of which it keeps nothing. @returns what to wait for before the next may come, if anything
   * Rejects where they, or earlier ones, could not be written; after that only `close` makes sense.
   */
  append(bytes: Uint8Array): Promise<void> | undefined;
  /** Resolves when everything taken so far survives a loss of power. */
  flush(): Promise<void>;
  /** Lets go of what is open; the bytes stay. Call it once nothing else is under way. */
  close(): Promise<void>;
}
