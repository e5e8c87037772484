import type { HttpRequest } from './message.ts';

// Nothing else may stand in a Host: it goes into headers that clients follow.
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** How clients reach this server. */
export interface ExternalUrl {
  /** Host and port that the client used, checked: safe to stand in a header. */
  hostOf(request: HttpRequest): string;
  /** The server's address as this client knows it, without a slash at the end. */
  baseOf(request: HttpRequest): string;
  /** What Location and Link carry for a path of this server. */
  locationOf(request: HttpRequest, path: string): string;
}

/**
 * @param options.host the address that the configuration names (`http.host`); otherwise it is the one that the
 *   client itself used
 * @param options.prefix stands in front of every path, behind what a proxy took away
 * @param options.relative whether Location and Link carry paths alone: they stay right behind any proxy. By default
 *   they do, unless `host` is given
 * @param options.fallbackHost stands in for a Host header that is none
 */
export function externalUrl(options: {
  host: string | undefined;
  prefix: string;
  relative: boolean | undefined;
  fallbackHost: string;
}): ExternalUrl {
  const { prefix } = options;
  const configured = options.host;
  const isRelative = options.relative ?? configured === undefined;
  const hostOf = (request: HttpRequest): string => {
    const forwarded = request.forwarded?.host;
    if (forwarded !== undefined) return forwarded;
    const host = request.headers['host'];
    return host !== undefined && HOST.test(host) ? host : options.fallbackHost;
  };
  const baseOf = (request: HttpRequest): string => {
    if (configured !== undefined) return configured + prefix;
    const scheme = request.forwarded?.scheme ?? (request.isEncrypted ? 'https' : 'http');
    return `${scheme}://${hostOf(request)}${prefixOf(request)}`;
  };
  const prefixOf = (request: HttpRequest): string =>
    request.forwarded === undefined ? prefix : request.forwarded.prefix + prefix;
  return {
    hostOf,
    baseOf,
    locationOf: (request, path) => (isRelative ? prefixOf(request) : baseOf(request)) + path,
  };
}
