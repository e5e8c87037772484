import type { AcmeSettings, TlsSettings } from '../../../src/config/tls-settings.ts';
import { type KeyCase, type KeyCases, ONLY_3 } from './case.ts';

const PAIR = 'certificate: /ssl/a.pem, key: /ssl/a.key';

/** Keys of `http.tls` beside a certificate. */
function tls(
  yaml: string,
  setting: (settings: TlsSettings) => unknown,
  is: unknown,
  { wrong: [wrong, message] }: { wrong: readonly [string, RegExp] },
): KeyCase {
  const written = (keys: string): string => `http: {addr: ":5000", tls: {${PAIR}, ${keys}}}`;
  return {
    yaml: written(yaml),
    setting: ({ http }) => http.tls && setting(http.tls),
    is,
    wrong: [written(wrong), message],
  };
}

function acme(
  setting: keyof AcmeSettings,
  is: unknown,
  [wrong, message]: readonly [string, RegExp],
): KeyCase {
  const written = (keys: string): string => `http: {addr: ":5000", tls: {letsencrypt: {${keys}}}}`;
  return {
    yaml: written(
      'cachefile: /cache, email: me@example.com, hosts: [a.example.com], ' +
        'directoryurl: "https://acme.example.com/directory"',
    ),
    setting: ({ http }) =>
      http.tls?.certificate.kind === 'acme' ? http.tls.certificate[setting] : undefined,
    is,
    wrong: [written(wrong), message],
  };
}

export const httpKeys: KeyCases = {
  'http.addr': {
    yaml: 'http: {addr: "127.0.0.1:5001"}',
    setting: (config) => config.http.listen,
    is: { kind: 'tcp', host: '127.0.0.1', port: 5001 },
    wrong: ['http: {addr: somewhere}', /"http\.addr"/],
  },
  'http.net': {
    yaml: 'http: {addr: /run/berth.sock, net: unix}',
    setting: (config) => config.http.net,
    is: 'unix',
    wrong: ['http: {addr: ":5000", net: udp}', /must be one of tcp, unix/],
  },
  'http.prefix': {
    yaml: 'http: {addr: ":5000", prefix: /registry/}',
    setting: (config) => config.http.prefix,
    is: '/registry',
    wrong: ['http: {addr: ":5000", prefix: registry}', /must begin with a slash/],
  },
  'http.host': {
    yaml: 'http: {addr: ":5000", host: "https://registry.example.com/"}',
    setting: (config) => config.http.host,
    is: 'https://registry.example.com',
    wrong: ['http: {addr: ":5000", host: registry.example.com}', /must be a URL/],
  },
  'http.relativeurls': {
    yaml: 'http: {addr: ":5000", relativeurls: true}',
    setting: (config) => config.http.relativeUrls,
    is: true,
    wrong: ['http: {addr: ":5000", relativeurls: 1}', /must be true or false/],
  },
  'http.draintimeout': {
    yaml: 'http: {addr: ":5000", draintimeout: 1m}',
    setting: (config) => config.http.drainTimeoutMs,
    is: 60_000,
    wrong: ['http: {addr: ":5000", draintimeout: 5}', /no unit and would be nanoseconds/],
  },
  'http.headers': {
    yaml: 'http: {addr: ":5000", headers: {X-Content-Type-Options: [nosniff], X-A: [b, c]}}',
    setting: (config) => config.http.headers,
    is: { 'X-Content-Type-Options': ['nosniff'], 'X-A': ['b', 'c'] },
    wrong: ['http: {addr: ":5000", headers: {X-A: b}}', /must be a list, not text; write \[b\]/],
  },
  'http.tls.certificate': {
    yaml: 'http: {addr: ":5000", tls: {certificate: /ssl/a.pem, key: /ssl/a.key}}',
    setting: (config) => config.http.tls?.certificate,
    is: { kind: 'files', certificate: '/ssl/a.pem', key: '/ssl/a.key' },
    wrong: ['http: {addr: ":5000", tls: {key: /ssl/a.key}}', /certificate/],
  },
  'http.tls.key': {
    yaml: 'http: {addr: ":5000", tls: {certificate: /ssl/a.pem, key: /ssl/a.key}}',
    setting: (config) => config.http.tls?.certificate,
    is: { kind: 'files', certificate: '/ssl/a.pem', key: '/ssl/a.key' },
    wrong: ['http: {addr: ":5000", tls: {certificate: /ssl/a.pem}}', /key/],
  },
  'http.tls.clientcas': tls(
    'clientcas: [/ssl/ca.pem]',
    ({ clients }) => clients?.authorities,
    ['/ssl/ca.pem'],
    {
      wrong: ['clientcas: /ssl/ca.pem', /write \[\/ssl\/ca\.pem\]/],
    },
  ),
  'http.tls.clientauth': {
    ...tls(
      'clientcas: [/ssl/ca.pem], clientauth: request-client-cert',
      ({ clients }) => clients?.auth,
      'request-client-cert',
      { wrong: ['clientauth: request-client-cert', /does nothing without "http\.tls\.clientcas"/] },
    ),
    verdict: ONLY_3,
  },
  'http.tls.minimumtls': tls('minimumtls: tls1.3', ({ minVersion }) => minVersion, 'TLSv1.3', {
    wrong: ['minimumtls: tls1.0', /it is broken; write tls1\.2/],
  }),
  'http.tls.ciphersuites': tls(
    'ciphersuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]',
    ({ ciphers }) => ciphers,
    ['ECDHE-RSA-AES128-GCM-SHA256'],
    { wrong: ['ciphersuites: [TLS_RSA_WITH_RC4_128_SHA]', /http\.tls\.ciphersuites/] },
  ),
  'http.tls.letsencrypt.cachefile': acme('cacheFolder', '/cache', [
    'hosts: [a.example.com]',
    /cachefile" is missing/,
  ]),
  'http.tls.letsencrypt.email': acme('email', 'me@example.com', ['cachefile: /cache', /hosts" is missing/]),
  'http.tls.letsencrypt.hosts': acme(
    'hosts',
    ['a.example.com'],
    ['cachefile: /cache, hosts: ["*.example.com"]', /must be a host name/],
  ),
  'http.tls.letsencrypt.directoryurl': {
    ...acme('directoryUrl', 'https://acme.example.com/directory', [
      'cachefile: /cache, hosts: [a.example.com], directoryurl: "http://acme.example.com/"',
      /begins with https/,
    ]),
    verdict: ONLY_3,
  },
  'http.debug.addr': {
    yaml: 'http: {addr: ":5000", debug: {addr: "127.0.0.1:5001"}}',
    setting: (config) => config.http.debug?.listen,
    is: { kind: 'tcp', host: '127.0.0.1', port: 5001 },
    wrong: ['http: {addr: ":5000", debug: {addr: "127.0.0.1:99999"}}', /"http\.debug\.addr"/],
  },
  'http.debug.prometheus.enabled': {
    yaml: 'http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: true}}}',
    setting: (config) => config.http.debug?.metricsPath,
    is: '/metrics',
    wrong: ['http: {addr: ":5000", debug: {prometheus: {enabled: 1}}}', /must be true or false/],
  },
  'http.debug.prometheus.path': {
    yaml: 'http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: true, path: /numbers}}}',
    setting: (config) => config.http.debug?.metricsPath,
    is: '/numbers',
    wrong: [
      'http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: true, path: numbers}}}',
      /must be a path such as \/metrics/,
    ],
  },
  'http.trustedproxies': {
    yaml: 'http: {addr: ":5000", trustedproxies: [10.0.0.0/8, 192.0.2.1]}',
    setting: (config) => config.http.trustedProxies,
    is: ['10.0.0.0/8', '192.0.2.1'],
    wrong: ['http: {addr: ":5000", trustedproxies: [proxy]}', /must be an address or a network/],
  },
  'http.http2.disabled': {
    yaml: 'http: {addr: ":5000", http2: {disabled: true}}',
    setting: (config) => config.http.http2,
    is: false,
    wrong: ['http: {addr: ":5000", http2: {disabled: 1}}', /must be true or false/],
  },
  'http.h2c.enabled': {
    yaml: 'http: {addr: ":5000", h2c: {enabled: true}}',
    setting: (config) => config.http.h2c,
    is: true,
    verdict: ONLY_3,
    wrong: ['http: {addr: ":5000", h2c: {enabled: 1}}', /must be true or false/],
  },
};
