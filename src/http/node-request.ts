import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Body } from '../registry/body.ts';
import { bodyOf } from './incoming-body.ts';
import type { HttpRequest } from './message.ts';

const NO_QUERY = new URLSearchParams();

/** A path that cannot be decoded is left as it is: it then fits no route, or no grammar. */
function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The path and query of a request line, in origin or absolute form (RFC 9112, section 3.2). */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const origin = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  return mark === -1
    ? { path: decoded(origin), query: NO_QUERY }
    : { path: decoded(origin.slice(0, mark)), query: new URLSearchParams(origin.slice(mark + 1)) };
}

/**
 * The address at the other end. A socket that takes both IPv6 and IPv4 calls an IPv4 client `::ffff:10.0.0.1`; logs,
 * events and what reads them know it as `10.0.0.1`, as Go writes it.
 */
function addressOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress?.startsWith('::ffff:') === true && remoteAddress.includes('.')
    ? remoteAddress.slice('::ffff:'.length)
    : remoteAddress;
}

/** What both versions of HTTP tell before the body; the host is in `headers` in both. */
export interface ReceivedHead {
  readonly method?: string | undefined;
  /** Path and query as they were sent. */
  readonly url?: string | undefined;
  /** Such as `1.1`. */
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
}

/** Node's request as the handlers see it. */
export function toHttpRequest(message: IncomingMessage): HttpRequest;
export function toHttpRequest(head: ReceivedHead, body: Body): HttpRequest;
export function toHttpRequest(
  message: ReceivedHead,
  body = bodyOf(message as unknown as IncomingMessage),
): HttpRequest {
  const target = message.url ?? '/';
  const { path, query } = splitTarget(target);
  return {
    id: randomUUID(),
    method: message.method ?? 'GET',
    path,
    query,
    target,
    httpVersion: message.httpVersion,
    // Only Set-Cookie comes as a list, and no request carries it.
    headers: message.headers as Readonly<Record<string, string | undefined>>,
    body,
    remoteAddress: addressOf(message.socket),
    remotePort: message.socket.remotePort,
    isEncrypted: (message.socket as Partial<TLSSocket>).encrypted === true,
  };
}
