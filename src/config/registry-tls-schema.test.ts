import { describe, expect, it } from 'vitest';
import { CIPHER_SUITES, DEFAULT_CIPHERS, TLS13_SUITES } from './cipher-suites.ts';
import { ConfigError } from './config-error.ts';
import { parseRegistryConfig } from './distribution.ts';
import type { RegistryConfig } from './registry-config.ts';

const FILES = 'certificate: c, key: k';

function http(section: string, env: Record<string, string> = {}): RegistryConfig['http'] {
  const text = `version: 0.1\nstorage: filesystem\nhttp:\n  addr: :5000\n  ${section}\n`;
  return parseRegistryConfig(text, 'config.yml', env).config.http;
}

function notices(section: string): readonly string[] {
  const text = `version: 0.1\nstorage: filesystem\nhttp:\n  addr: :5000\n  ${section}\n`;
  return parseRegistryConfig(text, 'config.yml', {}).notices;
}

function refusal(section: string, env: Record<string, string> = {}): string {
  try {
    http(section, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('http.tls', () => {
  it('certificate and key are files; without them there is plain HTTP', () => {
    expect(http(`tls: {${FILES}}`).tls?.certificate).toEqual({ kind: 'files', certificate: 'c', key: 'k' });
    expect(http('tls: {}').tls).toBeUndefined();
    expect(refusal('tls: {certificate: c}')).toContain('"http.tls.key" is missing');
  });

  it('every key has its environment variable, by the name of its Go field', () => {
    const { tls, http2, h2c, drainTimeoutMs } = http('net: tcp', {
      REGISTRY_HTTP_TLS_CERTIFICATE: 'c',
      REGISTRY_HTTP_TLS_KEY: 'k',
      REGISTRY_HTTP_TLS_CLIENTCAS_0: 'one',
      REGISTRY_HTTP_TLS_CLIENTCAS_1: 'two',
      REGISTRY_HTTP_TLS_CLIENTAUTH: 'verify-client-cert-if-given',
      REGISTRY_HTTP_TLS_MINIMUMTLS: 'tls1.2',
      REGISTRY_HTTP_TLS_CIPHERSUITES: '[TLS_RSA_WITH_AES_128_GCM_SHA256]',
      REGISTRY_HTTP_HTTP2_DISABLED: 'true',
      REGISTRY_HTTP_H2C_ENABLED: 'true',
      REGISTRY_HTTP_DRAINTIMEOUT: '60s',
    });
    expect(tls).toEqual({
      certificate: { kind: 'files', certificate: 'c', key: 'k' },
      clients: { authorities: ['one', 'two'], auth: 'verify-client-cert-if-given' },
      minVersion: 'TLSv1.2',
      ciphers: ['AES128-GCM-SHA256'],
    });
    expect([http2, h2c, drainTimeoutMs]).toEqual([false, true, 60_000]);
  });

  it('clientcas alone means require-and-verify-client-cert, as in registry:2', () => {
    expect(http(`tls: {${FILES}, clientcas: [a]}`).tls?.clients).toEqual({
      authorities: ['a'],
      auth: 'require-and-verify-client-cert',
    });
    expect(http(`tls: {${FILES}, clientcas: []}`).tls?.clients).toBeUndefined();
  });

  it('clientcas without a certificate is an error: the original then serves plain HTTP to everybody', () => {
    expect(refusal('tls: {clientcas: [a]}')).toMatch(
      /^config\.yml:5:9: "http\.tls\.clientcas" needs certificate/,
    );
  });

  it('clientauth takes its four words and no others, and needs clientcas', () => {
    for (const word of ['request-client-cert', 'require-any-client-cert', 'verify-client-cert-if-given']) {
      expect(http(`tls: {${FILES}, clientcas: [a], clientauth: ${word}}`).tls?.clients?.auth).toBe(word);
    }
    expect(refusal(`tls: {${FILES}, clientcas: [a], clientauth: yes}`)).toContain(
      'must be one of request-client-cert',
    );
    expect(refusal(`tls: {${FILES}, clientauth: request-client-cert}`)).toContain(
      'without "http.tls.clientcas"',
    );
    expect(http(`tls: {${FILES}, clientauth: ""}`).tls?.clients).toBeUndefined();
  });

  it('minimumtls is tls1.2 or tls1.3; what registry:2 took below is an error with advice', () => {
    expect(http(`tls: {${FILES}}`).tls?.minVersion).toBe('TLSv1.2');
    expect(http(`tls: {${FILES}, minimumtls: ""}`).tls?.minVersion).toBe('TLSv1.2');
    expect(http(`tls: {${FILES}, minimumtls: tls1.3}`).tls?.minVersion).toBe('TLSv1.3');
    for (const old of ['tls1.0', 'tls1.1']) {
      expect(refusal(`tls: {${FILES}, minimumtls: ${old}}`)).toMatch(
        /:5:\d+: .*is not supported; it is broken; write/,
      );
    }
  });

  it('ciphersuites are those of the original if not set, by the names of OpenSSL', () => {
    expect(http(`tls: {${FILES}}`).tls?.ciphers).toEqual([
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-CHACHA20-POLY1305',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
    ]);
    const all = [...Object.keys(CIPHER_SUITES), ...TLS13_SUITES].join(', ');
    expect(http(`tls: {${FILES}, ciphersuites: [${all}]}`).tls?.ciphers).toEqual(
      Object.values(CIPHER_SUITES),
    );
    expect(DEFAULT_CIPHERS).toHaveLength(6);
  });

  it('ciphersuites that only name those of TLS 1.3 leave none for TLS 1.2, as in Go', () => {
    expect(http(`tls: {${FILES}, ciphersuites: [TLS_AES_128_GCM_SHA256]}`).tls?.ciphers).toEqual([]);
  });

  it.each([
    ['TLS_RSA_WITH_RC4_128_SHA', 'is broken and no longer exists'],
    ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA265', 'did you mean TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256?'],
    ['HIGH', 'known are TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, '],
    ['toString', 'known are '],
  ])('ciphersuites: %s is an error', (suite, message) => {
    const refused = refusal(`tls: {${FILES}, ciphersuites: [${suite}]}`);
    expect(refused).toMatch(/^config\.yml:5:\d+: "http\.tls\.ciphersuites\[0\]": /);
    expect(refused).toContain(message);
  });

  it('ciphersuites beside tls1.3 are told to have no effect, as by registry:3', () => {
    const suites = 'ciphersuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]';
    expect(notices(`tls: {${FILES}, minimumtls: tls1.3, ${suites}}`)).toEqual([
      expect.stringContaining('"http.tls.ciphersuites" has no effect'),
    ]);
  });
});

describe('http.tls.letsencrypt', () => {
  const HOSTS = 'hosts: [Registry.Example.com, registry.example.com, bücher.example]';

  it('cachefile chooses it; hosts are names in lower case and ASCII', () => {
    expect(http(`tls: {letsencrypt: {cachefile: /cache, ${HOSTS}}}`).tls?.certificate).toEqual({
      kind: 'acme',
      cacheFolder: '/cache',
      email: undefined,
      hosts: ['registry.example.com', 'xn--bcher-kva.example'],
      directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
    });
  });

  it('every key has its environment variable', () => {
    const { tls } = http('net: tcp', {
      REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE: '/cache',
      REGISTRY_HTTP_TLS_LETSENCRYPT_EMAIL: 'me@example.com',
      REGISTRY_HTTP_TLS_LETSENCRYPT_HOSTS_0: 'a.example',
      REGISTRY_HTTP_TLS_LETSENCRYPT_DIRECTORYURL: 'https://ca.example/dir',
    });
    expect(tls?.certificate).toEqual({
      kind: 'acme',
      cacheFolder: '/cache',
      email: 'me@example.com',
      hosts: ['a.example'],
      directoryUrl: 'https://ca.example/dir',
    });
  });

  it('that is empty changes nothing', () => {
    const empty = 'letsencrypt: {cachefile: "", email: "", hosts: [], directoryurl: ""}';
    expect(http(`tls: {${FILES}, ${empty}}`).tls?.certificate.kind).toBe('files');
    expect(http(`tls: {${empty}}`).tls).toBeUndefined();
  });

  it.each([
    [`letsencrypt: {${HOSTS}}`, '"http.tls.letsencrypt.cachefile" is missing'],
    ['letsencrypt: {cachefile: /cache}', '"http.tls.letsencrypt.hosts" is missing'],
    [`letsencrypt: {cachefile: /cache, ${HOSTS}}, ${FILES}`, 'both certificate and letsencrypt'],
    ['letsencrypt: {cachefile: /cache, hosts: ["*.example.com"]}', 'must be a host name'],
    ['letsencrypt: {cachefile: /cache, hosts: ["registry.example.com:5000"]}', 'must be a host name'],
    ['letsencrypt: {cachefile: /cache, hosts: ["../../etc/passwd"]}', 'must be a host name'],
    ['letsencrypt: {cachefile: /cache, hosts: [10.0.0.1]}', 'must be a host name'],
    [`letsencrypt: {cachefile: /cache, ${HOSTS}, directoryurl: "http://ca.example"}`, 'begins with https://'],
  ])('%s is an error', (section, message) => {
    expect(refusal(`tls: {${section}}`)).toMatch(/^config\.yml:5:\d+: /);
    expect(refusal(`tls: {${section}}`)).toContain(message);
  });
});

describe('http.http2, http.h2c, http.draintimeout', () => {
  it('HTTP/2 is on over TLS and off without, unless said otherwise', () => {
    expect([http('net: tcp').http2, http('net: tcp').h2c]).toEqual([true, false]);
    expect(http('http2: {disabled: true}').http2).toBe(false);
    expect(http('h2c: {enabled: true}').h2c).toBe(true);
  });

  it('draintimeout is eight seconds unless set, and none where it is 0', () => {
    expect(http('net: tcp').drainTimeoutMs).toBe(8_000);
    expect(http('draintimeout: 0s').drainTimeoutMs).toBe(0);
    expect(http('draintimeout: 1m').drainTimeoutMs).toBe(60_000);
  });
});
