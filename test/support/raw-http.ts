import { connect, type Socket } from 'node:net';
import { type RunningServer, startServer } from '../../src/http/server.ts';
import { type FrontDoor, type FrontDoorOptions, openFrontDoor } from './front-door.ts';
import { type RawResponse, responsesIn } from './raw-response.ts';

/** A registry behind a real port of the system's choice. */
export interface Served {
  readonly door: FrontDoor;
  readonly server: RunningServer;
  readonly port: number;
  /** Ends server and registry, however many connections are left. */
  close(): Promise<void>;
}

export async function serve(
  options: FrontDoorOptions = {},
  host: string | undefined = '127.0.0.1',
): Promise<Served> {
  const door = await openFrontDoor(options);
  const server = await startServer({
    app: door.app,
    log: door.log,
    tls: undefined,
    address: { kind: 'tcp', host, port: 0 },
  });
  if ('path' in server.address) throw new Error('the server listens on a path');
  return {
    door,
    server,
    port: server.address.port,
    async close() {
      await server.close(0);
      await door.close();
    },
  };
}

/** One connection, byte for byte. */
export class RawClient {
  readonly socket: Socket;
  #pieces: Buffer[] = [];
  #error: (Error & { code?: string }) | undefined;
  #isClosed = false;
  #wake = (): void => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#wake();
    });
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
    socket.on('end', () => this.#wake());
  }

  static async open(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  get received(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get errorCode(): string | undefined {
    return this.#error?.code;
  }

  /** Sends; resolves once the system took it, with false where the connection is gone. */
  write(data: Uint8Array | string): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) resolve(false);
      else this.socket.write(data, (error) => resolve(error === undefined || error === null));
    });
  }

  /** Waits until the condition holds. @throws Error with what was received, after so long */
  async until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!holds()) {
      const left = deadline - Date.now();
      if (left <= 0) {
        const text = this.received.toString('latin1').slice(0, 500);
        throw new Error(`${what}: not within ${withinMs} ms; closed ${this.#isClosed}, received ${text}`);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, Math.min(left, 50));
      await promise;
      clearTimeout(timer);
    }
  }

  /** Waits for so many responses. @throws Error where the connection closed before */
  async responses(count: number, methods: readonly string[] = []): Promise<RawResponse[]> {
    const found = (): RawResponse[] => responsesIn(this.received, methods);
    await this.until(`${count} responses`, () => found().length >= count || this.#isClosed);
    const all = found();
    if (all.length < count) {
      const text = this.received.toString('latin1').slice(0, 500);
      throw new Error(`the connection closed (${this.errorCode}) after ${all.length} responses: ${text}`);
    }
    return all;
  }

  async response(method = 'GET'): Promise<RawResponse> {
    const [first] = await this.responses(1, [method]);
    if (first === undefined) throw new Error('there is no response');
    return first;
  }

  async closed(withinMs = 5_000): Promise<void> {
    await this.until('the connection is closed', () => this.#isClosed, withinMs);
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Connects, sends, and gives the first response. */
export async function exchange(port: number, request: string, method = 'GET'): Promise<RawResponse> {
  const client = await RawClient.open(port);
  try {
    await client.write(request);
    return await client.response(method);
  } finally {
    client.destroy();
  }
}

/** A request's head, with Host; the lines end as HTTP wants them. */
export function head(requestLine: string, ...headers: readonly string[]): string {
  return [`${requestLine} HTTP/1.1`, 'Host: registry.test', ...headers, '', ''].join('\r\n');
}
