import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateKey, type KeyKind, keyPem, makeCertificate } from '../../../test/support/certificates.ts';
import { StoppedClock } from '../../../test/support/clock.ts';
import { decodeToken } from '../../../test/support/jws.ts';
import { type Grant, TokenIssuer } from './issue.ts';
import { libtrustKeyId, thumbprintKeyId } from './key-id.ts';
import { loadSigningKey, type SigningKey, signingKeyOf } from './signing-key.ts';

const KINDS: [KeyKind, string][] = [
  ['RSA-2048', 'RS256'],
  ['RSA-4096', 'RS256'],
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
];

const GRANT: Grant = {
  subject: 'test',
  audience: 'Docker registry',
  access: [
    { type: 'repository', name: 'team/app', actions: ['pull', 'push'] },
    { type: 'repository', name: 'base', actions: [] },
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ],
};

const clock = new StoppedClock(Date.UTC(2030, 0, 1, 12, 0, 0, 999));
const NOW = Date.UTC(2030, 0, 1, 12) / 1000;
const keys = new Map<KeyKind, KeyObject>();

beforeAll(async () => {
  await Promise.all(KINDS.map(async ([kind]) => keys.set(kind, await generateKey(kind))));
}, 60_000);

function keyOf(kind: KeyKind): KeyObject {
  return keys.get(kind) ?? expect.unreachable(`no key ${kind}`);
}

async function pairOf(
  kind: KeyKind,
  keyIdStyle: 'libtrust' | 'rfc7638' = 'libtrust',
  sendCertificates = true,
): Promise<{ key: SigningKey; der: string }> {
  const key = keyOf(kind);
  const validity = { notBeforeMs: clock.now(), notAfterMs: clock.now() + 1 };
  const certificate = makeCertificate({ subject: { name: 'signer', key }, ...validity });
  return {
    key: await loadSigningKey(String(certificate), keyPem(key), { keyIdStyle, sendCertificates }),
    der: certificate.raw.toString('base64'),
  };
}

function issuerWith(key: SigningKey, lifetimeSeconds = 900): TokenIssuer {
  return new TokenIssuer({ issuer: 'Acme auth server', key, lifetimeSeconds, clock });
}

/** Verifies with node:crypto alone. */
function isSigned(token: string, key: KeyObject, alg: string): boolean {
  const [header, claims, signature = ''] = token.split('.');
  const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
  return verify(
    hash,
    Buffer.from(`${header}.${claims}`),
    { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
}

describe.each(KINDS)('with a key of %s', (kind, alg) => {
  test(`signs with ${alg}`, async () => {
    const { key } = await pairOf(kind);
    const { token } = await issuerWith(key).issue(GRANT);
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(isSigned(token, keyOf(kind), alg)).toBe(true);
    const changed = token.replace(/\.[\w-]+\./, `.${Buffer.from('{"sub":"admin"}').toString('base64url')}.`);
    expect(isSigned(changed, keyOf(kind), alg)).toBe(false);
  });

  test('the header is docker_auth’s, with the certificate', async () => {
    const { key, der } = await pairOf(kind);
    const { headerText } = decodeToken((await issuerWith(key).issue(GRANT)).token);
    const kid = libtrustKeyId(createPublicKey(keyOf(kind)));
    expect(headerText).toBe(JSON.stringify({ typ: 'JWT', alg, kid, x5c: [der] }));
  });

  test('the header is docker_auth’s to the letter, without', async () => {
    const { key } = await pairOf(kind, 'rfc7638', false);
    const { headerText } = decodeToken((await issuerWith(key).issue(GRANT)).token);
    const kid = await thumbprintKeyId(createPublicKey(keyOf(kind)));
    expect(headerText).toBe(JSON.stringify({ typ: 'JWT', alg, kid }));
  });
});

test.each([
  ['libtrust', true],
  ['libtrust', false],
  ['rfc7638', true],
  ['rfc7638', false],
] as const)('kid as %s and x5c %j are chosen apart', async (style, sendCertificates) => {
  const { key, der } = await pairOf('P-256', style, sendCertificates);
  const { header } = decodeToken((await issuerWith(key).issue(GRANT)).token);
  const publicKey = createPublicKey(keyOf('P-256'));
  expect(header['kid']).toBe(
    style === 'libtrust' ? libtrustKeyId(publicKey) : await thumbprintKeyId(publicKey),
  );
  expect(header['x5c']).toEqual(sendCertificates ? [der] : undefined);
});

test('a key of one’s own has a thumbprint for an id, and no certificate', async () => {
  const key = await signingKeyOf(keyPem(keyOf('P-256')));
  const { headerText } = decodeToken((await issuerWith(key).issue(GRANT)).token);
  expect(headerText).toBe(JSON.stringify({ typ: 'JWT', alg: 'ES256', kid: key.keyId }));
});

describe('claims', () => {
  const issue = async (grant: Grant, lifetimeSeconds?: number) => {
    const { key } = await pairOf('P-256');
    return issuerWith(key, lifetimeSeconds).issue(grant);
  };

  test('are docker_auth’s, in its order, with an id that nobody can guess', async () => {
    const { claims } = decodeToken((await issue(GRANT)).token);
    const { jti, ...rest } = claims;
    expect(Object.keys(claims)).toEqual(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'access']);
    expect(jti).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(rest).toEqual({
      iss: 'Acme auth server',
      sub: 'test',
      aud: 'Docker registry',
      exp: NOW + 900,
      nbf: NOW - 10,
      iat: NOW,
      access: GRANT.access,
    });
  });

  test('the id is another each time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issue(GRANT)));
    expect(new Set(tokens.map(({ token }) => decodeToken(token).claims['jti'])).size).toBe(20);
  });

  test('the audience is one text, since registry 2.8 refuses a list', async () => {
    for (const audience of ['', 'berth', 'a"b\\c', 'registry.example:5000', 'Größe']) {
      expect(decodeToken((await issue({ ...GRANT, audience })).token).claims['aud']).toBe(audience);
    }
  });

  test('an anonymous subject is empty, and no access is an empty list', async () => {
    const { claims } = decodeToken((await issue({ subject: '', audience: 'a', access: [] })).token);
    expect(claims).toMatchObject({ sub: '', access: [] });
  });

  test('of an entry, type, name and actions are written and nothing more', async () => {
    const entry = { type: 'repository', name: 'a', actions: ['pull'], class: 'plugin', secret: 1 };
    const { claimsText } = decodeToken((await issue({ ...GRANT, access: [entry, entry] })).token);
    const written = '{"type":"repository","name":"a","actions":["pull"]}';
    expect(claimsText).toContain(`"access":[${written},${written}]`);
  });

  test('the answer tells the lifetime and the time', async () => {
    const issued = await issue(GRANT, 60);
    expect(issued).toMatchObject({ expiresInSeconds: 60, issuedAtMs: clock.now() });
    expect(decodeToken(issued.token).claims).toMatchObject({ exp: NOW + 60, iat: NOW });
  });
});
