import { Agent, createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What went over the wire between a client and the registry. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly status: number;
  /** bytes of the request's body */
  readonly sent: number;
  readonly challenge: string | undefined;
  /** the answer's body when it is an error, at most 500 characters */
  readonly error: string;
}

/** A plain relay in front of a registry that remembers every exchange. It changes nothing, also not Host. */
export interface Recorder {
  readonly port: number;
  readonly exchanges: readonly Exchange[];
  /** Forgets what was seen so far. */
  clear(): void;
  /** one line an exchange */
  text(): string;
  stop(): Promise<void>;
}

/** @param gate each request waits for it before it goes on to the registry */
export async function startRecorder(
  target: number,
  gate: (method: string, path: string) => Promise<void> = async () => undefined,
): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://registry');
    let sent = 0;
    const onward = forward({
      host: '127.0.0.1',
      port: target,
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      headers: incoming.rawHeaders,
      agent,
    });
    const fail = () => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end();
    };
    onward.on('error', fail);
    onward.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      let error = '';
      answer.on('data', (chunk: Buffer) => {
        if (status >= 400 && error.length < 500) error += chunk.toString('utf8').slice(0, 500);
      });
      answer.on('end', () => {
        exchanges.push({
          method: incoming.method ?? '',
          path: url.pathname,
          query: url.searchParams,
          status,
          sent,
          challenge: answer.headers['www-authenticate'],
          error: error.trim(),
        });
      });
      answer.on('error', fail);
      outgoing.writeHead(status, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    incoming.on('error', () => onward.destroy());
    // Nothing is read before: what came while nobody took it would be lost.
    void gate(incoming.method ?? '', url.pathname).then(() => {
      incoming.on('data', (chunk: Buffer) => {
        sent += chunk.length;
      });
      incoming.pipe(onward);
    }, fail);
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    exchanges,
    clear: () => exchanges.splice(0),
    text: () => exchanges.map(line).join('\n'),
    stop: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function line({ method, path, query, status, sent, challenge, error }: Exchange): string {
  const target = query.size === 0 ? path : `${path}?${query}`;
  const more = [sent > 0 ? `sent ${sent} bytes` : '', challenge ?? '', error].filter((part) => part !== '');
  return `${method} ${target} -> ${status}${more.length > 0 ? ` (${more.join('; ')})` : ''}`;
}
