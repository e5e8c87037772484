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
};
