import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Logger } from '../ports.ts';
import { LazySessions } from './lazy-sessions.ts';
import {
  HEADERS_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_HEADER_BYTES,
  MAX_HEADERS,
} from './limits.ts';
import { type BoundAddress, type ListenAddress, listen } from './listen.ts';
import type { App } from './message.ts';
import { hasBody, ReplySourceFault, sendReply } from './node-reply.ts';
import { toHttpRequest } from './node-request.ts';
import { splitByPreface } from './preface.ts';
import { type TlsMaterial, type TlsOptions, tlsSetup } from './tls-server.ts';

// An import statement would read every export of node:http, and one of them loads the whole HTTP client: 45 ms.
const { createServer } = process.getBuiltinModule('node:http');
const { createServer: createTlsServer } = process.getBuiltinModule('node:https');

export interface ServerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsOptions | undefined;
  /** Whether HTTP/2 is spoken, to clients that ask for it; over TLS it is unless said otherwise. */
  readonly http2?: boolean;
  readonly app: App;
  readonly log: Logger;
}

/** A server that listens. */
export interface RunningServer {
  /** Host and port, or the path of the socket. */
  readonly address: BoundAddress;
  /**
   * Certificate, key and client authorities for handshakes from now on. Connections that there are go on.
   * @throws Error where they cannot be used; those before stay in use
   */
  renewTls(material: TlsMaterial): void;
  /** Takes no new connections, lets requests under way finish for so long, then closes what is left. */
  close(drainMs: number): Promise<void>;
}

const IDLE_POLL_MS = 100;

async function answer(
  app: App,
  log: Logger,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = toHttpRequest(message);
  if (hasBody(message)) giveUpWhileSilent(message, response);
  const reply = await app(request);
  await sendReply(message, response, reply).catch((error: unknown) => {
    const fields = { requestId: reply.headers['X-Request-Id'], path: request.path, error };
    if (error instanceof ReplySourceFault) log.error('a reply broke off', fields);
    else log.debug('a client went away before its reply was whole', fields);
  });
}

/** While a body comes, a silent client is given up; after its end the client waits for us. */
function giveUpWhileSilent(message: IncomingMessage, response: ServerResponse): void {
  const { socket } = message;
  socket.setTimeout(IDLE_TIMEOUT_MS);
  message.once('end', () => {
    // After the answer, the time is Node's: it closes connections on which nothing follows.
    if (!response.writableEnded) socket.setTimeout(0);
  });
}

/**
 * Starts to listen.
 * @throws the system's error, such as EADDRINUSE
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { app, log, tls } = options;
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // A layer of many gigabytes takes as long as it takes; silence is what ends a request.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  };
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    void answer(app, log, message, response);
  };
  const sessions = (options.http2 ?? tls !== undefined) ? new LazySessions(app, log) : undefined;
  let server: Server;
  let renewTls = (_: TlsMaterial): void => undefined;
  if (tls === undefined) {
    server = createServer(limits, listener);
    if (sessions !== undefined) splitByPreface(server, sessions.accept);
  } else {
    const setup = tlsSetup(tls, sessions !== undefined, log);
    const secure: HttpsServer = createTlsServer({ ...limits, ...setup.options }, listener);
    const [http1] = secure.listeners('secureConnection') as ((socket: Socket) => void)[];
    if (http1 === undefined) throw new TypeError('node:https listens to no connections');
    setup.attach(secure, { http1: (socket) => http1.call(secure, socket), http2: sessions?.accept });
    renewTls = (material) => setup.renew(secure, material);
    server = secure;
  }
  server.maxHeadersCount = MAX_HEADERS;
  const address = await listen(server, options.address);
  return {
    address,
    renewTls,
    async close(drainMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      sessions?.close();
      // A connection whose request ends meanwhile is idle from then on.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_POLL_MS);
      const timer = setTimeout(() => {
        server.closeAllConnections();
        sessions?.destroy();
      }, drainMs);
      await closed;
      clearInterval(idle);
      clearTimeout(timer);
    },
  };
}
