import { connect, type Socket } from 'node:net';

/** An answer without its body, which was counted and dropped. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bodyBytes: number;
  /** The beginning of the body, for error messages. */
  readonly text: string;
}

/** The answer that is arriving now. */
interface Arriving {
  head: string;
  answer?: { status: number; headers: Map<string, string> };
  expected: number;
  received: number;
  text: string;
  readonly onBody: ((bytes: Buffer) => void) | undefined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const READ_BYTES = 1024 * 1024;

/**
 * One kept-alive HTTP/1.1 connection that does as little as possible: bodies are received into one reused
 * buffer and only counted. node:http would cost the client about as much as the server under test spends.
 */
export class Connection {
  readonly #socket: Socket;
  #arriving: Arriving | undefined;
  #failed: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(port: number, connected: () => void) {
    this.#socket = connect(
      {
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafe(READ_BYTES),
          callback: (count, buffer) => {
            this.#received(Buffer.from(buffer.buffer, buffer.byteOffset, count));
            return true;
          },
        },
      },
      connected,
    );
    this.#socket.on('drain', () => this.#wakeSender());
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Connects to a server on loopback. The caller closes it. */
  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(port, () => resolve(connection));
      connection.#socket.once('error', reject);
    });
  }

  /** Sends bytes; resolves when the socket wants more, so that one piece at a time is in memory. */
  async send(bytes: Buffer | string): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /**
   * The next answer. Call it before sending the request's body: a server may answer early.
   * @param onBody sees each piece of the body; the memory is reused afterwards.
   */
  answer(onBody?: (bytes: Buffer) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) reject(this.#failed);
      this.#arriving = { head: '', expected: 0, received: 0, text: '', onBody, resolve, reject };
    });
  }

  /** Closes the connection at once. */
  close(): void {
    this.#socket.destroy();
  }

  #received(bytes: Buffer): void {
    const arriving = this.#arriving;
    if (arriving === undefined) return;
    if (arriving.answer !== undefined) {
      this.#body(arriving, bytes);
      return;
    }
    const before = arriving.head.length;
    arriving.head += bytes.toString('latin1', 0, Math.min(bytes.length, 65_536));
    const end = arriving.head.indexOf('\r\n\r\n');
    if (end < 0) return;
    arriving.answer = parseHead(arriving.head.slice(0, end));
    arriving.expected = bodyLength(arriving.answer);
    this.#body(arriving, bytes.subarray(end + 4 - before));
  }

  #body(arriving: Arriving, bytes: Buffer): void {
    arriving.received += bytes.length;
    arriving.onBody?.(bytes);
    if (arriving.text.length < 400) arriving.text += bytes.toString('latin1', 0, 400);
    // An answer in chunks (only short ones come so) ends with the empty chunk.
    const ends =
      arriving.expected < 0 ? arriving.text.endsWith('0\r\n\r\n') : arriving.received >= arriving.expected;
    if (!ends || arriving.answer === undefined) return;
    this.#arriving = undefined;
    // An answer before the body's end may mean that the server reads no further: let the sender look.
    this.#wakeSender();
    arriving.resolve({ ...arriving.answer, bodyBytes: arriving.received, text: arriving.text });
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#arriving?.reject(this.#failed);
    this.#wakeSender();
  }

  #wakeSender(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function parseHead(head: string): { status: number; headers: Map<string, string> } {
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(first.split(' ')[1]), headers };
}

/** Bytes of the body; -1 for a body in chunks. */
function bodyLength(answer: { status: number; headers: ReadonlyMap<string, string> }): number {
  if (answer.headers.get('transfer-encoding') === 'chunked') return -1;
  return Number(answer.headers.get('content-length') ?? 0);
}
