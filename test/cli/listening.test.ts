import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { bytes, digestOf } from '../support/oci-content.ts';
import { head, RawClient } from '../support/raw-http.ts';
import { selfSigned } from '../support/self-signed.ts';

/* Where `berth serve` listens, and what becomes of requests when it is told to stop. */

const OPEN = { REGISTRY_AUTH: 'none' };

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.clear());

function statusOver(socketPath: string): Promise<number | undefined> {
  return new Promise((done, reject) => {
    request({ socketPath, path: '/v2/' }, (answer) => done(answer.resume().statusCode))
      .once('error', reject)
      .end();
  });
}

describe('http.draintimeout and SIGTERM', () => {
  const content = bytes(300_000, 3);

  /** An upload of which a third is sent. */
  async function begunUpload(port: number): Promise<RawClient> {
    const client = await RawClient.open(port);
    const target = `/v2/a/b/blobs/uploads/?digest=${digestOf(content)}`;
    await client.write(
      head(`POST ${target}`, `Content-Length: ${content.byteLength}`, 'Expect: 100-continue'),
    );
    await client.response();
    await client.write(content.subarray(0, 100_000));
    return client;
  }

  it('lets an upload under way finish', async () => {
    const { process, port } = await place.serve({ ...OPEN, REGISTRY_HTTP_DRAINTIMEOUT: '10s' });
    const client = await begunUpload(port);
    process.child.kill('SIGTERM');
    await client.write(content.subarray(100_000));
    expect((await client.responses(2)).map(({ status }) => status)).toEqual([100, 201]);
    expect((await process.ended).code).toBe(0);
    client.destroy();
  });

  it('cuts it off at once where the time is 0, as registry:2 does', async () => {
    const { process, port } = await place.serve({ ...OPEN, REGISTRY_HTTP_DRAINTIMEOUT: '0s' });
    const client = await begunUpload(port);
    process.child.kill('SIGTERM');
    await client.closed();
    expect((await process.ended).code).toBe(0);
  });
});

describe('http.net: unix', () => {
  const env = (path: string): Record<string, string> => ({
    ...OPEN,
    REGISTRY_HTTP_NET: 'unix',
    REGISTRY_HTTP_ADDR: path,
  });

  it('listens on a socket, and removes it at the end', async () => {
    const path = join(place.folder, 'socket');
    const process = place.start(['serve'], { env: env(path) });
    await process.says(/Berth is ready at (\S+)/);
    expect(await statusOver(path)).toBe(200);
    await process.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces the socket of a program that was killed', async () => {
    const path = join(place.folder, 'socket');
    const first = place.start(['serve'], { env: env(path) });
    await first.says(/Berth is ready/);
    await first.stop('SIGKILL');
    expect(existsSync(path)).toBe(true);
    const second = place.start(['serve'], { env: env(path) });
    await second.says(/Berth is ready/);
    expect(await statusOver(path)).toBe(200);
  });

  it('leaves the socket of a program that listens, and says so', async () => {
    const path = join(place.folder, 'socket');
    const first = place.start(['serve'], { env: env(path) });
    await first.says(/Berth is ready/);
    const other = { ...env(path), REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: join(place.folder, 'other') };
    const { code, stderr } = await place.run(['serve'], { env: other });
    expect([code, stderr]).toEqual([1, expect.stringContaining('another program listens there already')]);
    expect(await statusOver(path)).toBe(200);
  });

  it('leaves a file that is no socket, and says so', async () => {
    const path = join(place.folder, 'socket');
    writeFileSync(path, 'mine');
    const { code, stderr } = await place.run(['serve'], { env: env(path) });
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is a file that is no socket')]);
  });
});

describe('socket activation by systemd', () => {
  const BERTH = resolve(import.meta.dirname, '../../bin/berth');
  let listening: Server;
  let port: number;
  beforeEach(async () => {
    listening = createServer();
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    port = (listening.address() as { port: number }).port;
  });
  afterEach(() => void listening.close());

  it('takes the socket that is handed over in place of the configured address', async () => {
    const { fd } = (listening as unknown as { _handle: { fd: number } })._handle;
    // The variable names the process itself, which only the process can know.
    const child = spawn('/bin/sh', ['-c', `LISTEN_PID=$$ LISTEN_FDS=1 exec ${BERTH} serve`], {
      cwd: place.folder,
      env: { PATH: process.env['PATH'], HOME: place.folder, ...OPEN, REGISTRY_HTTP_ADDR: '127.0.0.1:1' },
      stdio: ['ignore', 'pipe', 'inherit', fd],
    });
    try {
      let said = '';
      for await (const text of child.stdout ?? []) {
        said += String(text);
        if (said.includes('\n')) break;
      }
      expect(said).toContain(`http://127.0.0.1:${port}`);
      listening.close();
      expect((await fetch(`http://127.0.0.1:${port}/v2/`)).status).toBe(200);
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });

  it('more than one socket is an error', async () => {
    const child = spawn('/bin/sh', ['-c', `LISTEN_PID=$$ LISTEN_FDS=2 exec ${BERTH} serve`], {
      cwd: place.folder,
      env: { PATH: process.env['PATH'], HOME: place.folder, ...OPEN },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    for await (const text of child.stderr) said += String(text);
    expect(said).toContain('systemd handed over 2 sockets');
  });

  it('variables that are meant for another process are left alone', async () => {
    const { url } = await place.serve({ ...OPEN, LISTEN_PID: '1', LISTEN_FDS: '1' });
    expect((await fetch(`${url}/v2/`)).status).toBe(200);
  });
});

describe('berth serve over TLS', () => {
  it('names the line of a certificate that cannot be used', async () => {
    const one = selfSigned();
    writeFileSync(join(place.folder, 'tls.crt'), one.certificate);
    writeFileSync(join(place.folder, 'tls.key'), selfSigned().key);
    const config = join(place.folder, 'config.yml');
    writeFileSync(
      config,
      'version: 0.1\nstorage: {filesystem: {rootdirectory: data}}\nauth: none\nhttp:\n  addr: 127.0.0.1:0\n  tls:\n    certificate: tls.crt\n    key: tls.key\n',
    );
    const { code, stderr } = await place.run(['serve', config]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/config\.yml:8:\d+: tls\.crt and tls\.key cannot be used together/);
    expect(stderr).not.toContain('cannot listen');
  });

  it("ends berth auth, whatever it had opened by then, and names docker_auth's key", async () => {
    writeFileSync(join(place.folder, 'cache'), '{}');
    const pair = 'token: {issuer: x, expiration: 900}\ndata: ./kept\nacl: [{match: {}, actions: [pull]}]\n';
    const server = 'letsencrypt: {email: a@example.com, host: auth.example.com, cache_dir: ./cache}';
    writeFileSync(join(place.folder, 'auth.yml'), `server: {addr: "127.0.0.1:0", ${server}}\n${pair}`);
    const { code, stderr } = await place.run(['auth', 'auth.yml']);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^berth: auth\.yml:1:\d+: cannot keep certificates in the folder/),
    ]);
  });

  it('names the line of a cachefile that is a file, as registry:2 had it', async () => {
    writeFileSync(join(place.folder, 'cache'), '{}');
    const env = {
      ...OPEN,
      REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE: 'cache',
      REGISTRY_HTTP_TLS_LETSENCRYPT_HOSTS: '[registry.example.com]',
    };
    const { code, stderr } = await place.run(['serve'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE.*cannot keep certificates in the folder cache/,
    );
  });
});
