import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { bytes, digestOf } from '../support/oci-content.ts';
import { exchange, head, RawClient } from '../support/raw-http.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `berth serve` as a process: the first start, accounts beside a running server, signals. */

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function login(
  url: string,
  user: string,
  password: string,
  scope = '',
): Promise<{ status: number; token: string }> {
  const answer = await fetch(`${url}/auth/token?service=berth${scope === '' ? '' : `&scope=${scope}`}`, {
    headers: { authorization: basic(user, password) },
  });
  const body = (await answer.json()) as { token?: string };
  return { status: answer.status, token: body.token ?? '' };
}

describe('zero configuration', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
  });
  afterAll(() => place.clear());

  it('shows the password once with the lines to try, never again, and how to reset it', {
    timeout: 30_000,
  }, async () => {
    const first = await place.serve();
    const address = `127.0.0.1:${first.port}`;
    const password = /^ {4}(\S{20,})$/m.exec(first.process.stdout)?.[1] ?? '';
    expect(password).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{23}$/);
    expect(
      first.process.stdout
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.startsWith('docker')),
    ).toEqual([
      `docker login --username admin --password ${password} ${address}`,
      `docker tag hello-world ${address}/hello-world`,
      `docker push ${address}/hello-world`,
    ]);
    const challenge = await fetch(`${first.url}/v2/`);
    expect([challenge.status, challenge.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="${first.url}/auth/token",service="berth"`,
    ]);
    const { status, token } = await login(first.url, 'admin', password);
    expect(status).toBe(200);
    expect((await fetch(`${first.url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      200,
    );
    // What is kept is nobody else's to read.
    expect(statSync(join(place.folder, 'data')).mode & 0o007).toBe(0);

    const ended = await first.process.stop('SIGTERM');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.stdout.split(password).length - 1).toBe(2);
    expect(ended.stderr).not.toContain(password);

    const second = await place.serve();
    expect(second.process.stdout).toContain('bin/berth user passwd admin');
    expect(second.process.stdout).not.toContain(password);
    expect(second.process.stdout).not.toContain('docker login');
    expect((await login(second.url, 'admin', password)).status).toBe(200);
    expect((await fetch(`${second.url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      200,
    );
    expect(await second.process.stop('SIGINT')).toMatchObject({ code: 0 });
  });

  it('accounts change beside a running server, and count at once', { timeout: 40_000 }, async () => {
    const own = new Workplace();
    const { url, process } = await own.serve({ BERTH_ADMIN_PASSWORD: 'secret of the admin' });
    expect(process.stdout).not.toContain('secret of the admin');
    expect(process.stdout).toContain('docker login --username admin 127.0.0.1');
    expect((await login(url, 'admin', 'secret of the admin')).status).toBe(200);

    const added = await own.run(['user', 'add', 'alice', '--password-stdin'], { input: 'first one\n' });
    expect([added.code, added.stdout]).toEqual([0, 'Created the account "alice".\n']);
    expect((await login(url, 'alice', 'first one')).status).toBe(200);

    const random = await own.run(['user', 'passwd', 'alice']);
    const password = /once: (\S+)\n/.exec(random.stdout)?.[1] ?? '';
    expect([random.code, password.length]).toEqual([0, 24]);
    expect((await login(url, 'alice', 'first one')).status).toBe(401);
    const { token } = await login(url, 'alice', password, 'repository:alice/app:pull,push');
    const upload = await fetch(`${url}/v2/alice/app/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(upload.status).toBe(202);

    const [listed, again, unknown] = await Promise.all([
      own.run(['user', 'list']),
      own.run(['user', 'add', 'alice', '--password-stdin'], { input: 'x\n' }),
      own.run(['user', 'passwd', 'bob', '--password-stdin'], { input: 'x\n' }),
    ]);
    expect(listed.stdout).toBe('admin\tadministrator\nalice\n');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('exists already')]);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('there is no account "bob"')]);
    expect((await login(url, 'alice', password)).status).toBe(200);

    expect((await own.run(['user', 'remove', 'alice'])).code).toBe(0);
    expect((await login(url, 'alice', password)).status).toBe(401);
    const empty = await own.run(['user', 'add', 'carl', '--password-stdin'], { input: '' });
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('no password on standard input')]);
    await own.clear();
  });

  it('BERTH_ADMIN_PASSWORD_FILE sets the password, and a later start changes it', {
    timeout: 20_000,
  }, async () => {
    const own = new Workplace();
    writeFileSync(join(own.folder, 'password'), 'from the file\n');
    const first = await own.serve({ BERTH_ADMIN_PASSWORD_FILE: 'password' });
    expect((await login(first.url, 'admin', 'from the file')).status).toBe(200);
    expect(first.process.stdout).not.toContain('from the file');
    await first.process.stop();
    const second = await own.serve({ BERTH_ADMIN_PASSWORD: 'another one' });
    expect((await login(second.url, 'admin', 'from the file')).status).toBe(401);
    expect((await login(second.url, 'admin', 'another one')).status).toBe(200);
    await own.clear();
  });

  it('SIGTERM during an upload: it is finished, nothing new is taken, and the exit is 0', {
    timeout: 30_000,
  }, async () => {
    const own = new Workplace();
    const { url, port, process } = await own.serve({ BERTH_ADMIN_PASSWORD: 'x' });
    const { token } = await login(url, 'admin', 'x', 'repository:a/b:pull,push');
    const content = bytes(300_000);
    const target = `/v2/a/b/blobs/uploads/?digest=${digestOf(content)}`;
    const client = await RawClient.open(port);
    await client.write(
      head(`POST ${target}`, `Authorization: Bearer ${token}`, `Content-Length: ${content.byteLength}`),
    );
    await client.write(content.subarray(0, 150_000));
    await sleep(100);
    process.child.kill('SIGTERM');
    await sleep(300);
    expect(process.child.exitCode).toBeNull();
    await expect(exchange(port, head('GET /v2/'))).rejects.toThrow();
    await client.write(content.subarray(150_000));
    expect((await client.response()).status).toBe(201);
    // The client hangs up, as one that is done does.
    client.destroy();
    expect(await process.ended).toMatchObject({ code: 0, signal: null });

    const again = await own.serve();
    const read = await fetch(`${again.url}/v2/a/b/blobs/${digestOf(content)}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(Buffer.from(await read.arrayBuffer()).equals(content)).toBe(true);
    await own.clear();
  });

  it('a body that is refused in the middle does not end the process', { timeout: 20_000 }, async () => {
    const own = new Workplace();
    const { port, process, url } = await own.serve({ BERTH_ADMIN_PASSWORD: 'x' });
    const client = await RawClient.open(port);
    await client.write(head('POST /auth/token', 'Transfer-Encoding: chunked'));
    await client.write(`40000\r\n${'a'.repeat(0x40000)}\r\n`);
    expect((await client.response()).status).toBe(400);
    await sleep(200);
    expect(process.child.exitCode).toBeNull();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    client.destroy();
    await own.clear();
  });

  it('with foreign tokens and autoredirect, a hostile Host does not break out of the realm', {
    timeout: 20_000,
  }, async () => {
    const own = new Workplace();
    const { certificate } = selfSigned();
    writeFileSync(join(own.folder, 'bundle.pem'), certificate);
    const { port } = await own.serve({
      REGISTRY_AUTH: 'token',
      REGISTRY_AUTH_TOKEN_REALM: 'https://localhost:5001/auth',
      REGISTRY_AUTH_TOKEN_SERVICE: 'Docker registry',
      REGISTRY_AUTH_TOKEN_ISSUER: 'Acme auth server',
      REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: 'bundle.pem',
      REGISTRY_AUTH_TOKEN_AUTOREDIRECT: 'true',
    });
    const ask = async (host: string): Promise<string | undefined> =>
      (await exchange(port, `GET /v2/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).headers['www-authenticate'];
    expect(await ask('registry.test:5000')).toBe(
      'Bearer realm="https://registry.test:5000/auth/token",service="Docker registry"',
    );
    for (const host of ['evil.test/x?y=', 'a",error="b', 'user@evil.test']) {
      expect(await ask(host)).not.toContain(host);
    }
    await own.clear();
  });
});
