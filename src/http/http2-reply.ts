import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { isStream, type Reply } from './message.ts';
import { pump } from './node-reply.ts';

const { constants } = process.getBuiltinModule('node:http2');

/** RFC 9113, section 8.2.2: what speaks of the connection has no place in HTTP/2. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

function headersOf({ status, headers }: Reply): OutgoingHttpHeaders {
  const sent: OutgoingHttpHeaders = { ':status': status };
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!OF_THE_CONNECTION.has(lower)) sent[lower] = typeof value === 'string' ? value : [...value];
  }
  return sent;
}

/**
 * A client that is still sending is told to stop, once it has the whole reply (RFC 9113, section 8.1); Go's server
 * does the same.
 */
function stopTheRest(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
}

/**
 * Sends a reply and closes its stream. Rejects where it could not be sent whole; the client's stream is then reset.
 * @param progress called whenever the client has taken a piece of a long body, and once before
 */
export async function sendHttp2Reply(
  stream: ServerHttp2Stream,
  method: string,
  reply: Reply,
  progress: () => void,
): Promise<void> {
  const { status, body } = reply;
  const isBodiless = body === undefined || method === 'HEAD' || status === 204 || status === 304;
  try {
    if (stream.destroyed || stream.closed) throw new Error('the client closed the stream');
    const headers = headersOf(reply);
    stopTheRest(stream);
    if (!isStream(body) && body !== undefined && status !== 204) {
      headers['content-length'] = Buffer.byteLength(body);
    }
    if (isBodiless) {
      stream.respond(headers, { endStream: true });
    } else if (isStream(body)) {
      stream.respond(headers);
      progress();
      await pump(stream, body, progress);
    } else {
      stream.respond(headers);
      stream.end(body);
    }
  } catch (error) {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    throw error;
  } finally {
    if (isStream(body)) await body.close();
  }
}
