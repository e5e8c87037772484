import type { ContentStore } from '../content/content-store.ts';
import type { UploadPart } from '../index/uploads.ts';
import { type Digest, type DigestAlgorithm, Digester } from '../oci/digest.ts';
import type { OpenPart } from './open-parts.ts';
import type { Hold } from './upload-locks.ts';

/**
 * The first so many bytes under a key. A piece is valid only until the next one is asked for.
 * @throws Error where there are fewer bytes, or none
 */
async function* piecesOf(
  content: ContentStore,
  key: string,
  sizeBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (sizeBytes === 0) return;
  const stream = await content.read(key, { first: 0, last: sizeBytes - 1 });
  if (stream === undefined) throw new Error('the content of an upload is missing');
  try {
    for (;;) {
      const piece = await stream.next();
      if (piece === undefined) return;
      yield piece;
    }
  } finally {
    await stream.close();
  }
}

/** Appends the bytes of other parts, one after the other; its digester sees them, too. */
export async function copyInto(
  part: OpenPart,
  content: ContentStore,
  sources: readonly UploadPart[],
  hold: Hold,
): Promise<void> {
  for (const { key, sizeBytes } of sources) {
    for await (const bytes of piecesOf(content, key, sizeBytes)) {
      hold.progress();
      part.digester?.update(bytes);
      await part.writer.append(bytes);
    }
  }
}

/** The digest of a part that holds a whole blob; its bytes are read again where they were hashed by another algorithm. */
export async function digestOfPart(
  part: OpenPart,
  content: ContentStore,
  algorithm: DigestAlgorithm,
): Promise<Digest> {
  if (part.digester?.algorithm === algorithm) return part.digester.digest();
  await part.writer.flush();
  const digester = new Digester(algorithm);
  const { key, sizeBytes } = part.writer;
  for await (const bytes of piecesOf(content, key, sizeBytes)) digester.update(bytes);
  return digester.digest();
}
