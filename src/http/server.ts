import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../ports.ts';
import type { App } from './message.ts';
import { hasBody, IDLE_TIMEOUT_MS, ReplySourceFault, sendReply } from './node-reply.ts';
import { toHttpRequest } from './node-request.ts';

// An import statement would read every export of node:http, and one of them loads the whole HTTP client: 45 ms.
const { createServer } = process.getBuiltinModule('node:http');
const { createServer: createTlsServer } = process.getBuiltinModule('node:https');

/** Where a server listens. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Certificate chain and key in PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export interface ServerOptions {
  readonly address: ListenAddress;
  readonly tls: TlsMaterial | undefined;
  readonly app: App;
  readonly log: Logger;
}

/** A server that listens. */
export interface RunningServer {
  /** Host and port, or the path of the socket. */
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** Takes no new connections, lets requests under way finish for so long, then closes what is left. */
  close(drainMs: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 75_000;
const IDLE_POLL_MS = 100;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_HEADERS = 200;

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
  const server: Server =
    tls === undefined
      ? createServer(limits, listener)
      : createTlsServer({ ...limits, minVersion: 'TLSv1.2', ...tls }, listener);
  server.maxHeadersCount = MAX_HEADERS;
  await listen(server, options.address);
  return {
    address: addressOf(server),
    async close(drainMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // A connection whose request ends meanwhile is idle from then on.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_POLL_MS);
      const timer = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearInterval(idle);
      clearTimeout(timer);
    },
  };
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const done = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (address.kind === 'unix') server.listen(address.path, done);
    else
      server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }) }, done);
  });
}

function addressOf(server: Server): RunningServer['address'] {
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port };
}
