import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import type { AcmeSettings } from '../../../src/config/tls-settings.ts';
import type { KeyCases } from './case.ts';

const http = (tls: string): string => `http: {addr: ":5000", tls: {${tls}}}`;

const FILES = 'certificate: /ssl/a.pem, key: /ssl/a.key';
const files = (others: string): string => http(`${FILES}, ${others}`);

const acme = (others: string): string => http(`letsencrypt: {${others}}`);
const ACME = 'cachefile: /acme, hosts: [a.example.com]';

function acmeOf({ http: { tls } }: RegistryConfig): AcmeSettings | undefined {
  return tls?.certificate.kind === 'acme' ? tls.certificate : undefined;
}

/** `http.tls` */
export const tlsKeys: KeyCases = {
  'http.tls.certificate': {
    yaml: http(FILES),
    setting: (config) => config.http.tls?.certificate,
    is: { kind: 'files', certificate: '/ssl/a.pem', key: '/ssl/a.key' },
    verdict: 'works-differently',
    wrong: [http('key: /ssl/a.key'), /certificate/],
  },
  'http.tls.key': {
    yaml: http(FILES),
    setting: (config) => config.http.tls?.certificate,
    is: { kind: 'files', certificate: '/ssl/a.pem', key: '/ssl/a.key' },
    verdict: 'works-differently',
    wrong: [http('certificate: /ssl/a.pem'), /key/],
  },
  'http.tls.clientcas': {
    yaml: files('clientcas: [/ssl/ca.pem, /ssl/old-ca.pem]'),
    setting: (config) => config.http.tls?.clients,
    is: { authorities: ['/ssl/ca.pem', '/ssl/old-ca.pem'], auth: 'require-and-verify-client-cert' },
    verdict: 'works-differently',
    wrong: [http('clientcas: [/ssl/ca.pem]'), /"http\.tls\.clientcas" needs certificate and key/],
  },
  'http.tls.clientauth': {
    yaml: files('clientcas: [/ssl/ca.pem], clientauth: verify-client-cert-if-given'),
    setting: (config) => config.http.tls?.clients?.auth,
    is: 'verify-client-cert-if-given',
    verdict: 'works-differently',
    wrong: [
      files('clientauth: verify-client-cert-if-given'),
      /"http\.tls\.clientauth" does nothing without "http\.tls\.clientcas"/,
    ],
  },
  'http.tls.minimumtls': {
    yaml: files('minimumtls: tls1.3'),
    setting: (config) => config.http.tls?.minVersion,
    is: 'TLSv1.3',
    wrong: [files('minimumtls: tls1.0'), /tls1\.0 is not supported; it is broken; write tls1\.2/],
  },
  'http.tls.ciphersuites': {
    yaml: files('ciphersuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]'),
    setting: (config) => config.http.tls?.ciphers,
    is: ['ECDHE-RSA-AES128-GCM-SHA256'],
    wrong: [
      files('ciphersuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA265]'),
      /there is no cipher suite .*; did you mean TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\?/,
    ],
  },
  'http.tls.letsencrypt.cachefile': {
    yaml: acme(ACME),
    setting: (config) => acmeOf(config)?.cacheFolder,
    is: '/acme',
    verdict: 'works-differently',
    wrong: [acme('hosts: [a.example.com]'), /"http\.tls\.letsencrypt\.cachefile" is missing/],
  },
  'http.tls.letsencrypt.email': {
    yaml: acme(`${ACME}, email: operator@example.com`),
    setting: (config) => acmeOf(config)?.email,
    is: 'operator@example.com',
    wrong: [acme(`${ACME}, email: [operator@example.com]`), /letsencrypt\.email" must be text, not a list/],
  },
  'http.tls.letsencrypt.hosts': {
    yaml: acme('cachefile: /acme, hosts: [A.example.com, bücher.example.com]'),
    setting: (config) => acmeOf(config)?.hosts,
    is: ['a.example.com', 'xn--bcher-kva.example.com'],
    wrong: [
      acme('cachefile: /acme, hosts: ["*.example.com"]'),
      /letsencrypt\.hosts\[0\]" must be a host name such as registry\.example\.com/,
    ],
  },
  'http.tls.letsencrypt.directoryurl': {
    yaml: acme(`${ACME}, directoryurl: "https://ca.example.com/dir"`),
    setting: (config) => acmeOf(config)?.directoryUrl,
    is: 'https://ca.example.com/dir',
    verdict: 'works-differently',
    wrong: [
      acme(`${ACME}, directoryurl: "http://ca.example.com/dir"`),
      /must be a URL that begins with https/,
    ],
  },
};
