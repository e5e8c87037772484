import type { KeySource } from '../auth/token/key-ring.ts';
import { publicJwk } from '../auth/token/signing-key.ts';
import type { TokenAnswers } from '../auth/token-service.ts';
import type { Endpoint } from '../http/app.ts';
import { liveEndpoint } from '../http/health.ts';
import { json } from '../http/message.ts';
import { answerTokenRequest } from '../http/token/endpoint.ts';

/** The paths of a token service. */
export function tokenEndpoints(service: TokenAnswers, keys: KeySource, realm: string): [string, Endpoint][] {
  const token: Endpoint = {
    name: 'token',
    methods: ['GET', 'POST'],
    handle: (request) => answerTokenRequest({ service, realm }, request),
  };
  return [
    ['/auth', token],
    ['/auth/token', token],
    ['/.well-known/jwks.json', keySetEndpoint(keys)],
  ];
}

/** The public halves of keys, as a JWK set (RFC 7517, section 5). */
export function keySetEndpoint(keys: KeySource): Endpoint {
  return {
    methods: ['GET', 'HEAD'],
    handle: async () =>
      json(200, { keys: keys.published().map(publicJwk) }, { 'Cache-Control': 'public, max-age=300' }),
  };
}

/** `/healthz`, and a page for whoever opens the address in a browser or probes it, as docker_auth has one. */
export function commonEndpoints(title: string): [string, Endpoint][] {
  return [
    ['/healthz', liveEndpoint()],
    [
      '/',
      {
        methods: ['GET', 'HEAD'],
        handle: async () => ({
          status: 200,
          headers: { 'Content-Type': 'text/plain; charset=utf-8' },
          body: `${title}\n`,
        }),
      },
    ],
  ];
}
