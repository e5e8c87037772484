import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpSink, type HttpSinkOptions } from './http-sink.ts';

const NEVER = new AbortController().signal;

async function receiver(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{ url: string; server: Server; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function sinkTo(url: string, options: Partial<HttpSinkOptions> = {}): HttpSink {
  const sink = new HttpSink({ url, headers: new Map(), timeoutMs: 5_000, env: {}, ...options });
  onTestFinished(() => sink.close());
  return sink;
}

describe('sending an event', () => {
  it('posts it under the type of the envelope, with the configured headers, on one connection', async () => {
    const bodies: string[] = [];
    const sockets = new Set<unknown>();
    const { url, seen } = await receiver((request, response, body) => {
      sockets.add(request.socket);
      bodies.push(`${request.method} ${request.url} ${body}`);
      response.writeHead(202).end('thanks');
    });
    const headers = new Map([
      ['X-One', ['1']],
      ['x-two', ['a', 'b']],
      ['authorization', ['Bearer s3cret']],
    ]);
    const sink = sinkTo(`${url}/hook?a=b`, { headers });
    for (let n = 0; n < 3; n += 1) {
      expect(await sink.send(`{"n":${n}}`, NEVER)).toEqual({ kind: 'delivered', status: 202 });
    }
    expect(bodies).toEqual([0, 1, 2].map((n) => `POST /hook?a=b {"n":${n}}`));
    expect(seen[0]?.headers).toMatchObject({
      'content-type': 'application/vnd.docker.distribution.events.v2+json',
      'content-length': '7',
      authorization: 'Bearer s3cret',
      'x-one': '1',
      'x-two': 'a, b',
    });
    expect(sockets.size).toBe(1);
  });

  it('sends what stands before the @ of the address as Basic credentials', async () => {
    const { url, seen } = await receiver((_, response) => response.end());
    await sinkTo(url.replace('//', '//me:p%40ss@')).send('{}', NEVER);
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('does not follow a redirect: the receiver chooses no other target (SSRF)', async () => {
    const inside = await receiver((_, response) => response.end());
    const { url } = await receiver((_, response) => response.writeHead(307, { location: inside.url }).end());
    expect(await sinkTo(url).send('{}', NEVER)).toMatchObject({ kind: 'failed', status: 307 });
    expect(inside.seen).toEqual([]);
  });

  it('gives up a receiver that does not answer, or never ends its answer', async () => {
    for (const begin of [false, true]) {
      const { url } = await receiver((_, response) => {
        if (begin) response.writeHead(200).write('…');
      });
      const outcome = await sinkTo(url, { timeoutMs: 50 }).send('{}', NEVER);
      expect(outcome).toEqual({
        ...{ kind: 'unavailable', status: undefined },
        reason: 'the endpoint did not answer within 50 ms',
      });
    }
  });

  it('reads no more of an answer than it has use for', async () => {
    const { url } = await receiver((_, response) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await sinkTo(url).send('{}', NEVER)).toMatchObject({ kind: 'delivered' });
  });

  it('takes an answer that breaks off for none', async () => {
    const { url } = await receiver((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    expect(await sinkTo(url).send('{}', NEVER)).toMatchObject({ kind: 'unavailable' });
  });

  it('says why nobody was reached, and nothing of the address', async () => {
    const { url, server } = await receiver(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const sink = sinkTo(`${url.replace('//', '//me:s3cret@')}/s3cret-path`);
    const outcome = await sink.send('{}', NEVER);
    expect(outcome).toMatchObject({
      ...{ kind: 'unavailable', reason: 'the endpoint could not be reached (ECONNREFUSED)' },
    });
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
  });

  it('ends at once when it is told to', async () => {
    const abort = new AbortController();
    const { url } = await receiver(() => abort.abort());
    expect(await sinkTo(url).send('{}', abort.signal)).toMatchObject({ kind: 'unavailable' });
  });

  it('goes through the proxy of the environment, as registry:2 does', async () => {
    const proxy = await receiver((_, response) => response.end());
    const sink = sinkTo('http://events.invalid/hook', { env: { HTTP_PROXY: proxy.url } });
    expect(await sink.send('{}', NEVER)).toMatchObject({ kind: 'delivered' });
    expect(proxy.seen[0]?.url).toBe('http://events.invalid/hook');
  });
});
