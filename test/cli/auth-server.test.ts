import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { selfSigned } from '../support/self-signed.ts';

/* docker_auth's `server` keys, from outside. */

const PAIR = selfSigned();

function yml(server: string): string {
  return `
server: ${server}
token: {issuer: Acme, expiration: 900, certificate: token.pem, key: token.key}
users: {"": {}}
acl: [{match: {ip: 203.0.113.0/24}, actions: ["*"]}, {match: {ip: 127.0.0.0/8}, actions: [pull]}]
`;
}

describe('the server of berth auth', { timeout: 20_000 }, () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'token.pem'), PAIR.certificate);
    writeFileSync(join(place.folder, 'token.key'), PAIR.key);
  });
  afterAll(() => place.clear());

  async function start(name: string, server: string): Promise<string> {
    writeFileSync(join(place.folder, name), yml(server));
    return place.start(['auth', name]).says(/at (\S+)\/auth\n/);
  }

  async function actions(url: string, headers: Record<string, string>): Promise<unknown> {
    const answer = await fetch(`${url}/auth?service=s&scope=repository:a:pull,push`, { headers });
    const body = (await answer.json()) as { token?: string; errors?: { message: string }[] };
    if (body.token === undefined) return `${answer.status} ${body.errors?.[0]?.message}`;
    const claims = JSON.parse(Buffer.from(body.token.split('.')[1] ?? '', 'base64url').toString()) as {
      access: { actions: string[] }[];
    };
    return claims.access[0]?.actions;
  }

  it('believes real_ip_header of a trusted proxy, from the right, and refuses a request without it', async () => {
    const url = await start(
      'trusted.yml',
      '{addr: "127.0.0.1:0", real_ip_header: X-Client, trusted_proxies: [127.0.0.1]}',
    );
    expect(await actions(url, { 'x-client': '127.0.0.1, 203.0.113.9' })).toEqual(['pull', 'push']);
    expect(await actions(url, { 'x-client': '203.0.113.9, 198.51.100.1' })).toEqual([]);
    expect(await actions(url, {})).toMatch(/^400 client address not provided.*x-client/);
    expect(await actions(url, { 'x-client': 'nonsense' })).toMatch(/^400 client address not provided/);
    // Whoever asks how it is needs no address.
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('believes it from nobody else: the address is that of the connection', async () => {
    const url = await start(
      'stranger.yml',
      '{addr: "127.0.0.1:0", real_ip_header: X-Client, trusted_proxies: [10.0.0.1]}',
    );
    expect(await actions(url, { 'x-client': '203.0.113.9' })).toEqual(['pull']);
  });

  it('speaks TLS by its versions, curves and suites', async () => {
    const url = await start(
      'tls.yml',
      '{addr: "127.0.0.1:0", certificate: token.pem, key: token.key, tls_min_version: "0x0303", tls_curve_preferences: [P384], tls_cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}',
    );
    const port = Number(new URL(url).port);
    const handshake = (options: ConnectionOptions): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
          socket.destroy();
        });
        socket.once('error', () => resolve('refused'));
      });
    const tls12 = { maxVersion: 'TLSv1.2' } as const;
    expect(await handshake({ ...tls12, ecdhCurve: 'P-256:P-384' })).toBe(
      'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
    );
    expect(await handshake({ ...tls12, ecdhCurve: 'P-256:P-521' })).toBe('refused');
    expect(await handshake({ ...tls12, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toBe('refused');
    expect(await handshake({ ecdhCurve: 'P-384' })).toMatch(/^TLSv1\.3/);
  });

  it('listens on a unix socket, below a prefix', async () => {
    const socketPath = join(place.folder, 'auth.sock');
    writeFileSync(join(place.folder, 'unix.yml'), yml(`{addr: ${socketPath}, net: unix, path_prefix: /sso}`));
    await place.start(['auth', 'unix.yml']).says(/Berth issues/);
    const status = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asked = request({ socketPath, path }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.once('error', reject);
        asked.end();
      });
    expect(await status('/sso/auth?service=s')).toBe(200);
    expect(await status('/auth?service=s')).toBe(404);
  });
});
