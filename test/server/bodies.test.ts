import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILTIN } from '../support/front-door.ts';
import { bytes, digestOf, OCI_IMAGE, targetOf } from '../support/oci-content.ts';
import { head, RawClient, type Served, serve } from '../support/raw-http.ts';
import { responsesIn } from '../support/raw-response.ts';

/* What becomes of bodies that are not as announced, and of answers that come before the end of a body. */

const MIB = 1024 * 1024;

function codeOf(body: Buffer): string | undefined {
  return (JSON.parse(body.toString('utf8')) as { errors: { code: string }[] }).errors[0]?.code;
}

describe('bodies over a connection', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());

  const connect = (): Promise<RawClient> => RawClient.open(served.port);

  async function startUpload(client: RawClient): Promise<string> {
    await client.write(head('POST /v2/a/b/blobs/uploads/', 'Content-Length: 0'));
    const { status, headers } = await client.response();
    expect(status).toBe(202);
    return targetOf(headers['location']);
  }

  async function offsetOf(location: string): Promise<string | undefined> {
    const answer = await served.door.send('GET', location);
    return answer.status === 204 ? answer.headers['range'] : String(answer.status);
  }

  it('a blob whose client goes away before the announced length is not stored', async () => {
    const content = bytes(10_000);
    const client = await connect();
    const target = `/v2/a/b/blobs/uploads/?digest=${digestOf(content)}`;
    await client.write(head(`POST ${target}`, 'Content-Length: 10000'));
    await client.write(content.subarray(0, 5_000));
    client.socket.end();
    await client.closed();
    expect((await served.door.send('HEAD', `/v2/a/b/blobs/${digestOf(content)}`)).status).toBe(404);
  });

  it('a PATCH whose client goes away keeps what arrived, and the upload goes on from there', async () => {
    const content = bytes(400_000, 2);
    const first = await connect();
    const location = await startUpload(first);
    const second = await connect();
    await second.write(head(`PATCH ${location}`, 'Content-Length: 400000'));
    await second.write(content.subarray(0, 300_000));
    // What the server took so far is not to be seen from outside before the request ends.
    await new Promise((resolve) => setTimeout(resolve, 100));
    second.destroy();
    await first.until('the upload is free again', () => second.isClosed);
    let at = await offsetOf(location);
    for (let turn = 0; turn < 50 && at === '0-0'; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      at = await offsetOf(location);
    }
    expect(at).toBe('0-299999');
    const rest = await served.door.send(
      'PUT',
      `${location}?digest=${encodeURIComponent(digestOf(content))}`,
      {
        body: content.subarray(300_000),
      },
    );
    expect(rest.status).toBe(201);
    const read = await served.door.send('GET', `/v2/a/b/blobs/${digestOf(content)}`);
    expect(read.body.equals(content)).toBe(true);
    first.destroy();
  });

  it('a client that goes away is no fault of the server in the log', async () => {
    const before = served.door.log.lines.length;
    const client = await connect();
    await client.write(head(`POST /v2/a/b/blobs/uploads/?digest=${digestOf('x')}`, 'Content-Length: 10000'));
    await client.write('only this');
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.destroy();
    const written = (): readonly string[] =>
      served.door.log.lines.slice(before).map(({ level, message }) => `${level}: ${message}`);
    await client.until('the end is logged', () => written().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(written().filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('a chunked body longer than its Content-Range is answered 400 SIZE_INVALID, and the server lives on', async () => {
    const client = await connect();
    const location = await startUpload(client);
    const patch = await connect();
    await patch.write(head(`PATCH ${location}`, 'Content-Range: 0-9', 'Transfer-Encoding: chunked'));
    await patch.write(`14\r\n${'x'.repeat(20)}\r\n`);
    const { status, body } = await patch.response();
    expect([status, codeOf(body)]).toEqual([400, 'SIZE_INVALID']);
    expect(await offsetOf(location)).toBe('0-0');
    client.destroy();
    patch.destroy();
  });

  it('the same where the whole body is there before it is read', async () => {
    const client = await connect();
    const location = await startUpload(client);
    const patch = await connect();
    await patch.write(
      `${head(`PATCH ${location}`, 'Content-Range: 0-9', 'Transfer-Encoding: chunked')}14\r\n${'x'.repeat(20)}\r\n0\r\n\r\n`,
    );
    const { status, body } = await patch.response();
    expect([status, codeOf(body)]).toEqual([400, 'SIZE_INVALID']);
    client.destroy();
    patch.destroy();
  });

  it('a chunked body shorter than its Content-Range is answered 400 SIZE_INVALID', async () => {
    const client = await connect();
    const location = await startUpload(client);
    const patch = await connect();
    await patch.write(
      `${head(`PATCH ${location}`, 'Content-Range: 0-99', 'Transfer-Encoding: chunked')}5\r\nshort\r\n0\r\n\r\n`,
    );
    const { status, body } = await patch.response();
    expect([status, codeOf(body)]).toEqual([400, 'SIZE_INVALID']);
    expect(await offsetOf(location)).toBe('0-0');
    client.destroy();
    patch.destroy();
  });

  it('a manifest of 4 MiB + 1 byte in chunks is answered 413 (CVE-2017-11468)', async () => {
    const client = await connect();
    await client.write(
      head('PUT /v2/a/b/manifests/big', `Content-Type: ${OCI_IMAGE}`, 'Transfer-Encoding: chunked'),
    );
    for (let sent = 0; sent < 5; sent += 1) {
      await client.write(`100000\r\n`);
      await client.write(Buffer.alloc(MIB, 0x20));
      await client.write('\r\n');
    }
    const { status, body } = await client.response();
    expect([status, codeOf(body)]).toEqual([413, 'SIZE_INVALID']);
    client.destroy();
  });

  it('a manifest announced as 4 MiB + 1 byte is answered 413 to a client that sends first and reads then', async () => {
    const client = await connect();
    client.socket.pause();
    await client.write(
      head('PUT /v2/a/b/manifests/big', `Content-Type: ${OCI_IMAGE}`, `Content-Length: ${4 * MIB + 1}`),
    );
    const sent = await client.write(Buffer.alloc(4 * MIB + 1, 0x20));
    client.socket.resume();
    const { status, body } = await client.response();
    expect([sent, status, codeOf(body)]).toEqual([true, 413, 'SIZE_INVALID']);
    client.destroy();
  });

  it('a form too large for the token end point is answered 4xx, not cut off', async () => {
    const own = await serve({ config: BUILTIN });
    try {
      const client = await RawClient.open(own.port);
      await client.write(
        head(
          'POST /auth/token',
          'Content-Type: application/x-www-form-urlencoded',
          'Transfer-Encoding: chunked',
        ),
      );
      await client.write(`100000\r\n`);
      await client.write(Buffer.alloc(MIB, 0x61));
      await client.write('\r\n');
      const { status } = await client.response();
      expect([400, 413]).toContain(status);
      client.destroy();
    } finally {
      await own.close();
    }
  });

  it('after a failed body the server still answers', async () => {
    expect((await served.door.send('GET', '/v2/')).status).toBe(200);
    const client = await connect();
    await client.write(head('GET /v2/'));
    expect((await client.response()).status).toBe(200);
    client.destroy();
  });
});

describe('an answer that comes before the end of the body', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve({ config: BUILTIN });
  });
  afterAll(() => served.close());

  const upload = (length: number): string =>
    head(`POST /v2/a/b/blobs/uploads/?digest=${digestOf('x')}`, `Content-Length: ${length}`);

  it('an early 401 reaches a client that is still sending 50 MB', async () => {
    const client = await RawClient.open(served.port);
    await client.write(upload(50_000_000));
    const piece = Buffer.alloc(MIB);
    for (let sent = 0; sent < 48 && (await client.write(piece)); sent += 1);
    const { status, headers } = await client.response();
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain('Bearer realm=');
    await client.closed();
  });

  it('an early 401 reaches a client that sends its 8 MB first and reads then', async () => {
    const client = await RawClient.open(served.port);
    client.socket.pause();
    await client.write(upload(8 * MIB));
    let taken = 0;
    while (taken < 8 && (await client.write(Buffer.alloc(MIB)))) taken += 1;
    client.socket.resume();
    expect((await client.response()).status).toBe(401);
    expect(taken).toBe(8);
    client.destroy();
  });

  it('a connection whose body was refused is used again once the body has passed', async () => {
    const client = await RawClient.open(served.port);
    await client.write(upload(MIB));
    await client.write(Buffer.alloc(MIB));
    await client.responses(1);
    if (!client.isClosed) await client.write(head('GET /healthz'));
    // Closing is allowed as well; what is left of the body must never be taken for a request.
    await client.until('an end', () => client.isClosed || responsesIn(client.received).length > 1);
    const [, second] = responsesIn(client.received);
    expect(second?.status ?? 200).toBe(200);
    client.destroy();
  });

  it('a GET with a body that nobody reads does not disturb the request after it', async () => {
    const client = await RawClient.open(served.port);
    await client.write(`${head('GET /healthz', 'Content-Length: 27')}GET /v2/x HTTP/1.1\r\nHost: x`);
    await client.responses(1);
    await client.write(head('GET /healthz'));
    expect((await client.responses(2)).map(({ status }) => status)).toEqual([200, 200]);
    client.destroy();
  });

  it('an issuer with letters beyond Latin-1 does not keep the 401 from being sent', async () => {
    const own = await serve({ config: 'auth: {builtin: {token: {issuer: "Büro ✓"}}}' });
    const client = await RawClient.open(own.port);
    await client.write(head('GET /auth/token'));
    const status = await client.response().then(
      (response) => response.status,
      () => 'no answer',
    );
    client.destroy();
    await own.close();
    expect(status).toBe(401);
  });

  it('the connection of a client that never stops sending is closed', async () => {
    const client = await RawClient.open(served.port);
    await client.write(head('PATCH /v2/a/b/blobs/uploads/x', 'Transfer-Encoding: chunked'));
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MIB), Buffer.from('\r\n')]);
    let taken = 0;
    while (taken < 200 && (await client.write(chunk))) taken += 1;
    expect(taken).toBeLessThan(200);
    expect((await client.response()).status).toBe(401);
  });
});
