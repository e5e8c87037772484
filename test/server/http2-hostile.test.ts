import { connect as connectHttp2, createServer } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { queryObjects } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  block,
  connection,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  RST_STREAM,
  SETTINGS,
  settings,
  uint32,
} from '../support/http2-frames.ts';
import { bytes, pushBlob } from '../support/oci-content.ts';
import { openFilesBelow } from '../support/open-files.ts';
import { RawClient } from '../support/raw-http.ts';
import { runScript } from '../support/scripts.ts';
import { serveTls, type TlsServed } from '../support/tls-served.ts';

/* Clients that no library would be: what they send is written frame by frame, without TLS. */

const CANCEL = 8;
const INITIAL_WINDOW_SIZE = 4;

function request(stream: number, method: string, path: string, more: [string, string][] = []): Buffer {
  return frame(HEADERS, END_HEADERS | END_STREAM, stream, block(method, path, more));
}

function reset(stream: number): Buffer {
  return frame(RST_STREAM, 0, stream, uint32(CANCEL));
}

describe('HTTP/2 from a hostile client', () => {
  let served: TlsServed;
  beforeEach(async () => {
    served = await serveTls('h2c: {enabled: true}');
  });
  afterEach(() => served.close());

  it('who closes its side while its windows are shut keeps no connection and no file', async () => {
    const digest = await pushBlob(served.door, 'a/b', bytes(1024 * 1024));
    const atRest = await openFilesBelow(served.door.folder);
    const client = await RawClient.open(served.port, { allowHalfOpen: true });
    const asked = Array.from({ length: 20 }, (_, n) => request(2 * n + 1, 'GET', `/v2/a/b/blobs/${digest}`));
    const shut = frame(SETTINGS, 0, 0, settings([INITIAL_WINDOW_SIZE, 0]));
    client.socket.write(connection(shut, ...asked));
    await expect
      .poll(async () => (await openFilesBelow(served.door.folder)).length)
      .toBeGreaterThan(atRest.length);
    client.socket.end();
    await client.closed();
    await expect.poll(() => openFilesBelow(served.door.folder)).toEqual(atRest);
  });

  it('a request that is given up in the bytes that begin it is not carried out, and nobody fails over it', async () => {
    const unnoticed: unknown[] = [];
    const notice = (reason: unknown): void => void unnoticed.push(reason);
    process.on('unhandledRejection', notice);
    const expecting: [string, string][] = [['expect', '100-continue']];
    const givenUp = Array.from({ length: 300 }, (_, n) =>
      Buffer.concat([request(2 * n + 1, 'GET', '/v2/given-up/tags/list', expecting), reset(2 * n + 1)]),
    );
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(connection(...givenUp, request(1001, 'GET', '/v2/whole/tags/list')));
    await expect
      .poll(() => served.door.accessed.map(({ target }) => target))
      .toContain('/v2/whole/tags/list');
    expect(served.door.accessed).toHaveLength(1);
    expect(unnoticed).toEqual([]);
    process.off('unhandledRejection', notice);
    socket.destroy();
  });

  it('a connection that breaks the protocol in the bytes that begin and give up a request ends alone', async () => {
    const unnoticed: unknown[] = [];
    const notice = (reason: unknown): void => void unnoticed.push(reason);
    process.on('uncaughtException', notice);
    // Streams are opened by HEADERS, and never on the connection itself (RFC 9113, section 6.2).
    const broken = frame(HEADERS, END_HEADERS | END_STREAM, 0, block('GET', '/v2/'));
    for (const between of [[], [reset(1)]]) {
      const client = await RawClient.open(served.port);
      client.socket.write(connection(request(1, 'GET', '/v2/a/tags/list'), ...between, broken));
      await client.closed();
    }
    expect((await fetch(`http://127.0.0.1:${served.port}/v2/`)).status).toBe(200);
    process.off('uncaughtException', notice);
    expect(unnoticed).toEqual([]);
  });

  it('a connection that breaks off with requests under way does not stay in memory', async () => {
    const ROUNDS = 12;
    const STREAMS = 20;
    const { stream: streamOfNode } = await classesOfNode();
    // The bodies of these never come.
    const asked = Array.from({ length: STREAMS }, (_, n) =>
      frame(HEADERS, END_HEADERS, 2 * n + 1, block('PUT', '/v2/a/b/manifests/v1')),
    );
    for (let round = 1; round <= ROUNDS; round += 1) {
      const client = await RawClient.open(served.port);
      client.socket.write(connection(...asked, request(1001, 'GET', '/v2/a/tags/list')));
      await expect
        .poll(() => served.door.accessed.filter(({ method }) => method === 'GET'))
        .toHaveLength(round);
      client.socket.resetAndDestroy();
      await client.closed();
    }
    // The last ones may stay for a while.
    await expect
      .poll(() => queryObjects(streamOfNode, { format: 'count' }), { timeout: 15_000, interval: 500 })
      .toBeLessThan((STREAMS * ROUNDS) / 2);
  }, 40_000);

  it('a client that never confirms our settings does not stay in memory after it went', async () => {
    const CLIENTS = 20;
    const { session: sessionOfNode } = await classesOfNode();
    for (let round = 0; round < CLIENTS; round += 1) {
      const client = await RawClient.open(served.port);
      client.socket.write(connection(request(1, 'GET', '/v2/a/tags/list')));
      await expect.poll(() => served.door.accessed.length).toBe(round + 1);
      client.socket.destroy();
      await client.closed();
    }
    await expect
      .poll(() => queryObjects(sessionOfNode, { format: 'count' }), { timeout: 15_000, interval: 500 })
      .toBeLessThan(CLIENTS / 2);
  }, 40_000);
});

it('the collector of garbage may run at the moment at which a connection breaks off', async () => {
  expect(await runScript('http2-crash-child.ts', [])).toBe('alive');
}, 60_000);

interface ClassesOfNode {
  readonly session: () => unknown;
  readonly stream: () => unknown;
}

/** Node does not export its classes of the connections and streams of a server. */
async function classesOfNode(): Promise<ClassesOfNode> {
  const server = createServer();
  const found = new Promise<ClassesOfNode>((resolve) => {
    server.on('stream', (stream) => {
      resolve({
        session: stream.session?.constructor as () => unknown,
        stream: stream.constructor as () => unknown,
      });
      stream.session?.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
  client.request().on('error', () => undefined);
  const classes = await found;
  client.destroy();
  server.close();
  return classes;
}
