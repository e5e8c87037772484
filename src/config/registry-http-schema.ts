import { compileNetwork } from '../ip.ts';
import type { Decoding } from './decoding.ts';
import { parseListenAddress } from './listen-address.ts';
import { type ConfigNode, formatPath } from './node.ts';
import type { HttpSettings } from './registry-config.ts';
import { debug } from './registry-debug-schema.ts';
import { tls } from './registry-tls-schema.ts';
import { noEffect, onlyIn, optional, required, sub, type Type, withDefault } from './schema.ts';
import { bool, duration, nonEmptyText, oneOf, secretText, text } from './types-scalar.ts';
import { list, map, placeOfKey, refine, section } from './types-section.ts';

const trustedProxy: Type<string> = refine(nonEmptyText, (value, at) => {
  if (compileNetwork(value) !== undefined) return value;
  at.report(`${at.name} must be an address or a network such as 10.0.0.0/8, not ${JSON.stringify(value)}`);
  return undefined;
});

/** Where `http.headers` are checked: node:http would throw on them at every request. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const headers = refine(map(list(text)), (value, at, node): Readonly<Record<string, readonly string[]>> => {
  const merged = new Map<string, [string, string[]]>();
  for (const [name, values] of value) {
    const ok = HEADER_NAME.test(name) && values.every((line) => HEADER_VALUE.test(line));
    if (!ok)
      at.report(`"${formatPath([...at.path, name])}" is not a valid HTTP header`, placeOfKey(node, name, at));
    // The original adds every spelling of a name to the response; an object with both would drop one.
    const known = merged.get(name.toLowerCase());
    if (known === undefined) merged.set(name.toLowerCase(), [name, [...values]]);
    else known[1].push(...values);
  }
  return Object.fromEntries(merged.values());
});

/** `docker stop` kills after ten seconds; the end is to be our own. */
const DEFAULT_DRAIN_MS = 8_000;

/** `http` of the registry's dialect. */
export const http: Type<HttpSettings> = refine(
  section({
    addr: required(nonEmptyText, 'Address to listen on: `:5000`, `127.0.0.1:5000`, or the path of a socket.'),
    net: withDefault(oneOf(['tcp', 'unix']), 'Kind of address.', 'tcp'),
    prefix: withDefault(text, 'Path in front of /v2/; begins with a slash.', ''),
    host: optional(nonEmptyText, 'URL by which clients reach the registry.'),
    secret: noEffect(secretText, 'the state of an upload is in the index and needs no signature'),
    relativeurls: optional(bool, 'Location headers without a host.'),
    draintimeout: withDefault(
      duration,
      'How long open requests may go on at a stop; with 0s they are cut off at once.',
      DEFAULT_DRAIN_MS,
      '8s',
    ),
    headers: withDefault(headers, 'Headers of every response.', {}, '{}'),
    tls: optional(tls, 'TLS; plain HTTP without.'),
    debug: sub(debug, 'The debug server.'),
    trustedproxies: onlyIn(
      'berth',
      optional(
        list(trustedProxy),
        'Addresses and networks whose `X-Forwarded-*` headers are believed; `127.0.0.0/8` and `::1` if not set.',
      ),
    ),
    http2: sub(
      section({ disabled: withDefault(bool, 'Only HTTP/1.1 is spoken.', false) }),
      'HTTP/2 over TLS.',
    ),
    h2c: onlyIn(
      3,
      sub(
        section({ enabled: withDefault(bool, 'HTTP/2 is spoken to clients that begin with it.', false) }),
        'HTTP/2 without TLS.',
      ),
    ),
  }),
  (value, at, node): HttpSettings | undefined => {
    const listen = parseListenAddress(value.addr, value.net);
    if (listen.kind === 'wrong') at.report(`"http.addr" ${listen.why}`, placeOfKey(node, 'addr', at));
    const prefix = checkPrefix(value.prefix, at, node);
    checkHost(value.host, at, node);
    if (listen.kind === 'wrong') return undefined;
    return {
      addr: value.addr,
      net: value.net,
      listen,
      host: value.host?.replace(/\/+$/, ''),
      relativeUrls: value.relativeurls,
      prefix,
      headers: value.headers,
      drainTimeoutMs: value.draintimeout,
      trustedProxies: value.trustedproxies,
      debug: value.debug.settings,
      tls: value.tls?.settings,
      http2: !value.http2.disabled,
      h2c: value.h2c.enabled,
    };
  },
);

function checkPrefix(prefix: string, at: Decoding, node: ConfigNode): string {
  if (prefix !== '' && !/^\/[\w.~/-]*$/.test(prefix)) {
    at.report(
      '"http.prefix" must begin with a slash and hold only A-Z a-z 0-9 . _ ~ / -',
      placeOfKey(node, 'prefix', at),
    );
  }
  return prefix.replace(/\/+$/, '');
}

function checkHost(host: string | undefined, at: Decoding, node: ConfigNode): void {
  if (host === undefined) return;
  const url = URL.canParse(host) ? new URL(host) : undefined;
  const isBase = url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
  if (isBase && url.username === '' && url.password === '') return;
  at.report('"http.host" must be a URL such as https://registry.example.com', placeOfKey(node, 'host', at));
}
