import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { googleUpstream } from './google.ts';

/* Google, played by a server of this machine. */

let server: Server;
let issuer: string;
let claims: Record<string, unknown>;
let refreshed: Record<string, unknown>;
let signed = '';
const BINDING = { state: 's'.repeat(43), nonce: 'n'.repeat(43), codeVerifier: 'v'.repeat(43) };
const CODE = new URLSearchParams({ code: 'code', state: BINDING.state });

const { publicKey, privateKey } = await generateKeyPair('RS256');

function idToken(more: Record<string, unknown>): Promise<string> {
  return new SignJWT({ sub: '1', ...more })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setIssuer(issuer)
    .setAudience('id')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
}

beforeAll(async () => {
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' };
  const answers: Record<string, (form: URLSearchParams) => unknown> = {
    '/.well-known/openid-configuration': () => ({
      ...{ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
      ...{
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
      },
      ...{ id_token_signing_alg_values_supported: ['RS256'] },
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    }),
    '/keys': () => ({ keys: [jwk] }),
    '/token': async (form) => {
      const isNew = form.get('grant_type') === 'authorization_code';
      const content = isNew ? { nonce: BINDING.nonce, ...claims } : refreshed;
      signed = await idToken(content);
      return {
        ...{ access_token: 'at', token_type: 'Bearer', expires_in: 3600, id_token: signed },
        ...(isNew && { refresh_token: 'rt' }),
      };
    },
  };
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', async () => {
      const answer = await answers[request.url ?? '']?.(new URLSearchParams(body));
      response.writeHead(answer === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('Google', () => {
  const google = (domain: string | undefined) =>
    googleUpstream({
      ...{ domain, issuer, redirectUrl: 'https://b/google_auth', clientId: 'id', clientSecret: 'secret' },
      ...{ timeoutMs: 2_000, clock: { now: Date.now } },
    });
  beforeEach(() => {
    claims = { email: 'alice@example.com', email_verified: true, hd: 'example.com' };
    refreshed = claims;
  });

  it('is asked for a refresh token, with state, nonce and PKCE', async () => {
    const { searchParams } = await google('example.com').authorizationUrl(BINDING);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      ...{ access_type: 'offline', prompt: 'consent', hd: 'example.com', scope: 'openid email' },
      ...{ state: BINDING.state, nonce: BINDING.nonce, code_challenge_method: 'S256', response_type: 'code' },
    });
  });

  it('gives the address, and is asked again with the refresh token, which stays the same', async () => {
    const login = await google('example.com').complete(CODE, BINDING);
    expect(login).toMatchObject({ account: 'alice@example.com', tokens: { refresh: 'rt', subject: '1' } });
    expect(await google('example.com').renew(login.tokens)).toMatchObject({ tokens: { refresh: 'rt' } });
  });

  it.each([
    ['an account outside of the domain', { hd: 'other.com' }],
    // Whoever has an address of a domain may make a Google account of it, outside of the domain's Workspace.
    ['an account that is in no Workspace', { hd: undefined }],
    ['an address that is not verified', { email_verified: false }],
    ['no address', { email: undefined }],
    ['an answer to another question', { nonce: 'x'.repeat(43) }],
  ])('%s does not get in', async (_, other) => {
    claims = { ...claims, ...other };
    await expect(google('example.com').complete(CODE, BINDING)).rejects.toMatchObject({
      name: 'SignInRefused',
    });
  });

  it('no longer vouches for who left the domain, or is another', async () => {
    for (const other of [{ hd: undefined }, { sub: '2' }]) {
      refreshed = { ...claims, ...other };
      const renewed = google('example.com').renew({ refresh: 'rt', subject: '1' });
      await expect(renewed).rejects.toMatchObject({ name: 'UpstreamGone' });
    }
  });
});
