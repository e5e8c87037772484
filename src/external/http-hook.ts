import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { Slots } from '../auth/slots.ts';
import type { Oracle } from './asked.ts';
import { OutsideFault } from './fault.ts';

const MAX_ANSWER_BYTES = 64 * 1024;
/**
 * Servers close a connection that nobody uses after 5 seconds (Node's own default) or more. A request that meets such
 * a close would fail, since nothing is tried twice.
 */
const IDLE_MS = 4_000;

/** What may change while a service is in use: it comes from files. */
export interface HookFiles {
  /** Added to every request; secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of the authorities of the service; undefined: those that Node knows. */
  readonly ca: string | undefined;
}

/** An HTTP service and how it may be asked. */
export interface HttpHookOptions {
  /** The section that it was configured by; for messages. */
  readonly name: string;
  readonly url: URL;
  /** Where it is asked how an account stands, on the same server; undefined: it is not asked. */
  readonly lookupUrl?: URL | undefined;
  readonly files: HookFiles;
  /** For a question, from the connection to the end of the answer. */
  readonly timeoutMs: number;
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
}

/**
 * Asks an HTTP service by POST, JSON for JSON. Every question is sent once; redirects are not followed, and nothing but
 * a 200 with `application/json` is an answer: what a proxy says in place of the service decides nothing.
 */
export class HttpHook implements Oracle {
  readonly name: string;
  readonly lookup: ((question: unknown) => Promise<unknown>) | undefined;
  readonly #options: HttpHookOptions;
  readonly #slots: Slots;
  readonly #closing = new AbortController();
  #files: HookFiles;
  #agent: Agent | undefined;

  constructor(options: HttpHookOptions) {
    const { lookupUrl } = options;
    this.name = options.name;
    this.lookup = lookupUrl && ((question) => this.#askAt(lookupUrl, question));
    this.#options = options;
    this.#files = options.files;
    this.#slots = new Slots({ maxRunning: options.maxConcurrent, maxWaiting: options.maxWaiting });
  }

  /** From the next question on. Those under way keep their connection. */
  replaceFiles(files: HookFiles): void {
    this.#files = files;
    // Its connections are closed as they become free: no other request uses it any more.
    const old = this.#agent;
    this.#agent = undefined;
    if (old === undefined) return;
    old.on('free', (socket) => socket.destroy());
    for (const sockets of Object.values(old.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  /**
   * @returns what the service answered
   * @throws OutsideFault; TooManyLogins
   */
  ask(question: unknown): Promise<unknown> {
    return this.#askAt(this.#options.url, question);
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#agent?.destroy();
  }

  #askAt(url: URL, question: unknown): Promise<unknown> {
    return this.#slots.run(async () => {
      const { timeoutMs } = this.#options;
      const deadline = AbortSignal.timeout(timeoutMs);
      const closing = this.#closing.signal;
      try {
        return await this.#post(
          url,
          Buffer.from(JSON.stringify(question)),
          AbortSignal.any([deadline, closing]),
        );
      } catch (error) {
        if (error instanceof OutsideFault) throw error;
        let reason = reasonOf(error);
        if (closing.aborted) reason = 'Berth is ending';
        else if (deadline.aborted) reason = `it did not answer within ${timeoutMs} ms`;
        throw new OutsideFault(this.name, `${url.origin} gave no answer: ${reason}`);
      }
    });
  }

  #post(url: URL, body: Buffer, signal: AbortSignal): Promise<unknown> {
    const { maxConcurrent } = this.#options;
    const { ca, headers } = this.#files;
    const isSecure = url.protocol === 'https:';
    // Loaded at the first question: the HTTP client costs a start 45 ms.
    const http = process.getBuiltinModule(isSecure ? 'node:https' : 'node:http');
    this.#agent ??= new http.Agent({
      keepAlive: true,
      timeout: IDLE_MS,
      maxFreeSockets: maxConcurrent,
      ...(isSecure && ca !== undefined && { ca }),
    });
    const options: RequestOptions = {
      method: 'POST',
      agent: this.#agent,
      headers: {
        accept: 'application/json',
        'user-agent': 'Berth',
        ...headers,
        'content-type': 'application/json',
        'content-length': body.byteLength,
      },
      signal,
    };
    return new Promise((resolve, reject) => {
      const request = http.request(url, options, (answer) => {
        this.#read(answer).then(resolve, reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  async #read(answer: IncomingMessage): Promise<unknown> {
    const status = answer.statusCode ?? 0;
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of answer as AsyncIterable<Buffer>) {
      bytes += piece.byteLength;
      // Leaving the loop closes the connection.
      if (bytes > MAX_ANSWER_BYTES) throw this.#fault('the answer is longer than 64 KiB');
      pieces.push(piece);
    }
    if (!answer.complete) throw this.#fault('the answer broke off');
    if (status !== 200) {
      const hint = status >= 300 && status < 400 ? '; redirects are not followed' : '';
      throw this.#fault(`the status is ${status}, not 200${hint}`);
    }
    if (!/^application\/json\s*(;|$)/i.test(answer.headers['content-type'] ?? '')) {
      throw this.#fault('the Content-Type is not application/json');
    }
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8'));
    } catch {
      throw this.#fault('the answer is not JSON');
    }
  }

  #fault(reason: string): OutsideFault {
    return new OutsideFault(this.name, `the answer of ${this.#options.url.origin} cannot be used: ${reason}`);
  }
}

/** The message of a system's error names addresses; that of others could quote what was sent. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
}
