import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Goes away after so many milliseconds, as clients do. */
  readonly abortAfterMs?: number | undefined;
}

/** No answer came. */
export class NoAnswer extends Error {
  /** Nobody listened: the request certainly did nothing. */
  readonly isUnsent: boolean;

  constructor(cause: unknown) {
    super(String(cause), { cause });
    this.isUnsent = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
  }
}

/** So long a request may take, whatever the server suffers. */
const PATIENCE_MS = 60_000;

/** A client that keeps its connections, as real ones do. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  /** @throws NoAnswer */
  ask(url: string, method: string, { headers = {}, body, abortAfterMs }: Sent = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => reject(new NoAnswer(error));
      const asked = request(
        url,
        {
          method,
          agent: this.#agent,
          headers: {
            ...headers,
            ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
          },
          timeout: PATIENCE_MS,
        },
        (answer) => {
          const pieces: Buffer[] = [];
          answer.on('data', (piece: Buffer) => pieces.push(piece));
          answer.once('error', failed);
          answer.once('end', () => {
            if (!answer.complete) return failed(new Error('the answer was cut off'));
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) });
          });
        },
      );
      asked.once('error', failed);
      asked.once('timeout', () => asked.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
      if (abortAfterMs !== undefined) {
        const timer = setTimeout(() => asked.destroy(new Error('the client went away')), abortAfterMs);
        asked.once('close', () => clearTimeout(timer));
      }
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
