import { toRegistryError } from '../errors.ts';
import type { Clock, Logger } from '../ports.ts';
import { errorReply } from './error-reply.ts';
import { HttpError } from './http-error.ts';
import type { App, HttpRequest, Reply } from './message.ts';
import { handleV2, isV2, V2_HEADERS, type V2Options } from './v2/api.ts';

/** What answers at one exact path. */
export interface Endpoint {
  readonly methods: readonly string[];
  readonly handle: (request: HttpRequest) => Promise<Reply>;
}

/** What a server answers. */
export interface AppOptions {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** The registry API, where there is one. */
  readonly v2: V2Options | undefined;
  /** In front of every path, such as `/registry`; empty where there is none. */
  readonly prefix: string;
  /** Added to every reply. */
  readonly headers: Readonly<Record<string, string>>;
  readonly log: Logger;
  readonly clock: Clock;
  /** Whether each request gets a line in the log. */
  readonly accessLog: boolean;
}

/** What clients pushed is never to be taken for a page, whatever it looks like. Configured headers come on top. */
function headersOfAll(configured: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isSet = Object.keys(configured).some((name) => name.toLowerCase() === 'x-content-type-options');
  return isSet ? configured : { 'X-Content-Type-Options': 'nosniff', ...configured };
}

/** Builds the function that answers every request. */
export function createApp(options: AppOptions): App {
  const { log, clock, accessLog } = options;
  const always = headersOfAll(options.headers);
  return async (received) => {
    const began = clock.now();
    const request = withoutPrefix(received, options.prefix);
    let reply: Reply;
    try {
      reply = await dispatch(options, request);
    } catch (error) {
      reply = errorReply(error, request.id);
      logFault(log, request, reply.status, error);
    }
    if (accessLog) {
      log.info('request', {
        method: request.method,
        path: request.path,
        status: reply.status,
        ms: clock.now() - began,
        address: request.remoteAddress,
        agent: request.headers['user-agent'],
        requestId: request.id,
      });
    }
    const headers = {
      ...always,
      ...(isV2(request.path) && V2_HEADERS),
      ...reply.headers,
      'X-Request-Id': request.id,
    };
    return { ...reply, headers };
  };
}

async function dispatch(options: AppOptions, request: HttpRequest): Promise<Reply> {
  if (options.v2 !== undefined && isV2(request.path)) return handleV2(options.v2, request);
  const endpoint = options.endpoints.get(request.path);
  if (endpoint === undefined) throw new HttpError('NOT_FOUND', {});
  if (!endpoint.methods.includes(request.method)) {
    const allow = endpoint.methods.join(', ');
    throw new HttpError('UNSUPPORTED', { Allow: allow }, { message: `there is only ${allow} here` });
  }
  return endpoint.handle(request);
}

/** A path without the prefix becomes one that nothing answers at. */
function withoutPrefix(request: HttpRequest, prefix: string): HttpRequest {
  if (prefix === '') return request;
  const isBelow = request.path.startsWith(`${prefix}/`);
  return { ...request, path: isBelow ? request.path.slice(prefix.length) : '' };
}

/** Faults of the server are errors; refusals are the client's affair, and told in detail only to whoever debugs. */
function logFault(log: Logger, request: HttpRequest, status: number, thrown: unknown): void {
  const fields = { method: request.method, path: request.path, status, requestId: request.id };
  const { message, cause } = toRegistryError(thrown);
  if (status >= 500) log.error('a request failed', { ...fields, error: cause ?? thrown });
  else log.debug('a request was refused', { ...fields, reason: message });
}
