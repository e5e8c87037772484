import { domainToASCII } from 'node:url';
import { compileNetwork } from '../ip.ts';
import { checkPair } from './auth-checks.ts';
import type { RealAddressSettings, ServerSettings } from './auth-settings.ts';
import type { Decoding } from './decoding.ts';
import { parseListenAddress } from './listen-address.ts';
import type { ConfigNode } from './node.ts';
import { optional, required, type Type, withDefault } from './schema.ts';
import { checkSuites, cipherSuite, curve, minVersion } from './server-tls-types.ts';
import type { AcmeSettings, TlsSettings } from './tls-settings.ts';
import { bool, int, nonEmptyText, oneOf, text } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

const network: Type<string> = {
  ...text,
  name: 'network',
  decode(node, at) {
    const written = text.decode(node, at);
    if (written === undefined || compileNetwork(written) !== undefined) return written;
    at.report(`${at.name} must be an address or a network, such as 10.0.0.0/8`, node.place);
    return undefined;
  },
};

const letsencrypt = section({
  email: optional(text, 'Address that the authority may write to.'),
  cache_dir: optional(text, 'Folder that keeps the account and the certificates.'),
  host: optional(text, 'The name that clients use; no certificate is asked for another.'),
  directory_url: withDefault(
    nonEmptyText,
    "Berth's own: the authority's ACME directory.",
    LETS_ENCRYPT,
    LETS_ENCRYPT,
  ),
});

const fields = section({
  addr: required(nonEmptyText, 'Address to listen on, `HOST:PORT`, or the path of a unix socket.'),
  net: withDefault(oneOf(['tcp', 'unix']), 'Kind of address.', 'tcp'),
  certificate: optional(
    nonEmptyText,
    'PEM file with the TLS certificate; signs tokens, too, if `token` has none. Read again when it changes.',
  ),
  key: optional(nonEmptyText, 'PEM file with the key of the certificate.'),
  path_prefix: withDefault(text, 'Path in front of every route; begins with a slash.', ''),
  real_ip_header: optional(
    text,
    'Header that has the address of the client, such as `X-Forwarded-For`; believed from `trusted_proxies` only.',
  ),
  real_ip_pos: withDefault(
    int(),
    'Of a list in that header: `-n` takes no entry further left than the n-th from the right; `0` sets no such bound. Entries are read from the right, up to the first that is no trusted proxy.',
    0,
  ),
  trusted_proxies: optional(
    list(network),
    "Berth's own: addresses and networks of proxies whose headers are believed; this machine if not set.",
  ),
  hsts: withDefault(
    bool,
    'Tell browsers, for two years, to come by HTTPS only: to this host and those below it.',
    false,
  ),
  tls_min_version: optional(minVersion, 'Lowest TLS version accepted, by name or number; TLS12 if not set.'),
  tls_curve_preferences: optional(
    list(curve),
    "Groups for the key exchange, by Go's names or by number, best first; Node's own choice if not set.",
  ),
  tls_cipher_suites: optional(
    list(cipherSuite),
    "Cipher suites for TLS 1.2, by Go's names or by number; those with forward secrecy and AEAD if not set.",
  ),
  letsencrypt: optional(letsencrypt, 'Certificate by ACME, renewed on its own.'),
});

/** `server` of a docker_auth file. */
export const server: Type<ServerSettings> = refine(fields, (value, at, node): ServerSettings | undefined => {
  checkPair(value, at, node);
  const listen = parseListenAddress(value.addr, value.net);
  if (listen.kind === 'wrong') at.report(`"server.addr" ${listen.why}`, placeOfKey(node, 'addr', at));
  const pathPrefix = checkPrefix(value.path_prefix, at, node);
  if (value.real_ip_pos > 0) {
    at.report(
      '"server.real_ip_pos" counts from the left, where a client may write what it likes; write -1 for the entry of the last proxy, or leave it out',
      placeOfKey(node, 'real_ip_pos', at),
    );
  }
  if (listen.kind === 'wrong') return undefined;
  const { certificate, key } = value;
  const pair = certificate === undefined || key === undefined ? undefined : { certificate, key };
  const acme = acmeOf(value.letsencrypt, pair !== undefined, at, node);
  const source = pair === undefined ? acme : ({ kind: 'files', ...pair } as const);
  return {
    addr: value.addr,
    listen,
    pair,
    tls: source && { ...tlsOf(value, at, node), certificate: source },
    pathPrefix,
    hsts: value.hsts,
    realAddress: realAddressOf(value.real_ip_header, value.real_ip_pos, value.trusted_proxies !== undefined),
    trustedProxies: value.trusted_proxies,
  };
});

type Written<T> = T extends Type<infer V> ? V : never;
type Fields = Written<typeof fields>;

function tlsOf(value: Fields, at: Decoding, node: ConfigNode): Omit<TlsSettings, 'certificate'> {
  const { tls_min_version: version = 'TLSv1.2', tls_cipher_suites: suites, tls_curve_preferences } = value;
  return {
    clients: undefined,
    minVersion: version,
    ciphers: checkSuites(suites, version, at, placeOfKey(node, 'tls_cipher_suites', at)),
    ...(tls_curve_preferences !== undefined && { curves: tls_curve_preferences }),
  };
}

function realAddressOf(
  header: string | undefined,
  position: number,
  isFromNamedProxies: boolean,
): RealAddressSettings | undefined {
  if (header === undefined || header === '') return undefined;
  return {
    header: header.toLowerCase(),
    ...(position < 0 && { maxEntries: -position }),
    isFromNamedProxies,
  };
}

function checkPrefix(prefix: string, at: Decoding, node: ConfigNode): string {
  if (prefix !== '' && !prefix.startsWith('/')) {
    at.report('"server.path_prefix" must begin with a slash', placeOfKey(node, 'path_prefix', at));
  }
  return prefix.replace(/\/+$/, '');
}

function acmeOf(
  value: Written<typeof letsencrypt> | undefined,
  hasFiles: boolean,
  at: Decoding,
  node: ConfigNode,
): AcmeSettings | undefined {
  if (value === undefined) return undefined;
  const { email = '', cache_dir: folder = '', host = '', directory_url: directoryUrl } = value;
  if (email === '' && folder === '' && host === '') return undefined;
  const place = placeOfKey(node, 'letsencrypt', at);
  if (hasFiles) {
    at.notice('"server.letsencrypt" has no effect beside certificate and key, as in docker_auth', place);
    return undefined;
  }
  if (folder === '')
    at.report('"server.letsencrypt.cache_dir" is missing; write the path of a folder', place);
  const name = domainToASCII(host).replace(/\.$/, '');
  if (host === '') {
    at.report(
      '"server.letsencrypt.host" is missing; write the name that clients use: docker_auth would ask for a certificate for any name that a stranger connects with',
      place,
    );
  } else if (
    !/^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]*[a-z0-9]$/.test(name)
  ) {
    at.report(
      '"server.letsencrypt.host" must be a host name such as auth.example.com, without port and wildcard',
      place,
    );
  }
  if (!URL.canParse(directoryUrl) || new URL(directoryUrl).protocol !== 'https:') {
    at.report('"server.letsencrypt.directory_url" must be a URL that begins with https://', place);
  }
  return {
    kind: 'acme',
    cacheFolder: folder,
    email: email === '' ? undefined : email,
    hosts: [name],
    directoryUrl,
  };
}
