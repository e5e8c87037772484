import { channel } from 'node:diagnostics_channel';
import { readdirSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/http/server.ts';
import { openFrontDoor, recordedLog } from '../support/front-door.ts';
import { bytes, digestOf, pushBlob, targetOf } from '../support/oci-content.ts';
import { exchange, head, RawClient, type Served, serve } from '../support/raw-http.ts';

/* What node's server makes of connections: reuse, pipelining, limits, garbage, smuggling, and the end. */

const MIB = 1024 * 1024;
/** So long a server would wait for its connections; no test does. */
const NO_END_MS = 3_600_000;

/** Files below the folder that this process holds open; not folders, which are open while they are synced. */
function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return dirname(dirname(path)) === join(folder, 'data', 'content') ? [path] : [];
    } catch {
      return [];
    }
  });
}

async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 5_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(10);
  }
}

/** What node tells of each request that begins; what the action gives back is undone at the end. */
function watchRequests(listener: (seen: { socket: Socket; server: Server }) => void): () => void {
  const requests = channel('http.server.request.start');
  const onMessage = (message: unknown): void => listener(message as { socket: Socket; server: Server });
  requests.subscribe(onMessage);
  return () => void requests.unsubscribe(onMessage);
}

it('the address of an IPv4 client is written as one, where a socket takes IPv6 too', async () => {
  const both = await serve({}, '::');
  await exchange(both.port, head('GET /v2/'));
  expect(both.door.accessed.at(-1)?.address).toBe('127.0.0.1');
  await both.close();
});

describe('connections', () => {
  let served: Served;
  const blob = bytes(20 * MIB);
  let digest = '';
  beforeAll(async () => {
    served = await serve();
    digest = await pushBlob(served.door, 'a/b', blob);
  });
  afterAll(() => served.close());

  const open = (options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> =>
    RawClient.open(served.port, options);

  it('HEAD has the length of the body and no body, and the connection goes on', async () => {
    const client = await open();
    const methods = ['HEAD', 'HEAD', 'HEAD', 'GET'];
    await client.write(head(`HEAD /v2/a/b/blobs/${digest}`));
    await client.responses(1, methods);
    await client.write(head('HEAD /v2/'));
    await client.responses(2, methods);
    await client.write(head('HEAD /v2/a/b/manifests/nothing'));
    await client.responses(3, methods);
    await client.write(head('GET /v2/'));
    const [ofBlob, ofPing, ofNothing, last] = await client.responses(4, methods);
    expect([ofBlob?.status, ofBlob?.headers['content-length']]).toEqual([200, String(blob.byteLength)]);
    expect([ofPing?.status, ofPing?.headers['content-length']]).toEqual([200, '2']);
    expect(ofNothing?.status).toBe(404);
    expect([last?.status, last?.body.toString()]).toEqual([200, '{}']);
    client.destroy();
  });

  it('a connection is used again after refusals', async () => {
    const client = await open();
    await client.write(head('GET /v2/a/b/manifests/nothing'));
    await client.responses(1);
    await client.write(`${head('PUT /v2/a/b/manifests/t', 'Content-Length: 3')}{"}`);
    await client.responses(2);
    await client.write(head('OPTIONS /v2/'));
    await client.responses(3);
    await client.write(head(`GET /v2/a/b/blobs/${digest}`, 'Range: bytes=5-2'));
    await client.responses(4);
    await client.write(head(`GET /v2/a/b/blobs/${digest}`, 'Range: bytes=0-9'));
    const statuses = (await client.responses(5)).map(({ status }) => status);
    expect(statuses).toEqual([404, 400, 405, 416, 206]);
    client.destroy();
  });

  it('pipelined requests are answered in their order', async () => {
    const client = await open();
    const requests = Array.from({ length: 30 }, (_, n) =>
      head(`GET /v2/a/b/blobs/${digest}`, `Range: bytes=${n * 1000}-${n * 1000 + 9}`),
    );
    await client.write(requests.join(''));
    const responses = await client.responses(30);
    responses.forEach(({ status, body }, n) => {
      expect(status).toBe(206);
      expect(body.equals(blob.subarray(n * 1000, n * 1000 + 10))).toBe(true);
    });
    client.destroy();
  });

  it('a client that closes its side after the request is answered or let go, and costs no open file', async () => {
    const client = await open({ allowHalfOpen: true });
    client.socket.end(head(`GET /v2/a/b/blobs/${digest}`));
    await client.closed();
    expect(client.received.toString('latin1', 0, 12)).toMatch(/^$|^HTTP\/1\.1 200$/);
    await eventually('its file is closed', () => openFiles(served.door.folder).length === 0);
  });

  it('Expect: 100-continue is answered before the body comes', async () => {
    const content = 'after the 100';
    const client = await open();
    await client.write(
      head(
        `POST /v2/a/b/blobs/uploads/?digest=${digestOf(content)}`,
        'Expect: 100-continue',
        `Content-Length: ${content.length}`,
      ),
    );
    expect((await client.response()).status).toBe(100);
    await client.write(content);
    expect((await client.responses(2)).map(({ status }) => status)).toEqual([100, 201]);
    client.destroy();
  });

  it('another expectation is refused with 417', async () => {
    expect((await exchange(served.port, head('GET /v2/', 'Expect: a miracle'))).status).toBe(417);
  });

  it('a request target in absolute form works (RFC 9112, section 3.2.2)', async () => {
    expect((await exchange(served.port, head('GET http://registry.test/v2/'))).status).toBe(200);
  });

  it.each(['OPTIONS *', 'OPTIONS /', 'TRACE /v2/', 'GET /v2/%', 'GET //', 'GET /v2/a/b/blobs/%00'])(
    '%s is refused and harms nothing',
    async (line) => {
      const { status } = await exchange(served.port, head(line));
      expect([400, 404, 405]).toContain(status);
    },
  );

  it('CONNECT is closed without an answer or refused', async () => {
    const client = await open();
    await client.write(head('CONNECT internal.test:443'));
    await client.until('an end', () => client.isClosed || client.received.byteLength > 0);
    expect(client.received.toString()).not.toContain(' 200 ');
    client.destroy();
  });

  it('300 headers are no fault', async () => {
    const many = Array.from({ length: 300 }, (_, n) => `X-Header-${n}: ${n}`);
    const { status } = await exchange(served.port, head('GET /v2/', ...many));
    expect([200, 431]).toContain(status);
  });

  it('300 headers in front of a Content-Range do not hide it: a chunk out of order stays refused', async () => {
    const client = await open();
    await client.write(head('POST /v2/a/b/blobs/uploads/', 'Content-Length: 0'));
    const location = targetOf((await client.response()).headers['location']);
    const many = Array.from({ length: 300 }, (_, n) => `X-Header-${n}: ${n}`);
    const patch = head(`PATCH ${location}`, ...many, 'Content-Range: 7-11', 'Content-Length: 5');
    const { status } = await exchange(served.port, `${patch}12345`);
    expect([416, 431]).toContain(status);
    client.destroy();
  });

  it('headers of 40 KiB are refused with 431', async () => {
    const { status } = await exchange(served.port, head('GET /v2/', `X-Long: ${'x'.repeat(40 * 1024)}`));
    expect(status).toBe(431);
  });

  it('a token of 16 KiB fits into the headers', async () => {
    const { status } = await exchange(
      served.port,
      head('GET /v2/', `Authorization: Bearer ${'x'.repeat(16 * 1024)}`),
    );
    expect(status).toBe(200);
  });

  it.each([
    ['random bytes', Buffer.from(bytes(2_000, 9))],
    ['a TLS hello', Buffer.from('1603010200010001fc0303', 'hex')],
    ['no method', Buffer.from('/v2/ HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a space before the colon', Buffer.from('GET /v2/ HTTP/1.1\r\nHost : x\r\n\r\n')],
    ['a NUL in a header', Buffer.from('GET /v2/ HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n')],
    ['a bare line feed in a header', Buffer.from('GET /v2/ HTTP/1.1\r\nHost: x\r\nX: a\nb: \r\n\r\n')],
    ['no Host', Buffer.from('GET /v2/ HTTP/1.1\r\n\r\n')],
  ])('raw garbage, %s, is refused and the server lives on', async (_, garbage) => {
    const client = await open();
    await client.write(garbage);
    client.socket.end();
    await client.closed();
    expect(client.received.toString('latin1')).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    expect((await exchange(served.port, head('GET /v2/'))).status).toBe(200);
  });

  const SMUGGLED = 'GET /v2/smuggled/manifests/x HTTP/1.1\r\nHost: x\r\n\r\n';
  it.each([
    [
      'Content-Length and Transfer-Encoding',
      ['Content-Length: 6', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ],
    ['two Content-Lengths', ['Content-Length: 0', `Content-Length: ${SMUGGLED.length}`], ''],
    [
      'a Transfer-Encoding that is not chunked at its end',
      ['Transfer-Encoding: chunked, identity'],
      '0\r\n\r\n',
    ],
    ['an obscured Transfer-Encoding', ['Transfer-Encoding: xchunked', 'Content-Length: 5'], '0\r\n\r\n'],
    [
      'a Transfer-Encoding over two lines',
      ['Transfer-Encoding:\r\n chunked', 'Content-Length: 5'],
      '0\r\n\r\n',
    ],
    ['a Content-Length with a sign', ['Content-Length: +0'], ''],
    ['a chunk size with garbage', ['Transfer-Encoding: chunked'], '0x0\r\n\r\n'],
  ])(
    'request smuggling by %s: 400, and what follows is not taken for a request',
    async (_, headers, body) => {
      const client = await open();
      await client.write(`${head('POST /v2/a/b/blobs/uploads/', ...headers)}${body}${SMUGGLED}`);
      await client.closed();
      const text = client.received.toString('latin1');
      expect(text).toMatch(/^HTTP\/1\.1 (?:400|202) /);
      expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(text.startsWith('HTTP/1.1 400') ? 1 : 2);
      expect(text).toContain('HTTP/1.1 400 ');
      expect(text).not.toContain('MANIFEST_UNKNOWN');
    },
  );

  it('headers that come slowly are waited for, and do not hold up others', async () => {
    const slow = await open();
    for (const piece of head('GET /v2/').match(/.{1,8}/gs) ?? []) {
      await slow.write(piece);
      await sleep(20);
      if (piece.startsWith('GET')) {
        expect((await exchange(served.port, head('GET /v2/'))).status).toBe(200);
      }
    }
    expect((await slow.response()).status).toBe(200);
    slow.destroy();
  });

  it('headers that never come to an end are not waited for beyond a limit', async () => {
    const stop = watchRequests(({ server }) => limits.push([server.headersTimeout, server.requestTimeout]));
    const limits: [number, number][] = [];
    await exchange(served.port, head('GET /v2/'));
    stop();
    expect(limits).toHaveLength(1);
    expect(limits[0]?.[0]).toBeGreaterThan(0);
    expect(limits[0]?.[0]).toBeLessThanOrEqual(60_000);
  });

  it('a client that leaves in the middle of a download costs no open file', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const client = await open();
      await client.write(head(`GET /v2/a/b/blobs/${digest}`));
      await client.until('the first bytes', () => client.received.byteLength > 0);
      client.destroy();
    }
    await eventually('every file is closed', () => openFiles(served.door.folder).length === 0);
  });

  it('a client that stops reading a download is given up, and its file is closed', async () => {
    const client = await open();
    const sockets: Socket[] = [];
    const stop = watchRequests(({ socket }) => sockets.push(socket));
    client.socket.pause();
    await client.write(head(`GET /v2/a/b/blobs/${digest}`));
    await eventually('the download began', () => openFiles(served.door.folder).length === 1);
    stop();
    const [socket] = sockets;
    // Two minutes of silence in the program; the test does not wait for them.
    expect(socket?.timeout).toBeGreaterThan(0);
    expect(socket?.timeout).toBeLessThanOrEqual(300_000);
    socket?.setTimeout(100);
    await eventually('the file is closed', () => openFiles(served.door.folder).length === 0);
    client.destroy();
  });

  it('a client that stops sending an upload is given up', async () => {
    const sockets: Socket[] = [];
    const client = await open();
    const stop = watchRequests(({ socket }) => sockets.push(socket));
    await client.write(head(`POST /v2/a/b/blobs/uploads/?digest=${digestOf('y')}`, 'Content-Length: 100'));
    await client.write('silence follows');
    await eventually('the request began', () => sockets.length > 0);
    stop();
    await sleep(50);
    expect(sockets[0]?.timeout).toBeGreaterThan(0);
    expect(sockets[0]?.timeout).toBeLessThanOrEqual(300_000);
    sockets[0]?.setTimeout(100);
    await client.closed();
    await eventually('its file is closed', () => openFiles(served.door.folder).length === 0);
  });

  it('a connection that is kept alive is closed at last when nothing comes on it', async () => {
    const own = await serve();
    const stop = watchRequests(({ server }) => {
      // A minute or more in the program; node adds a second of its own.
      server.keepAliveTimeout = 50;
    });
    const client = await RawClient.open(own.port);
    await client.write(head('GET /v2/'));
    await client.response();
    stop();
    // Otherwise such connections pile up until no file descriptor is left.
    const wasClosed = await client.closed(3_000).then(
      () => true,
      () => false,
    );
    client.destroy();
    await own.close();
    expect(wasClosed).toBe(true);
  });
});

describe('the end of a server', () => {
  it('lets an upload under way finish, takes no new connections, and ends soon after', async () => {
    const served = await serve();
    const content = bytes(300_000, 3);
    const client = await RawClient.open(served.port);
    await client.write(
      head(
        `POST /v2/a/b/blobs/uploads/?digest=${digestOf(content)}`,
        `Content-Length: ${content.byteLength}`,
      ),
    );
    await client.write(content.subarray(0, 100_000));
    await sleep(50);
    const closed = served.server.close(NO_END_MS);
    await sleep(50);
    await expect(exchange(served.port, head('GET /v2/'))).rejects.toThrow();
    await client.write(content.subarray(100_000));
    expect((await client.response()).status).toBe(201);
    await closed;
    expect((await served.door.send('HEAD', `/v2/a/b/blobs/${digestOf(content)}`)).status).toBe(200);
    client.destroy();
    await served.door.close();
  });

  it('ends at once where connections are only kept alive', async () => {
    const served = await serve();
    const client = await RawClient.open(served.port);
    await client.write(head('GET /v2/'));
    await client.response();
    await served.server.close(NO_END_MS);
    await client.closed();
    await served.door.close();
  });

  it('cuts off what is left after the time to drain', async () => {
    const served = await serve();
    const client = await RawClient.open(served.port);
    await client.write(head(`POST /v2/a/b/blobs/uploads/?digest=${digestOf('x')}`, 'Content-Length: 100'));
    await sleep(50);
    await served.server.close(200);
    await client.closed();
    await served.door.close();
  });

  it('an upload goes on over a restart between two PATCH requests', async () => {
    const first = await serve();
    const { folder } = first.door;
    const begun = await first.door.send('POST', '/v2/a/b/blobs/uploads/');
    const location = targetOf(begun.headers['location']);
    const one = await exchange(
      first.port,
      `${head(`PATCH ${location}`, 'Content-Length: 5', 'Content-Range: 0-4')}xxxxx`,
    );
    expect(one.status).toBe(202);
    await first.server.close(0);
    await first.door.state.index.close();

    const second = await serve({ folder });
    const status = await second.door.send('GET', location);
    expect([status.status, status.headers['range']]).toEqual([204, '0-4']);
    const two = await exchange(
      second.port,
      `${head(`PATCH ${location}`, 'Content-Length: 5', 'Content-Range: 5-9')}yyyyy`,
    );
    expect([two.status, two.headers['range']]).toEqual([202, '0-9']);
    const whole = 'xxxxxyyyyyzzzzz';
    const put = await exchange(
      second.port,
      `${head(`PUT ${location}?digest=${digestOf(whole)}`, 'Content-Length: 5')}zzzzz`,
    );
    expect(put.status).toBe(201);
    const read = await second.door.send('GET', `/v2/a/b/blobs/${digestOf(whole)}`);
    expect(read.text).toBe(whole);
    await second.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('listens on a Unix socket', async () => {
    const door = await openFrontDoor();
    const path = join(door.folder, 'socket');
    const server = await startServer({
      app: door.app,
      log: recordedLog(),
      tls: undefined,
      address: { kind: 'unix', path },
    });
    expect(server.address).toEqual({ path });
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(path, () => socket.write(head('GET /v2/')));
      socket.once('data', (data) => {
        socket.destroy();
        resolve(String(data));
      });
      socket.once('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    await server.close(0);
    await door.close();
  });

  it('a port that is taken is an error with its code', async () => {
    const served = await serve();
    const second = startServer({
      app: served.door.app,
      log: recordedLog(),
      tls: undefined,
      address: { kind: 'tcp', host: '127.0.0.1', port: served.port },
    });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await served.close();
  });
});
