import { isDigest } from '../../oci/digest.ts';
import type { EventOrigin, Events, Pull } from '../../ports.ts';
import type { HttpRequest, Reply } from '../message.ts';
import type { Caller } from './access.ts';
import type { RouteMatch } from './routes.ts';

/** What the registry API needs to tell others of its requests. */
export interface EventOptions {
  readonly events: Events;
  /** This registry's address as the client knows it, without a slash at the end. */
  readonly baseOf: (request: HttpRequest) => string;
}

interface Exchange {
  readonly request: HttpRequest;
  readonly match: RouteMatch;
  readonly caller: Caller;
}

/**
 * Carries out a request whose changes are told, and tells of a pull that succeeded. The one place from which events
 * of requests come: no handler knows of them.
 */
export async function telling(
  { events, baseOf }: EventOptions,
  { request, match, caller }: Exchange,
  handle: () => Promise<Reply>,
): Promise<Reply> {
  const origin = originOf(request, caller.account, baseOf(request));
  const reply = await events.attribute(origin, handle);
  const pull = pullOf(match, request, reply);
  if (pull !== undefined) events.pulled(origin, pull);
  return reply;
}

/** Who asked for a change, and how. */
export function originOf(request: HttpRequest, account: string, baseUrl: string): EventOrigin {
  const { remoteAddress: host, remotePort: port, headers } = request;
  const written = host?.includes(':') ? `[${host}]` : host;
  return {
    requestId: request.id,
    address: host === undefined ? '' : port === undefined ? host : `${written}:${port}`,
    host: headers['host'] ?? '',
    method: request.method,
    userAgent: headers['user-agent'] ?? '',
    actor: account,
    baseUrl,
  };
}

/**
 * GET and HEAD of a manifest or a blob are pulls, whole or in part, as for registry:2. All there is to say of one
 * stands in the reply's headers.
 */
function pullOf({ name, subject }: RouteMatch, request: HttpRequest, reply: Reply): Pull | undefined {
  if (subject === undefined || (name !== 'manifest' && name !== 'blob')) return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  if (reply.status !== 200 && reply.status !== 206) return undefined;
  const header = (called: string): string => String(reply.headers[called] ?? '');
  const digest = header('Docker-Content-Digest');
  if (!isDigest(digest)) return undefined;
  const total = /\/(\d+)$/.exec(header('Content-Range'))?.[1] ?? header('Content-Length');
  return {
    kind: name,
    repository: subject.repository,
    digest,
    mediaType: name === 'blob' ? 'application/octet-stream' : header('Content-Type'),
    // Of a part, the whole is what was pulled from.
    sizeBytes: Number(total),
    tag: name === 'manifest' && !isDigest(subject.target) ? subject.target : undefined,
  };
}
