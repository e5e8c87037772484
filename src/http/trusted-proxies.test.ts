import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import type { HttpRequest } from './message.ts';
import { DEFAULT_TRUSTED, TrustedProxies } from './trusted-proxies.ts';

const NAMES = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'x-real-ip',
  'x-request-id',
];

function request(headers: Record<string, string>, remoteAddress: string | undefined): HttpRequest {
  return {
    id: 'own',
    method: 'GET',
    path: '/v2/',
    query: new URLSearchParams(),
    target: '/v2/',
    httpVersion: '1.1',
    headers: { host: 'registry.test', ...headers },
    body: { destroy: () => undefined, async *[Symbol.asyncIterator]() {} },
    remoteAddress,
    remotePort: 40_000,
    isEncrypted: false,
  };
}

const proxies = (networks: readonly string[] = DEFAULT_TRUSTED) =>
  new TrustedProxies(networks, new RecordedLog());

const entry = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.string(),
  fc.constantFrom('unknown', '127.0.0.1', 'https', '/a'),
);
const headersOf = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), fc.array(entry, { maxLength: 5 })))
  .map((pairs) => Object.fromEntries(pairs.map(([name, entries]) => [name, entries.join(', ')])));

test('whatever a trusted proxy sends, what comes of it is checked', () => {
  fc.assert(
    fc.property(headersOf, (headers) => {
      const { id, remoteAddress = '', forwarded } = proxies().resolve(request(headers, '127.0.0.1'));
      expect(isIP(remoteAddress)).not.toBe(0);
      expect(id).toMatch(/^[A-Za-z0-9_.:-]{1,128}$/);
      expect(forwarded?.prefix ?? '').toMatch(/^(?:\/[A-Za-z0-9._~-]+)*$/);
      expect(forwarded?.host ?? 'a').toMatch(/^[A-Za-z0-9.:[\]_-]+$/);
    }),
  );
});

test('whatever a stranger sends, the request stays the same object', () => {
  fc.assert(
    fc.property(headersOf, (headers) => {
      const sent = request(headers, '192.0.2.1');
      expect(proxies().resolve(sent)).toBe(sent);
    }),
  );
});

test('what stands left of the client’s address never counts', () => {
  const trusted = fc.integer({ min: 0, max: 255 }).map((last) => `10.0.0.${last}`);
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), fc.array(trusted, { maxLength: 5 }), (forged, chain) => {
      const list = [...forged, '203.0.113.1', ...chain].join(', ');
      const sent = request({ 'x-forwarded-for': list }, '10.0.0.1');
      expect(proxies(['10.0.0.0/8']).resolve(sent).remoteAddress).toBe('203.0.113.1');
    }),
  );
});

test('without such headers nothing is done', () => {
  const sent = request({}, '127.0.0.1');
  expect(proxies().resolve(sent)).toBe(sent);
});

test('an IPv4 peer that comes as IPv6 is the same peer', () => {
  const sent = request({ 'x-forwarded-for': '203.0.113.1' }, '::ffff:127.0.0.1');
  expect(proxies().resolve(sent).remoteAddress).toBe('203.0.113.1');
});

/* A header of the configuration's choice, as docker_auth's real_ip_header. */
const realIp = (addressHeader: string, maxEntries?: number) =>
  new TrustedProxies(['10.0.0.0/8'], new RecordedLog(), { addressHeader, maxEntries });

test.each([
  ['what the client forged', '127.0.0.1, 203.0.113.1', undefined, '203.0.113.1'],
  ['a proxy of ours in between', '127.0.0.1, 203.0.113.1, 10.1.1.1', undefined, '203.0.113.1'],
  ['no more than one entry', '203.0.113.1, 10.1.1.1', 1, '10.1.1.1'],
  ['a bound that is longer than the list', '203.0.113.1', 5, '203.0.113.1'],
  ['a bound that would reach the forged one', '127.0.0.1, 203.0.113.1', 2, '203.0.113.1'],
  ['no address', 'localhost', undefined, undefined],
])('a configured header of a proxy is read from the right: %s', (_, header, maxEntries, expected) => {
  const resolved = realIp('x-client', maxEntries).resolve(request({ 'x-client': header }, '10.0.0.9'));
  expect(resolved.remoteAddress).toBe(expected);
});

test('a proxy that leaves the configured header out gives no address, whatever else it sends', () => {
  const headers = { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' };
  expect(realIp('x-client').resolve(request(headers, '10.0.0.9')).remoteAddress).toBeUndefined();
  expect(realIp('x-client').resolve(request({}, '10.0.0.9')).remoteAddress).toBeUndefined();
});

test('a configured header of a stranger changes nothing, and is told about with the key', () => {
  const log = new RecordedLog();
  const proxies = new TrustedProxies(['10.0.0.0/8'], log, { key: 'k', addressHeader: 'x-client' });
  const forged = request({ 'x-client': '127.0.0.1' }, '192.0.2.7');
  expect(proxies.resolve(forged)).toBe(forged);
  expect(proxies.resolve(request({}, '192.0.2.8')).remoteAddress).toBe('192.0.2.8');
  expect(log.entries.map(({ fields }) => fields)).toEqual([{ address: '192.0.2.7', key: 'k' }]);
});
