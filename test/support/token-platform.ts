import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** A platform that gives tokens to its workloads, with discovery and a JWK set. */
export interface TokenPlatform {
  readonly issuer: string;
  /** Requests for keys that came. */
  readonly asked: () => number;
  /** The set as it is served. */
  keySet(): Promise<string>;
  sign(
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  /** Another key signs from now on. */
  rotate(): Promise<void>;
  /** Answers 503 from now on, or no more. */
  fail(isFailing: boolean): void;
  stop(): Promise<void>;
}

export async function startPlatform(alg: 'RS256' | 'ES256' = 'RS256'): Promise<TokenPlatform> {
  let count = 0;
  let asked = 0;
  let isFailing = false;
  const pair = async () => {
    count += 1;
    return { kid: `key-${count}`, ...(await generateKeyPair(alg, { extractable: true })) };
  };
  const pairs = [await pair()];
  const keySet = async () => {
    const keys = pairs.map(async ({ kid, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      ...{ kid, alg, use: 'sig' },
    }));
    return JSON.stringify({ keys: await Promise.all(keys) });
  };
  const server = createServer((request, response) => {
    if (isFailing) {
      response.writeHead(503).end();
    } else if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }));
    } else if (request.url === '/jwks') {
      asked += 1;
      void keySet().then((text) => response.end(text));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    asked: () => asked,
    keySet,
    async sign(claims, header = {}) {
      const signing = pairs.at(-1);
      if (signing === undefined) throw new Error('there is no key');
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: issuer, iat: now, nbf: now, exp: now + 300, ...claims })
        .setProtectedHeader({ typ: 'JWT', alg, kid: signing.kid, ...header })
        .sign(signing.privateKey);
    },
    async rotate() {
      pairs.push(await pair());
    },
    fail(value) {
      isFailing = value;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
