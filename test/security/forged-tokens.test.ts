import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libtrustKeyId } from '../../src/auth/token/key-id.ts';
import { generateKey, makeCertificate } from '../support/certificates.ts';
import { newFolder, removeFolder } from '../support/folders.ts';
import { Forge, REPOSITORY, type TrustedIssuer } from '../support/forgeries/forge.ts';
import { FORGERIES, fits, judge, type Lure, openLure } from '../support/forgeries/judge.ts';
import { ADMIN_PASSWORD } from '../support/front-door.ts';
import { type Served, serve } from '../support/raw-http.ts';
import { startPlatform } from '../support/token-platform.ts';

/* Forged, mixed and cut tokens, and good ones in the wrong place; test/e2e puts the same table before registry:2. */

/** A registry, and whose tokens it accepts. */
interface Stand {
  readonly served: Served;
  readonly trusted: TrustedIssuer;
  close(): Promise<void>;
}

function certificateOf(key: KeyObject): X509Certificate {
  const now = Date.now();
  return makeCertificate({
    subject: { name: 'issuer', key },
    notBeforeMs: now - 60_000,
    notAfterMs: now + 600_000,
  });
}

/** `auth: builtin` with its own key, and what else it gives out. */
async function builtin(): Promise<Stand> {
  const platform = await startPlatform('ES256');
  const identities = [{ account: 'ci', subject: 'repo:a/b' }];
  const workload = { audience: 'registry', issuers: { p: { issuer: platform.issuer, identities } } };
  const served = await serve({
    config: `auth: {builtin: {workload_identity: ${JSON.stringify(workload)}}}`,
    admin: true,
  });
  const { door } = served;
  const key = door.auth?.keys.current();
  if (key === undefined) throw new Error('there is no key');
  const authorization = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;
  const query = new URLSearchParams({
    ...{ service: 'berth', offline_token: 'true', client_id: 'docker' },
    scope: `repository:${REPOSITORY}:pull,push`,
  });
  const answer = await door.send('GET', `/auth/token?${query}`, { headers: { authorization } });
  const { token, refresh_token: refreshToken } = answer.json<{ token: string; refresh_token: string }>();
  const pat = await door.send('POST', '/api/v1/me/tokens', {
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'ci' }),
  });
  return {
    served,
    trusted: {
      ...{ key: key.privateKey, keyId: key.keyId, issuer: 'berth', service: 'berth', certificate: undefined },
      issued: token,
      otherSecrets: {
        'a refresh token': refreshToken,
        'a personal access token': pat.json<{ token: string }>().token,
        'an id token of a platform': await platform.sign({ aud: 'registry', sub: 'repo:a/b' }),
        'a password': ADMIN_PASSWORD,
      },
    },
    async close() {
      await served.close();
      await platform.stop();
    },
  };
}

/** `auth: token` with a foreign issuer's key, by its certificate or in a JWK set. */
async function foreign(kind: 'RSA-2048' | 'P-256', by: 'rootcertbundle' | 'jwks'): Promise<Stand> {
  const folder = await newFolder();
  const key = await generateKey(kind);
  const keyId = libtrustKeyId(createPublicKey(key));
  const certificate = certificateOf(key);
  const file = join(folder, 'keys');
  const set = { keys: [{ ...createPublicKey(key).export({ format: 'jwk' }), kid: keyId }] };
  writeFileSync(file, by === 'jwks' ? JSON.stringify(set) : certificate.toString());
  const token = { realm: 'https://auth.test/token', service: 'Docker registry', issuer: 'Acme', [by]: file };
  const served = await serve({ config: `auth: {token: ${JSON.stringify(token)}}` });
  return {
    served,
    trusted: { key, keyId, issuer: token.issuer, service: token.service, certificate },
    async close() {
      await served.close();
      await removeFolder(folder);
    },
  };
}

const STANDS: readonly [string, () => Promise<Stand>][] = [
  ['auth.builtin', builtin],
  ['auth.token with an RSA certificate', () => foreign('RSA-2048', 'rootcertbundle')],
  ['auth.token with an EC certificate', () => foreign('P-256', 'rootcertbundle')],
  ['auth.token with a JWK set', () => foreign('P-256', 'jwks')],
];

describe.each(STANDS)('%s', (_, start) => {
  let stand: Stand;
  let lure: Lure;
  let forge: Forge;
  beforeAll(async () => {
    lure = await openLure();
    stand = await start();
    forge = new Forge(stand.trusted, lure.url);
  });
  afterAll(async () => {
    expect(lure.visits()).toBe(0);
    await lure.close();
    await stand.close();
  });

  it.each(FORGERIES)('%s', async (_title, row) => {
    if (fits(row, forge)) expect(await judge(stand.served.port, forge, row, 'berth')).toEqual([]);
  });

  it('a good token with any one letter changed, left out or added is refused', async () => {
    const good = forge.parts().join('.');
    const push = async (token: string) =>
      (
        await stand.served.door.send('POST', `/v2/${REPOSITORY}/blobs/uploads/`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;
    expect(await push(good)).toBe(202);
    const letter = fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code));
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length - 1 }),
        fc.constantFrom('replace', 'insert', 'remove'),
        fc.oneof(fc.constantFrom(...good), letter),
        async (at, how, text) => {
          const rest = good.slice(how === 'insert' ? at : at + 1);
          const other = `${good.slice(0, at)}${how === 'remove' ? '' : text}${rest}`;
          // The same letter in its place, or a space that HTTP takes off again.
          fc.pre(other.trim() !== good);
          expect(await push(other)).toBe(401);
        },
      ),
      { numRuns: 400 },
    );
  });
});
