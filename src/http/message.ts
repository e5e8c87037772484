import { type Body, BodyInterrupted } from '../registry/body.ts';

/** A request as the handlers see it, wherever it came from. */
export interface HttpRequest {
  /** Unique, for logs and error bodies. */
  readonly id: string;
  readonly method: string;
  /** Decoded once; always begins with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Path and query as they stood in the request line. */
  readonly target: string;
  /** Such as `1.1`. */
  readonly httpVersion: string;
  /** By lower-case name. Several values of one name are joined with a comma, as RFC 9110 allows. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Body;
  /**
   * The address of whoever is at the other end of the connection; of the client where that is a trusted proxy.
   * Undefined on a Unix socket.
   */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly isEncrypted: boolean;
  /** What a trusted proxy tells of the request that it received. */
  readonly forwarded?: Forwarded;
}

/** A request as it was in front of a proxy. Everything in it is checked: safe to stand in a header. */
export interface Forwarded {
  readonly scheme: 'http' | 'https' | undefined;
  /** With the port, where there is one. */
  readonly host: string | undefined;
  /** What the proxy took away from the front of the path: empty, or `/prefix` without a slash at the end. */
  readonly prefix: string;
}

/** Bytes of a reply that are sent while they are read. The sender closes it, whatever happens. */
export interface ReplyStream {
  next(): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** By name; a header with several values is sent once for each. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What goes back. Content-Length is added for texts and bytes; a stream's reply brings its own. */
export interface Reply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly body?: string | Uint8Array | ReplyStream;
}

export function isStream(body: Reply['body']): body is ReplyStream {
  return typeof body === 'object' && 'next' in body;
}

/** Answers a request. Never throws: what goes wrong becomes a reply. */
export type App = (request: HttpRequest) => Promise<Reply>;

/** A reply with a JSON body. */
export function json(status: number, value: unknown, headers: ReplyHeaders = {}): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** A reply with a body of no bytes. */
export function empty(status: number, headers: ReplyHeaders = {}): Reply {
  return { status, headers, body: '' };
}

const FIRST_BYTES = 4096;

/**
 * Collects a body that must fit into memory.
 * @returns undefined where it is larger than `maxBytes`; the rest is not read
 * @throws BodyInterrupted
 */
export async function readBody(body: Body, maxBytes: number): Promise<Uint8Array | undefined> {
  // Copied together while they come: a body in pieces of one byte would cost a hundred times its size as a list.
  let bytes = Buffer.alloc(0);
  let total = 0;
  try {
    for await (const piece of body) {
      total += piece.byteLength;
      if (total > maxBytes) return undefined;
      if (total > bytes.byteLength) {
        const larger = Buffer.alloc(Math.min(maxBytes, Math.max(total, 2 * bytes.byteLength, FIRST_BYTES)));
        bytes.copy(larger);
        bytes = larger;
      }
      bytes.set(piece, total - piece.byteLength);
    }
  } catch (error) {
    throw new BodyInterrupted(error);
  }
  return bytes.subarray(0, total);
}

/** What is noted of a request, beside the address. */
export function auditOriginOf(request: HttpRequest): { requestId: string; userAgent: string | undefined } {
  return { requestId: request.id, userAgent: request.headers['user-agent'] };
}
