import type { ContentStore } from '../content/content-store.ts';

/**
 * The first so many bytes under a key. A piece is valid only until the next one is asked for.
 * @throws Error where there are fewer bytes, or none
 */
export async function* piecesOf(
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
