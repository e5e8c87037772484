import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type PeerCertificate } from 'node:tls';
import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { ADMIN, basic, SERVICE } from './support/accounts.ts';
import { BERTH, serveEnvironment } from './support/berth.ts';
import { send } from './support/http.ts';
import { type Pebble, startPebble } from './support/pebble.ts';
import { prepared } from './support/prepared.ts';
import { folder } from './support/root.ts';
import { freePort, type Server, startServer } from './support/server.ts';
import { simpleYml } from './support/simple-yml.ts';

/* `http.tls.letsencrypt`, and `server.letsencrypt` of `berth auth`, against pebble, the ACME server that Let's Encrypt tests with. */

const HOST = 'registry.berth.test';
const OTHER = 'mirror.berth.test';
const DAY = 86_400;

const program = await prepared('pebble');
if (program === undefined) {
  process.stdout.write('SKIPPED: no pebble, and no Go to build it with; set BERTH_PEBBLE to the program\n');
}

interface Seen {
  readonly certificate: PeerCertificate;
  /** whether pebble's root and the name are right */
  readonly isTrusted: boolean;
}

/** What a client sees that connects with this name. @throws Error where the handshake fails */
function look(port: number, servername: string | undefined, ca: string): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca,
      rejectUnauthorized: false,
      ...(servername !== undefined && { servername }),
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve({ certificate: socket.getPeerCertificate(), isTrusted: socket.authorized });
      socket.destroy();
    });
  });
}

const WITHIN_MS = 40_000;

async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined>,
  server?: Server,
): Promise<T> {
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const found = await attempt().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${WITHIN_MS} ms; ${server?.output() ?? ''}`);
    await sleep(200);
  }
}

describe.skipIf(program === undefined)('certificates by ACME', () => {
  const running: { stop(): Promise<void> }[] = [];
  let port: number;
  let acmePort: number;
  let cache: string;
  beforeAll(async () => {
    port = await freePort();
    acmePort = await freePort();
    cache = join(folder('acme'), 'cache');
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
  });

  async function pebble(validitySeconds: number): Promise<Pebble> {
    const { rsa: certificate } = inject('bed');
    const options = { program: program ?? '', certificate, port: acmePort, tlsPort: port, validitySeconds };
    const started = await startPebble(options);
    running.push(started);
    return started;
  }

  async function berth(
    options: { port?: number; hosts?: readonly string[]; cache?: string } = {},
  ): Promise<Server> {
    const server = await startServer({
      name: 'berth-acme',
      command: BERTH,
      args: ['serve'],
      cwd: folder('cwd'),
      env: {
        ...serveEnvironment(options.port ?? port, join(folder('berth'), 'data'), {}),
        REGISTRY_AUTH: 'none',
        REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE: options.cache ?? cache,
        REGISTRY_HTTP_TLS_LETSENCRYPT_EMAIL: 'operator@berth.test',
        REGISTRY_HTTP_TLS_LETSENCRYPT_HOSTS: `[${(options.hosts ?? [HOST]).join(', ')}]`,
        REGISTRY_HTTP_TLS_LETSENCRYPT_DIRECTORYURL: `https://localhost:${acmePort}/dir`,
        NODE_EXTRA_CA_CERTS: inject('bed').rsa.certificateFile,
      },
      ready: async (started) => started.output().includes('Berth is ready'),
    });
    running.push(server);
    return server;
  }

  test('a certificate is obtained, kept, and served to the names of the configuration alone', async () => {
    const authority = await pebble(90 * DAY);
    const root = await authority.root();
    const server = await berth({ hosts: [HOST, OTHER] });
    for (const host of [HOST, OTHER]) {
      const seen = await eventually(`a certificate for ${host}`, () => look(port, host, root));
      expect([seen.isTrusted, seen.certificate.subjectaltname]).toEqual([true, `DNS:${host}`]);
    }
    await expect(look(port, 'unknown.berth.test', root)).rejects.toThrow(/handshake failure|alert/);
    await expect(look(port, undefined, root)).rejects.toThrow(/handshake failure|alert/);
    expect(readdirSync(cache).toSorted()).toEqual(['acme_account+key', OTHER, HOST]);
    for (const file of readdirSync(cache)) expect(statSync(join(cache, file)).mode & 0o777).toBe(0o600);
    // What Go's autocert reads: the key first, in its own form.
    expect(readFileSync(join(cache, HOST), 'utf8')).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
    expect(server.output()).toMatch(/there is no certificate yet.*asking for one/);
    expect(server.output()).toMatch(/a certificate is in use/);
  });

  test('after a restart it is served at once, also while the authority is away', async () => {
    await berth();
    const { certificate } = await look(port, HOST, '');
    expect(certificate.subjectaltname).toBe(`DNS:${HOST}`);
  });

  test('the server starts while the authority is away, says so, and obtains a certificate later', async () => {
    const fresh = folder('acme-fresh');
    const server = await berth({ cache: fresh });
    await eventually(
      'the log says so',
      async () =>
        /a certificate could not be obtained, and clients cannot connect.*/.exec(server.output()) ??
        undefined,
    );
    await expect(look(port, HOST, '')).rejects.toThrow();
    const authority = await pebble(90 * DAY);
    const seen = await eventually('a certificate', () => look(port, HOST, ''), server);
    expect(seen.certificate.subjectaltname).toBe(`DNS:${HOST}`);
    expect((await look(port, HOST, await authority.root())).isTrusted).toBe(true);
  });

  test('it is renewed before its end, and no connection is dropped for it', async () => {
    const authority = await pebble(20);
    const root = await authority.root();
    await berth({ cache: folder('acme-short') });
    const first = await eventually('a certificate', () => look(port, HOST, root));
    const kept = connect({ host: '127.0.0.1', port, ca: root, servername: HOST });
    await new Promise((resolve) => kept.once('secureConnect', resolve));
    const before = first.certificate.serialNumber;
    await eventually('another certificate', async () => {
      // Every one that is seen on the way is good: the challenge is never shown to clients.
      const seen = await look(port, HOST, root);
      expect(seen.isTrusted).toBe(true);
      return seen.certificate.serialNumber === before ? undefined : true;
    });
    kept.write(`GET /v2/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    const answer = await new Promise((resolve) => kept.once('data', resolve));
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200/);
    kept.destroy();
  });

  test('two servers with one folder order once, and the challenge is answered by whichever is asked', async () => {
    const shared = folder('acme-shared');
    const second = await freePort();
    const authority = await pebble(90 * DAY);
    const root = await authority.root();
    // Pebble connects to the first; whichever has the lock orders.
    await Promise.all([berth({ cache: shared }), berth({ cache: shared, port: second })]);
    const one = await eventually('the first', () => look(port, HOST, root));
    const two = await eventually('the second', () => look(second, HOST, root));
    expect(one.certificate.serialNumber).toBe(two.certificate.serialNumber);
    expect(authority.output().match(/Issued certificate serial/g)).toHaveLength(1);
  });

  test('`berth auth` with letsencrypt alone answers by TLS, and never by plain HTTP as docker_auth does', async () => {
    const place = folder('acme-auth');
    const file = join(place, 'auth.yml');
    const rules = simpleYml(port, inject('bed').rsa);
    const letsencrypt = `letsencrypt: {email: operator@berth.test, host: ${HOST}, cache_dir: ${place}/cache, directory_url: "https://localhost:${acmePort}/dir"}`;
    const { certificateFile, keyFile } = inject('bed').ec;
    // simple.yml with its token key moved out of the server section.
    const text = readFileSync(rules, 'utf8')
      .replace(/^ {2}certificate: .*\n {2}key: .*$/m, `  ${letsencrypt}`)
      .replace(/^token:$/m, `token:\n  certificate: "${certificateFile}"\n  key: "${keyFile}"`);
    writeFileSync(file, text);
    const authority = await pebble(90 * DAY);
    const server = await startServer({
      name: 'berth-auth-acme',
      command: BERTH,
      args: ['auth', file],
      cwd: place,
      env: { NODE_EXTRA_CA_CERTS: inject('bed').rsa.certificateFile },
      ready: async (started) => started.output().includes('there is no certificate yet'),
    });
    running.push(server);
    const plain = () =>
      send(`http://127.0.0.1:${port}/auth?service=${SERVICE}`, { headers: { authorization: basic(ADMIN) } });
    await expect(plain()).rejects.toThrow();
    const root = await authority.root();
    const seen = await eventually('a certificate', () => look(port, HOST, root), server);
    expect([seen.isTrusted, seen.certificate.subjectaltname]).toEqual([true, `DNS:${HOST}`]);
    expect(await loginOver(port, root)).toEqual([200, ADMIN.account]);
    await expect(plain()).rejects.toThrow();
    expect(readdirSync(join(place, 'cache')).toSorted()).toEqual(['acme_account+key', HOST].toSorted());
  });
});

/** The status of a log-in by HTTPS whose certificate is checked, and whom the token is for. */
function loginOver(port: number, ca: string): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: '127.0.0.1', port, ca, servername: HOST, agent: false },
        path: `/auth?${new URLSearchParams({ service: SERVICE })}`,
        headers: { host: HOST, authorization: basic(ADMIN) },
      },
      (answer) => {
        let text = '';
        answer.on('data', (piece) => {
          text += String(piece);
        });
        answer.on('end', () => {
          const { token = '' } = JSON.parse(text) as { token?: string };
          const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
          resolve([answer.statusCode, (JSON.parse(claims) as { sub: string }).sub]);
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
