import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Logger } from '../ports.ts';
import { sendHttp2Reply } from './http2-reply.ts';
import { bodyOf } from './incoming-body.ts';
import { IDLE_TIMEOUT_MS, KEEP_ALIVE_MS, MAX_HEADER_BYTES, MAX_HEADERS } from './limits.ts';
import type { App } from './message.ts';
import { nativeHalfOf } from './native-half.ts';
import { ReplySourceFault } from './node-reply.ts';
import { toHttpRequest } from './node-request.ts';
import { Silence } from './silence.ts';

const { performServerHandshake, constants } = process.getBuiltinModule('node:http2');

/** Go's server lets so much of a body come before the handler has taken it. */
const WINDOW_BYTES = 1024 * 1024;

/**
 * nghttp2 adds limits of its own: 1,000 streams that the client gives up at once and 33 a second after that
 * (CVE-2023-44487), 8 CONTINUATION frames for one block of headers (CVE-2024-27983), and 10 answers to SETTINGS and
 * PING that wait for a client that does not read (CVE-2019-9512, CVE-2019-9515).
 */
const OPTIONS = {
  settings: {
    maxConcurrentStreams: 100,
    initialWindowSize: WINDOW_BYTES,
    maxFrameSize: 256 * 1024,
    maxHeaderListSize: MAX_HEADER_BYTES,
  },
  maxHeaderListPairs: MAX_HEADERS,
  maxSessionInvalidFrames: 100,
};

/** So long has a client to take our farewell and to close its side. */
const FAREWELL_MS = 500;

/** One connection, and how many requests are under way on it. */
class Connection {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly #idle = new Silence(KEEP_ALIVE_MS, () => this.end());
  #streams = 0;
  #isEnding = false;

  constructor(session: ServerHttp2Session, socket: Socket) {
    this.session = session;
    this.socket = socket;
    this.#idle.heard();
    socket.once('close', this.#idle.stop);
  }

  began(stream: ServerHttp2Stream): void {
    this.#streams += 1;
    this.#idle.stop();
    stream.once('close', () => {
      this.#streams -= 1;
      if (this.#isEnding) this.end();
      else if (this.#streams === 0 && !this.socket.destroyed) this.#idle.heard();
    });
  }

  /** Takes no more requests, and closes when those under way are over. */
  end(): void {
    this.#isEnding = true;
    this.session.close();
    // Node waits for the client to close its side, and a client may never do it.
    if (this.#streams === 0) setTimeout(() => this.socket.destroy(), FAREWELL_MS).unref();
  }

  destroy(): void {
    this.session.destroy();
    this.socket.destroy();
  }
}

/** The connections that speak HTTP/2 (RFC 9113), over TLS or without. */
export class Http2Sessions {
  readonly #app: App;
  readonly #log: Logger;
  /**
   * With each its native half, only to be held: it must outlive the session. A connection itself must not hold it: the
   * native half waits for ever for a client that never confirmed our settings, and whatever waits holds the connection.
   */
  readonly #open = new Map<Connection, unknown>();

  constructor(app: App, log: Logger) {
    this.#app = app;
    this.#log = log;
  }

  /** Serves a connection until its end. Its handshake is over, and none of its bytes are read. */
  accept(socket: Socket): void {
    const session = performServerHandshake(socket, OPTIONS);
    const connection = new Connection(session, socket);
    this.#open.set(connection, nativeHalfOf(session));
    session.on('error', (error) => this.#log.debug('an HTTP/2 connection broke off', { error }));
    // The socket is ours: Node leaves it open after a session that failed.
    session.once('close', () => setTimeout(() => socket.destroy(), FAREWELL_MS).unref());
    socket.once('close', () => setTimeout(() => this.#open.delete(connection), FAREWELL_MS).unref());
    // Sockets of node:http stay half open; a client of HTTP/2 that closes its side takes no answers (as for Go's server).
    socket.once('end', () => connection.destroy());
    session.on('stream', (stream, headers) => {
      // Whoever reads or writes is told, and nobody else has to be: a fault of the connection reaches every stream of it.
      stream.on('error', () => undefined);
      // Given up in the same bytes that began it: answering costs far more than asking did (CVE-2023-44487).
      if (stream.destroyed) return;
      connection.began(stream);
      this.#answer(stream, headers, socket).catch((error: unknown) => {
        this.#log.debug('a client went away before its reply was whole', { error });
        stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      });
    });
  }

  close(): void {
    for (const connection of this.#open.keys()) connection.end();
  }

  destroy(): void {
    for (const connection of this.#open.keys()) connection.destroy();
  }

  async #answer(stream: ServerHttp2Stream, received: IncomingHttpHeaders, socket: Socket): Promise<void> {
    const { ':method': method, ':path': url, ':authority': authority, ...headers } = received;
    if (method === undefined || url === undefined) {
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
      return;
    }
    if (bytesOf(headers) > MAX_HEADER_BYTES) {
      // Our limit holds for nghttp2 only once the client has confirmed it.
      stream.respond({ ':status': 431 }, { endStream: true });
      return;
    }
    if (authority !== undefined) headers['host'] = authority;
    const client = new Silence(IDLE_TIMEOUT_MS, () => stream.close(constants.NGHTTP2_CANCEL));
    stream.once('close', client.stop);
    if (!stream.endAfterHeaders) {
      client.heard();
      // From then on the client waits for us.
      stream.once('end', client.stop);
    }
    if (headers['expect'] === '100-continue') stream.additionalHeaders({ ':status': 100 });
    const body = bodyOf(stream, client.heard);
    const request = toHttpRequest({ method, url, httpVersion: '2.0', headers, socket }, body);
    const reply = await this.#app(request);
    await sendHttp2Reply(stream, method, reply, client.heard).catch((error: unknown) => {
      const fields = { requestId: request.id, path: request.path, error };
      if (error instanceof ReplySourceFault) this.#log.error('a reply broke off', fields);
      else this.#log.debug('a client went away before its reply was whole', fields);
    });
  }
}

function bytesOf(headers: IncomingHttpHeaders): number {
  let bytes = 0;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0);
  return bytes;
}
