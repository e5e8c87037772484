import { randomBytes } from 'node:crypto';
import type { ContentStore, ContentStream } from '../../src/content/content-store.ts';
import type { ByteRange } from '../../src/oci/range.ts';

/** Reads the stream to its end and closes it. */
export async function drain(stream: ContentStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    for (;;) {
      const piece = await stream.next();
      if (piece === undefined) return Buffer.concat(pieces);
      // The memory of a piece is used again.
      pieces.push(Buffer.from(piece));
    }
  } finally {
    await stream.close();
  }
}

/** What is under the key, or undefined where nothing is. */
export async function contentOf(
  store: ContentStore,
  key: string,
  range?: ByteRange,
): Promise<Buffer | undefined> {
  const stream = await store.read(key, range);
  return stream && drain(stream);
}

/** Writes one object as the registry does. @returns its key */
export async function store(
  content: ContentStore,
  pieces: Uint8Array | readonly Uint8Array[],
): Promise<string> {
  const writer = content.write(content.newKey());
  try {
    for (const piece of pieces instanceof Uint8Array ? [pieces] : pieces) await writer.append(piece);
    await writer.flush();
    return writer.key;
  } finally {
    await writer.close();
  }
}

export function noise(lengthBytes: number): Buffer {
  return randomBytes(lengthBytes);
}

/** Cuts bytes into pieces of at most this size. */
export function cut(bytes: Uint8Array, pieceBytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}
