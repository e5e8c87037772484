import { randomUUID } from 'node:crypto';
import type { OpenPart } from '../../registry/blobs.ts';
import type { ReplyStream } from '../message.ts';

/** Several ranges of one blob in one body (RFC 9110, section 14.6). */
export interface Multipart {
  readonly contentType: string;
  readonly lengthBytes: number;
  readonly body: ReplyStream;
}

/** @param parts are closed with the body */
export function multipart(parts: readonly OpenPart[], sizeBytes: number): Multipart {
  const boundary = randomUUID();
  const heads = parts.map(({ range: { first, last } }, position) =>
    Buffer.from(
      `${position === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: application/octet-stream\r\n` +
        `Content-Range: bytes ${first}-${last}/${sizeBytes}\r\n\r\n`,
    ),
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const lengthBytes =
    parts.reduce((total, { range }) => total + range.last - range.first + 1, end.byteLength) +
    heads.reduce((total, head) => total + head.byteLength, 0);
  const pieces = piecesOf(parts, heads, end);
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    lengthBytes,
    body: {
      async next() {
        const piece = await pieces.next();
        return piece.done === true ? undefined : piece.value;
      },
      async close() {
        await Promise.all(parts.map(({ stream }) => stream.close()));
      },
    },
  };
}

async function* piecesOf(
  parts: readonly OpenPart[],
  heads: readonly Uint8Array[],
  end: Uint8Array,
): AsyncGenerator<Uint8Array, void> {
  for (const [position, { stream }] of parts.entries()) {
    const head = heads[position];
    if (head !== undefined) yield head;
    for (let piece = await stream.next(); piece !== undefined; piece = await stream.next()) yield piece;
  }
  yield end;
}
