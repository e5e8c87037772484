import { domainToASCII } from 'node:url';
import { checkPair } from './auth-checks.ts';
import { BROKEN_SUITES, CIPHER_SUITES, DEFAULT_CIPHERS, TLS13_SUITES } from './cipher-suites.ts';
import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import { differs, onlyIn, optional, readAgain, type Type, withDefault } from './schema.ts';
import { suggest } from './suggest.ts';
import type { AcmeSettings, ClientCertificateSettings, TlsSettings } from './tls-settings.ts';
import { nonEmptyText, oneOf, text } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
const BROKEN = 'it is broken; write tls1.2, which docker 1.12 and everything later speaks';

/** In Go, empty text is the same as none. */
function unlessEmpty<T>(type: Type<T>): Type<T> {
  return {
    ...type,
    decode: (node, at) => (node.kind === 'scalar' && node.text === '' ? undefined : type.decode(node, at)),
  };
}

const cipherSuite: Type<string> = {
  ...text,
  name: 'cipher suite',
  decode(node, at) {
    const name = text.decode(node, at);
    if (name === undefined || Object.hasOwn(CIPHER_SUITES, name) || TLS13_SUITES.includes(name)) return name;
    if (BROKEN_SUITES.has(name)) {
      at.report(`${at.name}: ${name} is broken and no longer exists; remove it`);
      return undefined;
    }
    const known = Object.keys(CIPHER_SUITES);
    const near = suggest(name, known);
    const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    at.report(`${at.name}: there is no cipher suite ${JSON.stringify(name.slice(0, 60))}; ${advice}`);
    return undefined;
  },
};

/** A name that an authority can prove by a connection to it: no address, no wildcard (RFC 8737, section 3). */
const hostName: Type<string> = {
  ...text,
  name: 'host name',
  decode(node, at) {
    const written = text.decode(node, at);
    if (written === undefined) return undefined;
    const ascii = domainToASCII(written).replace(/\.$/, '');
    if (/^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]*[a-z0-9]$/.test(ascii)) {
      return ascii;
    }
    at.report(`${at.name} must be a host name such as registry.example.com, without port and wildcard`);
    return undefined;
  },
};

const letsencrypt = section({
  cachefile: differs(
    optional(
      unlessEmpty(text),
      'Folder that keeps the account and the certificates; chooses ACME. A folder of registry:3 goes on to be used.',
    ),
    'it names a folder, as in registry:3; registry:2 kept a file there, which is not read: name another path',
  ),
  email: optional(unlessEmpty(text), 'Address that the authority may write to.'),
  hosts: withDefault(
    list(hostName),
    'Host names to have certificates for; no others are asked for.',
    [],
    '[]',
  ),
  directoryurl: onlyIn(
    3,
    withDefault(unlessEmpty(nonEmptyText), "The authority's ACME directory.", LETS_ENCRYPT, LETS_ENCRYPT),
  ),
});

const CLIENT_AUTH = [
  'request-client-cert',
  'require-any-client-cert',
  'verify-client-cert-if-given',
  'require-and-verify-client-cert',
] as const;

/** `http.tls`; undefined in the result means plain HTTP. */
export const tls: Type<{ readonly settings: TlsSettings | undefined }> = refine(
  section({
    certificate: readAgain(
      optional(nonEmptyText, 'PEM file with the certificate chain; read again when it changes.'),
    ),
    key: readAgain(optional(nonEmptyText, 'PEM file with the key; read again when it changes.')),
    clientcas: readAgain(
      withDefault(
        list(nonEmptyText),
        "PEM files with the authorities of clients' certificates; read again when they change.",
        [],
        '[]',
      ),
    ),
    clientauth: onlyIn(
      3,
      optional(
        unlessEmpty(oneOf(CLIENT_AUTH)),
        'What is asked of clients; with `clientcas`, require-and-verify-client-cert if not set.',
      ),
    ),
    minimumtls: withDefault(
      unlessEmpty(oneOf(['tls1.2', 'tls1.3'], { instead: { 'tls1.0': BROKEN, 'tls1.1': BROKEN } })),
      'Lowest version of TLS that is accepted.',
      'tls1.2',
    ),
    ciphersuites: withDefault(
      list(cipherSuite),
      "Cipher suites for TLS 1.2, by Go's names; those with forward secrecy and AEAD if not set.",
      [],
      '[]',
    ),
    letsencrypt: optional(letsencrypt, 'Certificates by ACME, renewed on their own.'),
  }),
  (value, at, node): { settings: TlsSettings | undefined } | undefined => {
    checkPair(value, at, node);
    const acme = acmeOf(value.letsencrypt, at, node);
    const clients = clientsOf(value.clientcas, value.clientauth, at, node);
    if (value.minimumtls === 'tls1.3' && value.ciphersuites.length > 0) {
      const reason = 'TLS 1.3 leaves no choice of cipher suites';
      at.notice(`"http.tls.ciphersuites" has no effect: ${reason}`, placeOfKey(node, 'ciphersuites', at));
    }
    const { certificate, key } = value;
    const hasFiles = certificate !== undefined && key !== undefined;
    if (hasFiles && acme !== undefined) {
      const message = '"http.tls" has both certificate and letsencrypt; remove one';
      at.report(message, placeOfKey(node, 'letsencrypt', at));
      return undefined;
    }
    const source = hasFiles ? ({ kind: 'files', certificate, key } as const) : acme;
    if (source === undefined) {
      // The original then serves plain HTTP to everybody.
      if (clients !== undefined && certificate === undefined && key === undefined) {
        const message = '"http.tls.clientcas" needs certificate and key, or letsencrypt, beside it';
        at.report(message, placeOfKey(node, 'clientcas', at));
      }
      return { settings: undefined };
    }
    const named = value.ciphersuites.flatMap((suite) => CIPHER_SUITES[suite] ?? []);
    return {
      settings: {
        certificate: source,
        clients,
        minVersion: value.minimumtls === 'tls1.3' ? 'TLSv1.3' : 'TLSv1.2',
        ciphers: value.ciphersuites.length === 0 ? DEFAULT_CIPHERS : named,
      },
    };
  },
);

function acmeOf(
  value:
    | {
        readonly cachefile: string | undefined;
        readonly email: string | undefined;
        readonly hosts: readonly string[];
        readonly directoryurl: string;
      }
    | undefined,
  at: Decoding,
  node: ConfigNode,
): AcmeSettings | undefined {
  if (value === undefined) return undefined;
  const { cachefile, email, hosts, directoryurl } = value;
  const place = placeOfKey(node, 'letsencrypt', at);
  if (cachefile === undefined) {
    // The original then serves plain HTTP.
    if (email !== undefined || hosts.length > 0) {
      at.report('"http.tls.letsencrypt.cachefile" is missing; write the path of a folder', place);
    }
    return undefined;
  }
  if (hosts.length === 0) {
    at.report('"http.tls.letsencrypt.hosts" is missing; list the names that clients use', place);
  }
  if (!URL.canParse(directoryurl) || new URL(directoryurl).protocol !== 'https:') {
    at.report('"http.tls.letsencrypt.directoryurl" must be a URL that begins with https://', place);
  }
  return {
    kind: 'acme',
    cacheFolder: cachefile,
    email,
    hosts: [...new Set(hosts)],
    directoryUrl: directoryurl,
  };
}

function clientsOf(
  authorities: readonly string[],
  auth: ClientCertificateSettings['auth'] | undefined,
  at: Decoding,
  node: ConfigNode,
): ClientCertificateSettings | undefined {
  if (authorities.length > 0) return { authorities, auth: auth ?? 'require-and-verify-client-cert' };
  if (auth !== undefined) {
    // The original then asks for none, whatever is written.
    at.report(
      '"http.tls.clientauth" does nothing without "http.tls.clientcas"; write the authorities there',
      placeOfKey(node, 'clientauth', at),
    );
  }
  return undefined;
}
