import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILTIN } from '../support/front-door.ts';
import { bytes, digestOf, pushBlob, targetOf } from '../support/oci-content.ts';
import { exchange, head, RawClient } from '../support/raw-http.ts';
import { serveTls, type TlsServed } from '../support/tls-served.ts';

/* The same registry over HTTP/2: the same answers, and limits as firm as those of HTTP/1. */

const MIB = 1024 * 1024;
/** So long a server would wait for its connections; no test does. */
const NO_END_MS = 3_600_000;
const H2C = 'h2c: {enabled: true}';

interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function open(served: TlsServed): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${served.port}`, { ca: served.certificate });
  session.on('error', () => undefined);
  return session;
}

function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let headers: IncomingHttpHeaders | undefined;
    stream.on('response', (received) => {
      headers = received;
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', reject);
    stream.on('close', () => {
      if (headers === undefined) reject(new Error(`no answer: ${stream.rstCode}`));
      else resolve({ status: Number(headers[':status']), headers, body: Buffer.concat(pieces) });
    });
  });
}

function send(
  session: ClientHttp2Session,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<Http2Answer> {
  const stream = session.request(
    { ':method': method, ':path': path, ...headers },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

describe('HTTP/2 over TLS', () => {
  let served: TlsServed;
  let session: ClientHttp2Session;
  const blob = bytes(20 * MIB);
  let digest = '';
  beforeAll(async () => {
    served = await serveTls();
    digest = await pushBlob(served.door, 'a/b', blob);
    session = open(served);
  });
  afterAll(async () => {
    session.destroy();
    await served.close();
  });

  it('is chosen by a client that offers it, and HTTP/1.1 by one that does not', async () => {
    const chosen = async (ALPNProtocols: string[] | undefined): Promise<unknown> => {
      const options = ALPNProtocols === undefined ? {} : { ALPNProtocols };
      const socket = connectTls({ host: '127.0.0.1', port: served.port, ca: served.certificate, ...options });
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      socket.destroy();
      return socket.alpnProtocol;
    };
    expect(await chosen(['h2', 'http/1.1'])).toBe('h2');
    expect(await chosen(['http/1.1'])).toBe('http/1.1');
    expect(await chosen(undefined)).toBe(false);
  });

  it('gives the bytes of a large blob, whole and in part', async () => {
    const whole = await send(session, 'GET', `/v2/a/b/blobs/${digest}`);
    expect([whole.status, whole.headers['content-length']]).toEqual([200, String(blob.byteLength)]);
    expect(whole.body.equals(blob)).toBe(true);
    const part = await send(session, 'GET', `/v2/a/b/blobs/${digest}`, undefined, { range: 'bytes=5-14' });
    expect([part.status, part.body.equals(blob.subarray(5, 15))]).toEqual([206, true]);
  });

  it('answers HEAD with the length and without a body', async () => {
    const { status, headers, body } = await send(session, 'HEAD', `/v2/a/b/blobs/${digest}`);
    expect([status, headers['content-length'], body.byteLength]).toEqual([200, String(blob.byteLength), 0]);
    expect((await send(session, 'HEAD', '/v2/a/b/manifests/none')).status).toBe(404);
  });

  it('takes a large blob in pieces and in one request', async () => {
    const content = bytes(8 * MIB, 5);
    const begun = await send(session, 'POST', '/v2/a/b/blobs/uploads/', Buffer.alloc(0));
    const location = targetOf(String(begun.headers['location']));
    const patched = await send(session, 'PATCH', location, content.subarray(0, 5 * MIB));
    expect([patched.status, patched.headers['range']]).toEqual([202, `0-${5 * MIB - 1}`]);
    const put = await send(
      session,
      'PUT',
      `${location}?digest=${digestOf(content)}`,
      content.subarray(5 * MIB),
    );
    expect(put.status).toBe(201);
    const other = bytes(3 * MIB, 6);
    const target = `/v2/a/b/blobs/uploads/?digest=${digestOf(other)}`;
    expect((await send(session, 'POST', target, other, { 'content-length': other.byteLength })).status).toBe(
      201,
    );
    const read = await served.door.send('GET', `/v2/a/b/blobs/${digestOf(content)}`);
    expect(read.body.equals(content)).toBe(true);
  });

  it('answers many requests at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, n) =>
        send(session, 'GET', `/v2/a/b/blobs/${digest}`, undefined, {
          range: `bytes=${n * 1000}-${n * 1000 + 99}`,
        }),
      ),
    );
    answers.forEach(({ body }, n) => {
      expect(body.equals(blob.subarray(n * 1000, n * 1000 + 100))).toBe(true);
    });
  });

  it('takes :authority for the host', async () => {
    const own = await serveTls(undefined, { config: BUILTIN });
    const client = open(own);
    const { status, headers } = await send(client, 'GET', '/v2/', undefined, { ':authority': 'reg.test:99' });
    expect([status, headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('https://reg.test:99/'),
    ]);
    client.destroy();
    await own.close();
  });

  it('tells a client to go on that waits for 100-continue', async () => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/v2/a/b/blobs/uploads/?digest=${digestOf('x')}`,
      expect: '100-continue',
    });
    const answer = answerOf(stream);
    await new Promise((resolve) => stream.once('continue', resolve));
    stream.end('x');
    expect((await answer).status).toBe(201);
  });

  it('an upload that the client breaks off is not stored', async () => {
    const content = bytes(100_000, 8);
    const stream = session.request({
      ':method': 'POST',
      ':path': `/v2/a/b/blobs/uploads/?digest=${digestOf(content)}`,
    });
    stream.on('error', () => undefined);
    stream.write(content.subarray(0, 50_000));
    await sleep(50);
    stream.close(constants.NGHTTP2_CANCEL);
    await new Promise((resolve) => stream.once('close', resolve));
    expect((await served.door.send('HEAD', `/v2/a/b/blobs/${digestOf(content)}`)).status).toBe(404);
    expect((await send(session, 'GET', '/v2/')).status).toBe(200);
  });

  it('a body shorter than its Content-Length is not taken for a whole one', async () => {
    const target = `/v2/a/b/blobs/uploads/?digest=${digestOf('short')}`;
    const answer = send(session, 'POST', target, Buffer.from('short'), { 'content-length': 10 });
    const status = await answer.then(
      (got) => got.status,
      () => 'reset',
    );
    expect([400, 499, 'reset']).toContain(status);
    expect((await served.door.send('HEAD', `/v2/a/b/blobs/${digestOf('short')}`)).status).toBe(404);
  });

  it('an early 401 reaches a client that is still sending, which is then told to stop', async () => {
    const own = await serveTls(undefined, { config: BUILTIN });
    const client = open(own);
    const stream = client.request({ ':method': 'POST', ':path': '/v2/a/b/blobs/uploads/' });
    const answer = answerOf(stream);
    const piece = Buffer.alloc(MIB);
    for (let n = 0; n < 5; n += 1) stream.write(piece);
    const { status, body } = await answer;
    expect([status, body.toString()]).toEqual([401, expect.stringContaining('UNAUTHORIZED')]);
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    expect((await send(client, 'GET', '/healthz')).status).toBe(200);
    client.destroy();
    await own.close();
  });

  it.each([
    ['300 headers', Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-${n}`, 'y']))],
    ['headers of 40 KiB', { 'x-long': 'x'.repeat(40 * 1024) }],
  ])('%s are refused, and the server lives on', async (_, headers) => {
    const client = open(served);
    const status = await send(client, 'GET', '/v2/', undefined, headers).then(
      (answer) => answer.status,
      () => 'reset',
    );
    expect([431, 'reset']).toContain(status);
    client.destroy();
    expect((await send(session, 'GET', '/v2/')).status).toBe(200);
  });

  it('a client that gives up its requests at once is cut off (CVE-2023-44487, rapid reset)', async () => {
    const client = open(served);
    await send(client, 'GET', '/v2/');
    let isCutOff = false;
    client.once('goaway', () => {
      isCutOff = true;
    });
    client.once('close', () => {
      isCutOff = true;
    });
    for (let round = 0; round < 100 && !isCutOff && !client.destroyed; round += 1) {
      for (let n = 0; n < 50 && !client.destroyed; n += 1) {
        const stream = client.request({ ':path': '/v2/' });
        stream.on('error', () => undefined);
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await sleep(5);
    }
    expect(isCutOff).toBe(true);
    client.destroy();
    expect((await send(session, 'GET', '/v2/')).status).toBe(200);
  });

  it('not more than 100 requests are under way on one connection', async () => {
    const settings = await new Promise<{ maxConcurrentStreams?: number }>((resolve) => {
      const client = open(served);
      client.once('remoteSettings', (received) => {
        client.destroy();
        resolve(received);
      });
    });
    expect(settings.maxConcurrentStreams).toBe(100);
  });

  it('a CONNECT is refused', async () => {
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'internal.test:443' });
    const status = await answerOf(stream).then(
      (answer) => answer.status,
      () => 'reset',
    );
    expect([405, 501, 'reset']).toContain(status);
  });

  it('headers of the configuration that speak of the connection are left out', async () => {
    const http = 'http: {addr: "127.0.0.1:5000", headers: {Connection: [close], X-One: [two]}}';
    const own = await serveTls(undefined, { config: http });
    const client = open(own);
    const { status, headers } = await send(client, 'GET', '/v2/');
    expect([status, headers['connection'], headers['x-one']]).toEqual([200, undefined, 'two']);
    client.destroy();
    await own.close();
  });
});

describe('http2.disabled', () => {
  it('leaves HTTP/1.1 alone', async () => {
    const served = await serveTls(
      'tls: {certificate: FOLDER/tls.crt, key: FOLDER/tls.key}\n  http2: {disabled: true}',
    );
    const socket = connectTls({
      host: '127.0.0.1',
      port: served.port,
      ca: served.certificate,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await served.close();
  });
});

describe('h2c.enabled', () => {
  it('speaks HTTP/2 without TLS to clients that begin with it, and HTTP/1 to others', async () => {
    const served = await serveTls(H2C);
    const client = connect(`http://127.0.0.1:${served.port}`);
    expect((await send(client, 'GET', '/v2/')).status).toBe(200);
    client.destroy();
    expect((await exchange(served.port, head('GET /v2/'))).status).toBe(200);
    await served.close();
  });

  it('reads a beginning that comes byte by byte', async () => {
    const served = await serveTls(H2C);
    const client = await RawClient.open(served.port);
    for (const letter of head('PUT /v2/')) await client.write(letter);
    expect((await client.response()).status).toBe(405);
    client.destroy();
    const socket = connectTcp(served.port, '127.0.0.1');
    for (const letter of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      socket.write(letter);
      await sleep(1);
    }
    // The server's own SETTINGS: a frame of type 4.
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(first[3]).toBe(4);
    socket.destroy();
    await served.close();
  });

  it('takes uploads over HTTP/1 as before', async () => {
    const served = await serveTls(H2C);
    const content = bytes(2 * MIB, 4);
    const response = await fetch(
      `http://127.0.0.1:${served.port}/v2/a/b/blobs/uploads/?digest=${digestOf(content)}`,
      {
        method: 'POST',
        body: content,
      },
    );
    expect(response.status).toBe(201);
    await served.close();
  });

  it('is off unless it is asked for', async () => {
    const served = await serveTls('net: tcp');
    const client = connect(`http://127.0.0.1:${served.port}`);
    client.on('error', () => undefined);
    await expect(send(client, 'GET', '/v2/')).rejects.toThrow();
    client.destroy();
    await served.close();
  });

  it('a client that sends nothing does not hold up the end', async () => {
    const served = await serveTls(H2C);
    const client = await RawClient.open(served.port);
    await sleep(20);
    await served.server.close(5_000);
    await client.closed();
    await served.door.close();
  });
});

describe('the end of a server that speaks HTTP/2', () => {
  it('lets a download under way finish, takes no more, and ends soon after', async () => {
    const served = await serveTls();
    const content = bytes(10 * MIB, 9);
    const digest = await pushBlob(served.door, 'a/b', content);
    const client = open(served);
    const stream = client.request({ ':path': `/v2/a/b/blobs/${digest}` });
    await new Promise((resolve) => stream.once('response', resolve));
    stream.pause();
    const closed = served.server.close(NO_END_MS);
    await sleep(50);
    const rest = textOf(stream.setEncoding('latin1'));
    expect((await rest).length).toBe(content.byteLength);
    await closed;
    await served.door.close();
  });

  it('ends at once where connections are only kept alive, even if their clients do not close them', async () => {
    const served = await serveTls(H2C);
    const socket = connectTcp({ port: served.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0');
    await new Promise((resolve) => socket.once('data', resolve));
    await served.server.close(NO_END_MS);
    socket.destroy();
    await served.door.close();
  });

  it('cuts off what is left after the time to drain', async () => {
    const served = await serveTls();
    const client = open(served);
    const stream = client.request({
      ':method': 'POST',
      ':path': `/v2/a/b/blobs/uploads/?digest=${digestOf('x')}`,
    });
    stream.on('error', () => undefined);
    await sleep(100);
    await served.server.close(200);
    client.destroy();
    await served.door.close();
  });
});
