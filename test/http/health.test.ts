import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { testFolder } from '../support/test-folder.ts';

/* `health` of config.yml, as distribution's health package. */

const open: FrontDoor[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const door of open.splice(0)) await door.close();
  for (const server of servers.splice(0)) server.close();
});

async function started(health: string): Promise<FrontDoor> {
  const door = await openFrontDoor({ config: `health: ${health}` });
  open.push(door);
  door.startJobs();
  return door;
}

async function debugHealth(door: FrontDoor): Promise<{ status: number; failing: unknown }> {
  const endpoint = door.probes.find(([path]) => path === '/debug/health')?.[1];
  const reply = await endpoint?.handle(undefined as never);
  return { status: reply?.status ?? 0, failing: JSON.parse(String(reply?.body)) };
}

async function serverAnswering(
  status: number,
): Promise<{ port: number; asked: IncomingHttpHeaders[]; methods: string[] }> {
  const asked: IncomingHttpHeaders[] = [];
  const methods: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers);
    methods.push(request.method ?? '');
    response.writeHead(status).end();
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, asked, methods };
}

async function closedPort(): Promise<number> {
  const { port } = await serverAnswering(200);
  const server = servers.pop();
  server?.close();
  return port;
}

describe('health', () => {
  it('without checks the registry is healthy', async () => {
    const door = await started('{}');
    expect(await debugHealth(door)).toEqual({ status: 200, failing: {} });
  });

  it('health.file: while the file exists, everything but the probes is refused', async () => {
    const file = join(await testFolder(), 'down');
    const door = await started(`{file: [{file: ${file}, interval: 10ms}]}`);
    expect((await door.send('GET', '/v2/')).status).toBe(200);
    writeFileSync(file, '');
    await expect.poll(() => debugHealth(door)).toEqual({ status: 503, failing: { [file]: 'file exists' } });
    for (const path of ['/v2/', '/v2/a/manifests/x', '/']) {
      const answer = await door.send('GET', path);
      expect([path, answer.status]).toEqual([path, 503]);
      // registry:2's body, byte for byte.
      expect(answer.text).toBe(
        '{"errors":[{"code":"UNAVAILABLE","message":"service unavailable","detail":"health check failed: please see /debug/health"}]}',
      );
    }
    expect((await door.send('GET', '/healthz')).status).toBe(200);
    const ready = await door.send('GET', '/readyz');
    expect(ready.status).toBe(503);
    expect(ready.text).not.toContain(file);
    rmSync(file);
    await expect.poll(async () => (await door.send('GET', '/v2/')).status).toBe(200);
    expect(door.log.lines.filter(({ fields }) => fields['check'] === file).map(({ level }) => level)).toEqual(
      ['error', 'info'],
    );
  });

  it('health.http: HEAD must give the status; headers and credentials are sent and shown nowhere', async () => {
    const { port, asked, methods } = await serverAnswering(204);
    const uri = `http://bob:pass%20word@127.0.0.1:${port}/x`;
    const door = await started(
      `{http: [{uri: "${uri}", headers: {X-Token: [one, two]}, interval: 10ms, timeout: 5s}]}`,
    );
    await expect
      .poll(() => debugHealth(door))
      .toEqual({
        status: 503,
        failing: {
          [`http://127.0.0.1:${port}/x`]: 'downstream service returned unexpected status: 204',
        },
      });
    expect(methods[0]).toBe('HEAD');
    expect(asked[0]).toMatchObject({
      'x-token': 'one, two',
      authorization: `Basic ${Buffer.from('bob:pass word').toString('base64')}`,
    });
    expect(JSON.stringify(door.log.lines)).not.toContain('pass');
  });

  it('health.http.statuscode: another status may be the healthy one', async () => {
    const { port, asked } = await serverAnswering(404);
    const door = await started(
      `{http: [{uri: "http://127.0.0.1:${port}/", statuscode: 404, interval: 10ms}]}`,
    );
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    expect((await debugHealth(door)).failing).toEqual({});
  });

  it('health.http.timeout: a server that does not answer counts as failed', async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const door = await started(`{http: [{uri: "${uri}", interval: 10ms, timeout: 30ms}]}`);
    await expect
      .poll(() => debugHealth(door))
      .toEqual({
        status: 503,
        failing: { [uri]: 'no answer within 30 ms' },
      });
    server.closeAllConnections();
  });

  it('health.tcp: a connection must be possible', async () => {
    const { port } = await serverAnswering(200);
    const closed = await closedPort();
    const door = await started(
      `{tcp: [{addr: "127.0.0.1:${port}", interval: 10ms}, {addr: "127.0.0.1:${closed}", interval: 10ms}]}`,
    );
    await expect
      .poll(() => debugHealth(door))
      .toEqual({
        status: 503,
        failing: { [`127.0.0.1:${closed}`]: 'connection failed: ECONNREFUSED' },
      });
  });

  it('threshold: one failure of two that count changes nothing', async () => {
    const { port, methods } = await serverAnswering(500);
    const door = await started(`{http: [{uri: "http://127.0.0.1:${port}/", interval: 1h, threshold: 2}]}`);
    await expect.poll(() => methods.length).toBe(1);
    expect((await door.send('GET', '/v2/')).status).toBe(200);
  });

  it('health.storagedriver: what the registry stores on', async () => {
    let isBroken = false;
    const door = await openFrontDoor({
      config: 'health: {storagedriver: {enabled: true, interval: 10ms, threshold: 2}}',
      wrap: (state) => ({
        ...state,
        content: {
          ...state.content,
          ping: async () => {
            if (isBroken) throw new Error('the disk is gone');
          },
        },
      }),
    });
    open.push(door);
    door.startJobs();
    expect((await door.send('GET', '/v2/')).status).toBe(200);
    isBroken = true;
    await expect
      .poll(() => debugHealth(door))
      .toEqual({
        status: 503,
        failing: { storagedriver_filesystem: 'the disk is gone' },
      });
  });

  it('a check that hangs does not hold up a stop', async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const asked = once(server, 'request');
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const door = await openFrontDoor({ config: `health: {http: [{uri: "${uri}", timeout: 1h}]}` });
    door.startJobs();
    await asked;
    await door.close();
    server.closeAllConnections();
  });
});
