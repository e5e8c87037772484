import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AcmeConnection } from './connection.ts';
import { pauseMs } from './keeper.ts';
import { AcmeProblem } from './problem.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** An authority that calls so many nonces stale before it takes one. */
async function authority(staleNonces: number): Promise<{ directoryUrl: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    response.setHeader('Replay-Nonce', `nonce-${asked}`);
    if (request.url === '/dir') {
      const directory = {
        newNonce: `${base}/nonce`,
        newAccount: `${base}/account`,
        newOrder: `${base}/order`,
      };
      response.end(JSON.stringify(directory));
    } else if (request.url === '/nonce') response.end();
    else {
      asked += 1;
      if (asked <= staleNonces) {
        response.writeHead(400, { 'Content-Type': 'application/problem+json' });
        response.end(JSON.stringify({ type: 'urn:ietf:params:acme:error:badNonce', detail: 'stale' }));
      } else response.writeHead(201, { Location: `${base}/account/1` }).end('{}');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return {
    directoryUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dir`,
    asked: () => asked,
  };
}

function open(directoryUrl: string): Promise<AcmeConnection> {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return AcmeConnection.open({ directoryUrl, email: undefined, key, signal: AbortSignal.timeout(10_000) });
}

describe('a nonce that the authority calls stale (RFC 8555, section 6.5)', () => {
  it('is replaced by the one that came with the refusal, several times', async () => {
    const { directoryUrl, asked } = await authority(8);
    await open(directoryUrl);
    expect(asked()).toBe(9);
  });

  it('is not replaced for ever, and the order is tried again soon: nothing was refused', async () => {
    const { directoryUrl } = await authority(Number.POSITIVE_INFINITY);
    const error = await open(directoryUrl).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AcmeProblem);
    expect(pauseMs(1, error, 0)).toBe(pauseMs(1, new Error('unreachable'), 0));
  });
});
