import { RegistryError } from '../errors.ts';
import type { Announced, Body } from './body.ts';
import { BodyInterrupted } from './body.ts';
import type { OpenPart } from './open-parts.ts';
import type { Room } from './repository-limits.ts';
import type { Hold } from './upload-locks.ts';

function expectedBytes(announced: Announced): number | undefined {
  return announced.range === undefined
    ? announced.lengthBytes
    : announced.range.last - announced.range.first + 1;
}

/**
 * Refuses a body whose announcements contradict each other or the upload, before any of it is read.
 * @throws RegistryError CONTENT_RANGE_INVALID, SIZE_INVALID
 */
export function checkAnnounced(announced: Announced, offsetBytes: number): void {
  const { range, lengthBytes } = announced;
  if (range === undefined) return;
  if (range.first !== offsetBytes) {
    throw new RegistryError('CONTENT_RANGE_INVALID', {
      message: `the chunk begins at byte ${range.first}, but the upload stands at ${offsetBytes}`,
      detail: { offset: offsetBytes },
    });
  }
  if (lengthBytes !== undefined && lengthBytes !== range.last - range.first + 1) {
    throw new RegistryError('SIZE_INVALID', {
      message: `Content-Range announces ${range.last - range.first + 1} bytes and Content-Length ${lengthBytes}`,
    });
  }
}

/**
 * Takes a body into a part: hashed and written while it arrives, never held as a whole.
 * @throws BodyInterrupted where the client went away; what arrived before is in the part
 * @throws RegistryError SIZE_INVALID where the body is longer or shorter than announced, QUOTA_EXCEEDED where there is
 *   no room for it
 */
export async function receive(
  part: OpenPart,
  announced: Announced,
  body: Body,
  { hold, room }: { hold: Hold; room: Room },
): Promise<void> {
  const expected = expectedBytes(announced);
  if (expected !== undefined && expected > room.bytes) throw room.refuse(expected);
  let received = 0;
  let hasYielded = false;
  hold.onYield(() => {
    hasYielded = true;
    body.destroy(new Error('another request took over the upload'));
  });
  const pieces = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await pieces.next().catch((error: unknown) => {
        throw hasYielded ? new RegistryError('UPLOAD_BUSY', { cause: error }) : new BodyInterrupted(error);
      });
      if (piece.done === true) break;
      received += piece.value.byteLength;
      if (expected !== undefined && received > expected) {
        throw new RegistryError('SIZE_INVALID', {
          message: `the body is longer than the ${expected} bytes announced`,
        });
      }
      if (received > room.bytes) throw room.refuse(received);
      hold.progress();
      part.digester?.update(piece.value);
      const written = part.writer.append(piece.value);
      if (written !== undefined) await written;
    }
  } finally {
    // Does nothing after the end; after a failure it lets go of the rest.
    await pieces.return?.()?.catch(() => undefined);
  }
  if (expected !== undefined && received < expected) {
    throw new RegistryError('SIZE_INVALID', {
      message: `the body has ${received} of the ${expected} bytes announced`,
    });
  }
}
