import { RegistryError, toRegistryError } from '../errors.ts';
import type { AccessLog, Clock, Logger } from '../ports.ts';
import { type ApiOptions, handleApi, isApi } from './api/api.ts';
import { errorReply } from './error-reply.ts';
import { countingBody, Exchange, untilSent } from './exchange.ts';
import { HttpError } from './http-error.ts';
import { logTarget } from './log-target.ts';
import type { App, HttpRequest, Reply } from './message.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { TrustedProxies } from './trusted-proxies.ts';
import { handleV2, isV2, V2_HEADERS, type V2Options } from './v2/api.ts';

/** What answers at one exact path. */
export interface Endpoint {
  readonly methods: readonly string[];
  readonly handle: (request: HttpRequest) => Promise<Reply>;
  /** For metrics; without one its requests are not counted. */
  readonly name?: string;
  /** Tells of the server's health, and so answers however that is. */
  readonly isProbe?: boolean;
}

/** What a server answers. */
export interface AppOptions {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** Further ones, which may come and go; they come before the others. */
  readonly page?: ((path: string) => Endpoint | undefined) | undefined;
  /** The registry API, where there is one. */
  readonly v2: V2Options | undefined;
  /** The admin API, where there is one. */
  readonly api?: ApiOptions | undefined;
  /** In front of every path, such as `/registry`; empty where there is none. */
  readonly prefix: string;
  /** Added to every reply. */
  readonly headers: Readonly<Record<string, string>>;
  readonly proxies: TrustedProxies;
  /** Whether everything but probes is to be refused, since a health check fails. */
  readonly isUnhealthy: () => boolean;
  readonly log: Logger;
  readonly clock: Clock;
  /** undefined: nobody wants to know of each request. */
  readonly accessLog: AccessLog | undefined;
  /** undefined: nothing is counted. */
  readonly requestMetrics: RequestMetrics | undefined;
}

/** What clients pushed is never to be taken for a page, whatever it looks like. Configured headers come on top. */
function headersOfAll(configured: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isSet = Object.keys(configured).some((name) => name.toLowerCase() === 'x-content-type-options');
  return isSet ? configured : { 'X-Content-Type-Options': 'nosniff', ...configured };
}

/** Builds the function that answers every request. */
export function createApp(options: AppOptions): App {
  const { log, clock, accessLog, requestMetrics } = options;
  const always = headersOfAll(options.headers);
  const routes = requestMetrics && ((name: string) => requestMetrics.route(name));
  return async (received) => {
    const atMs = clock.now();
    const began = performance.now();
    const exchange = new Exchange(routes);
    const request = countingBody(withoutPrefix(options.proxies.resolve(received), options.prefix), exchange);
    let reply: Reply;
    try {
      reply = await dispatch(options, request, exchange);
    } catch (error) {
      reply = errorReply(error, request.id);
      logFault(log, request, reply.status, error);
    }
    const headers: Record<string, string> = {
      ...always,
      ...(isV2(request.path) && V2_HEADERS),
      ...reply.headers,
      'X-Request-Id': request.id,
    };
    const { status } = reply;
    return untilSent({ ...reply, headers }, request.method === 'HEAD', (sentBytes) => {
      const durationMs = performance.now() - began;
      const { receivedBytes, route } = exchange;
      if (route !== undefined) {
        route.inFlight -= 1;
        route.observe(request, status, { seconds: durationMs / 1000, receivedBytes, sentBytes });
      }
      accessLog?.write({
        requestId: request.id,
        atMs,
        durationMs,
        method: request.method,
        target: logTarget(request.target),
        httpVersion: request.httpVersion,
        host: request.forwarded?.host ?? request.headers['host'],
        address: request.remoteAddress,
        account: exchange.account,
        agent: request.headers['user-agent'],
        referer: request.headers['referer'],
        status,
        contentType: headers['Content-Type'],
        receivedBytes,
        sentBytes,
      });
    });
  };
}

async function dispatch(options: AppOptions, request: HttpRequest, exchange: Exchange): Promise<Reply> {
  const { v2, isUnhealthy } = options;
  const endpoint = options.page?.(request.path) ?? options.endpoints.get(request.path);
  if (endpoint?.isProbe !== true && isUnhealthy()) {
    // The reasons may name what is inside; they are told only at the debug address, as distribution does.
    throw new RegistryError('UNAVAILABLE', { detail: 'health check failed: please see /debug/health' });
  }
  if (v2 !== undefined && isV2(request.path)) return handleV2(v2, request, exchange);
  if (options.api !== undefined && isApi(request.path)) return handleApi(options.api, request, exchange);
  if (endpoint === undefined) throw new HttpError('NOT_FOUND', {});
  if (endpoint.name !== undefined) exchange.enter(endpoint.name);
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
  // That the registry is unavailable was said when it became so, unless it is this request's own affair.
  if (status >= 500 && (status !== 503 || cause !== undefined))
    log.error('a request failed', { ...fields, error: cause ?? thrown });
  else log.debug('a request was refused', { ...fields, reason: message });
}
