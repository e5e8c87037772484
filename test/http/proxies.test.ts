import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';

/* X-Forwarded-* and X-Request-Id: believed from trusted proxies only. */

const realmOf = (answer: Answer) => /realm="([^"]*)"/.exec(answer.headers['www-authenticate'] ?? '')?.[1];

const TRUSTED = '10.0.0.9';
const STRANGER = '192.0.2.7';
const CONFIG = `${BUILTIN}\nhttp: {addr: 127.0.0.1:5000, trustedproxies: [10.0.0.0/8, "2001:db8:1::/48"]}`;

describe('trusted proxies', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: CONFIG });
  });
  afterAll(() => door.close());

  const addressOf = async (headers: Record<string, string>, from: string | undefined = TRUSTED) => {
    await door.send('GET', '/v2/', { headers, from });
    return door.accessed.at(-1)?.address;
  };

  it.each([
    ['one proxy', '203.0.113.1', '203.0.113.1'],
    ['what the client forged stands further left', '8.8.8.8, 203.0.113.1', '203.0.113.1'],
    ['a proxy of ours in between', '8.8.8.8, 203.0.113.1, 10.1.1.1', '203.0.113.1'],
    ['only proxies of ours: the first of them', '10.2.2.2, 10.1.1.1', '10.2.2.2'],
    ['with a port', '203.0.113.1:4711', '203.0.113.1'],
    ['IPv6', '2001:db8:2::1', '2001:db8:2::1'],
    ['IPv6 with a port', '[2001:db8:2::1]:4711', '2001:db8:2::1'],
    ['an IPv6 proxy of ours in between', '203.0.113.1, 2001:db8:1::5', '203.0.113.1'],
    ['no address', 'unknown', TRUSTED],
    ['no address left of a proxy of ours', 'unknown, 10.1.1.1', '10.1.1.1'],
    ['an injection', '"; DROP', TRUSTED],
    ['a list longer than any deployment makes', Array(40).fill('203.0.113.1').join(', '), TRUSTED],
  ])('the address is counted from the right: %s', async (_, header, expected) => {
    expect(await addressOf({ 'x-forwarded-for': header })).toBe(expected);
  });

  it('X-Real-Ip counts where there is no X-Forwarded-For', async () => {
    expect(await addressOf({ 'x-real-ip': '203.0.113.1' })).toBe('203.0.113.1');
    expect(await addressOf({ 'x-real-ip': '8.8.8.8', 'x-forwarded-for': '203.0.113.1' })).toBe('203.0.113.1');
  });

  it('a peer on a Unix socket is trusted', async () => {
    await door.send('GET', '/v2/', { headers: { 'x-forwarded-for': '203.0.113.5' }, from: undefined });
    expect(door.accessed.at(-1)?.address).toBe('203.0.113.5');
  });

  it('a stranger is not believed in anything, and told about once', async () => {
    const headers = {
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-prefix': '/evil',
      'x-request-id': 'forged',
    };
    for (const _ of [1, 2]) {
      const answer = await door.send('GET', '/v2/', { headers, from: STRANGER });
      expect(realmOf(answer)).toBe('http://registry.test:5000/auth/token');
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(door.accessed.at(-1)?.address).toBe(STRANGER);
    }
    const told = door.log.lines.filter(({ message }) => message.includes('no trusted proxy'));
    expect(told.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { address: STRANGER, key: 'http.trustedproxies' }],
    ]);
  });

  it('at most a hundred strangers are told about: forged addresses do not fill the log', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.1' };
    for (let last = 1; last <= 150; last += 1) {
      await door.send('GET', '/v2/', { headers, from: `198.51.100.${last}` });
    }
    const told = door.log.lines.filter(({ message }) => message.includes('no trusted proxy'));
    expect(told.length).toBe(100);
  });

  it('the realm has the scheme, host and path that the proxy tells', async () => {
    const headers = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'registry.example.com:8443',
      'x-forwarded-prefix': '/hub/',
    };
    const answer = await door.send('GET', '/v2/', { headers, from: TRUSTED });
    expect(realmOf(answer)).toBe('https://registry.example.com:8443/hub/auth/token');
  });

  it.each([
    [{ 'x-forwarded-host': 'a"b' }],
    [{ 'x-forwarded-host': 'user@evil' }],
    [{ 'x-forwarded-proto': 'gopher' }],
    [{ 'x-forwarded-prefix': '//evil.example' }],
    [{ 'x-forwarded-prefix': 'x' }],
    [{ 'x-forwarded-prefix': '/a"b' }],
    [{ forwarded: 'host=evil.example;proto=https' }],
  ])('%o changes nothing, even from a trusted proxy', async (headers) => {
    const answer = await door.send('GET', '/v2/', { headers, from: TRUSTED });
    expect(realmOf(answer)).toBe('http://registry.test:5000/auth/token');
  });

  it('of lists, the entry of the proxy next to the client counts', async () => {
    const headers = {
      'x-forwarded-for': '8.8.8.8, 203.0.113.1, 10.1.1.1',
      'x-forwarded-proto': 'http, https, http',
    };
    const answer = await door.send('GET', '/v2/', { headers, from: TRUSTED });
    expect(realmOf(answer)).toBe('https://registry.test:5000/auth/token');
  });

  it('Location has the path that the proxy took away', async () => {
    const token = await door.token([{ type: 'repository', name: 'a', actions: ['pull', 'push'] }]);
    const headers = { 'x-forwarded-prefix': '/hub' };
    const answer = await door.send('POST', '/v2/a/blobs/uploads/', { token, headers, from: TRUSTED });
    expect(answer.headers['location']).toMatch(/^\/hub\/v2\/a\/blobs\/uploads\//);
  });

  it.each([
    ['abc-DEF_1.2:3', 'abc-DEF_1.2:3'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['x'.repeat(129), undefined],
    ['a b', undefined],
    ['a"b', undefined],
  ])('X-Request-Id %s of a trusted proxy', async (sent, expected) => {
    const answer = await door.send('GET', '/v2/', { headers: { 'x-request-id': sent }, from: TRUSTED });
    const id = answer.headers['x-request-id'];
    if (expected === undefined) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    else expect(id).toBe(expected);
    expect(door.accessed.at(-1)?.requestId).toBe(id);
  });
});
