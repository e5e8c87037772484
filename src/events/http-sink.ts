import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import type { Sink } from './endpoint.ts';
import { EVENTS_MEDIA_TYPE } from './envelope.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

/** Of an answer so much is read, to use its connection again; with a longer one the connection is closed. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Where and how an HTTP endpoint is reached. */
export interface HttpSinkOptions {
  /** `http:` or `https:`. What stands before an `@` in it is sent as Basic credentials. Secret. */
  readonly url: string;
  /** Added to every request; secret. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** For the whole attempt, from the connection to the end of the answer. */
  readonly timeoutMs: number;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up, as by registry:2. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  // The message of a system's error names addresses; that of others could quote the URL.
  return code === undefined
    ? 'the endpoint could not be reached'
    : `the endpoint could not be reached (${code})`;
}

/** Sends events by POST. Redirects are not followed: where events go is what the configuration says. */
export class HttpSink implements Sink {
  readonly #url: URL;
  readonly #options: HttpSinkOptions;
  readonly #headers: Readonly<Record<string, string | readonly string[]>>;
  #agent: Agent | undefined;

  constructor(options: HttpSinkOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    const configured = [...options.headers].map(([name, values]) => [name.toLowerCase(), values] as const);
    this.#headers = {
      'content-type': EVENTS_MEDIA_TYPE,
      'user-agent': 'Berth',
      ...Object.fromEntries(configured),
    };
  }

  send(body: string, signal: AbortSignal): Promise<Outcome> {
    const { timeoutMs } = this.#options;
    const deadline = AbortSignal.timeout(timeoutMs);
    return this.#post(Buffer.from(body), AbortSignal.any([signal, deadline])).catch((error: unknown) => ({
      kind: 'unavailable',
      status: undefined,
      reason: deadline.aborted ? `the endpoint did not answer within ${timeoutMs} ms` : reasonOf(error),
    }));
  }

  close(): void {
    this.#agent?.destroy();
  }

  #post(body: Buffer, signal: AbortSignal): Promise<Outcome> {
    // Loaded at the first event: the HTTP client costs a start 45 ms.
    const http = process.getBuiltinModule(this.#url.protocol === 'https:' ? 'node:https' : 'node:http');
    this.#agent ??= new http.Agent({
      keepAlive: true,
      maxFreeSockets: 8,
      proxyEnv: { ...this.#options.env },
    });
    const options: RequestOptions = {
      method: 'POST',
      agent: this.#agent,
      headers: { ...this.#headers, 'content-length': body.byteLength },
      signal,
    };
    return new Promise((resolve, reject) => {
      const request = http.request(this.#url, options, (answer) => {
        const status = answer.statusCode ?? 0;
        const outcome = outcomeOf(status, answer.headers.location !== undefined);
        drain(answer).then(() => resolve(outcome), reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** Reads the answer to its end, or closes the connection where that is far. */
function drain(answer: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    answer.on('data', (piece: Buffer) => {
      bytes += piece.byteLength;
      if (bytes <= MAX_ANSWER_BYTES) return;
      resolve();
      answer.destroy();
    });
    answer.on('end', () => resolve());
    answer.on('error', reject);
    answer.on('close', () => reject(new Error('the answer broke off')));
  });
}
