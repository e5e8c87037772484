import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { IDLE_TIMEOUT_MS } from './limits.ts';
import { isStream, type Reply, type ReplyStream } from './message.ts';

const ONE_WRITE_BYTES = 16 * 1024;

/** After a reply that came before the end of the request's body, so much and so long is read to let it arrive. */
const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 5_000;
const LINGER_POLL_MS = 100;

/** Writes one piece and waits until its memory may be used again. Rejects where the client is gone. */
function write(response: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the client closed the connection'));
    response.once('close', gone);
    response.write(piece, (error) => {
      response.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** The bytes of a reply could not be read: the server's fault, unlike a client that went away. */
export class ReplySourceFault extends Error {
  constructor(cause: unknown) {
    super('the bytes of a reply could not be read', { cause });
    this.name = 'ReplySourceFault';
  }
}

/**
 * Sends the bytes of a reply as fast as the client takes them. Rejects where the client is gone.
 * @param progress called after each piece
 */
export async function pump(response: Writable, stream: ReplyStream, progress?: () => void): Promise<void> {
  for (;;) {
    const piece = await stream.next().catch((error: unknown) => {
      throw new ReplySourceFault(error);
    });
    if (piece === undefined) break;
    if (response.destroyed) throw new Error('the client closed the connection');
    await write(response, piece);
    progress?.();
  }
  response.end();
}

/**
 * Lets a reply reach a client that is still sending. Closing at once would reset the connection, and the client would
 * never see why; reading on for ever would let it send what nobody wants.
 */
function endAfterLinger(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  response.once('finish', () => {
    const readBefore = socket.bytesRead;
    const deadline = Date.now() + LINGER_MS;
    const timer = setInterval(() => {
      const isOver = request.complete || socket.destroyed;
      if (!isOver && socket.bytesRead - readBefore < LINGER_BYTES && Date.now() < deadline) return;
      clearInterval(timer);
      if (!isOver) socket.destroy();
    }, LINGER_POLL_MS);
    // Node discards what comes after a reply.
    request.on('error', () => undefined);
  });
}

/** Whether the request announces a body that is not empty. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Sends a reply and closes its stream. Rejects where it could not be sent whole; the connection is then closed. */
export async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<void> {
  const { status, body } = reply;
  // Node sends a header once for each value of a list, and does not change the list.
  const headers = reply.headers as OutgoingHttpHeaders;
  try {
    if (hasBody(request) && !request.complete) {
      endAfterLinger(request, response);
    }
    if (isStream(body)) {
      response.writeHead(status, headers);
      response.socket?.setTimeout(IDLE_TIMEOUT_MS);
      await pump(response, body);
    } else if (body === undefined) {
      response.writeHead(status, headers);
      response.end();
    } else {
      response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
      // Node puts a short text into one write with the headers; bytes would need a write of their own.
      if (typeof body === 'string' || body.byteLength > ONE_WRITE_BYTES) response.end(body);
      else
        response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'), 'latin1');
    }
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    if (isStream(body)) await body.close();
  }
}
