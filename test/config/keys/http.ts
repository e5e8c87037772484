import type { KeyCases } from './case.ts';

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
  'http.debug.addr': {
    yaml: 'http: {addr: ":5000", debug: {addr: "localhost:5001"}}',
    setting: (config) => config.http.debug?.listen,
    is: { kind: 'tcp', host: 'localhost', port: 5001 },
    verdict: 'works-differently',
    wrong: [
      'http: {addr: ":5000", debug: {addr: "5001"}}',
      /"http\.debug\.addr" has no colon; write ":5001"/,
    ],
  },
  'http.debug.prometheus.enabled': {
    yaml: 'http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: true}}}',
    setting: (config) => config.http.debug?.metricsPath,
    is: '/metrics',
    verdict: 'works-differently',
    wrong: [
      'http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: "true"}}}',
      /must be true or false, without quotes/,
    ],
  },
  'http.debug.prometheus.path': {
    yaml: 'http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: true, path: /numbers}}}',
    setting: (config) => config.http.debug?.metricsPath,
    is: '/numbers',
    wrong: [
      'http: {addr: ":5000", debug: {addr: ":5001", prometheus: {enabled: true, path: numbers}}}',
      /"http\.debug\.prometheus\.path" must be a path such as \/metrics/,
    ],
  },
  'http.trustedproxies': {
    yaml: 'http: {addr: ":5000", trustedproxies: [10.0.0.0/8, "fd00::1"]}',
    setting: (config) => config.http.trustedProxies,
    is: ['10.0.0.0/8', 'fd00::1'],
    verdict: 'works-differently',
    wrong: [
      'http: {addr: ":5000", trustedproxies: [10.0.0.0/33]}',
      /"http\.trustedproxies\[0\]" must be an address or a network such as 10\.0\.0\.0\/8/,
    ],
  },
  'http.http2.disabled': {
    yaml: 'http: {addr: ":5000", http2: {disabled: true}}',
    setting: (config) => config.http.http2,
    is: false,
    wrong: ['http: {addr: ":5000", http2: false}', /"http\.http2" must be a section of keys/],
  },
  'http.h2c.enabled': {
    yaml: 'http: {addr: ":5000", h2c: {enabled: true}}',
    setting: (config) => config.http.h2c,
    is: true,
    verdict: 'works-differently',
    wrong: ['http: {addr: ":5000", h2c: {enabled: 1}}', /"http\.h2c\.enabled" must be true or false/],
  },
};
