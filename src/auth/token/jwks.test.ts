import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ecKey, generateKey } from '../../../test/support/certificates.ts';
import { StoppedClock } from '../../../test/support/clock.ts';
import { signToken } from '../../../test/support/jws.ts';
import { goodClaims, rejectionOf, verifierOf } from '../../../test/support/verifying.ts';
import { algorithmsFor } from './algorithms.ts';
import { readKeySet } from './jwks.ts';
import { KeyMaterialError } from './signing-key.ts';

const jwkOf = (key: KeyObject, more: Record<string, unknown> = {}) => ({
  ...(key.type === 'public' ? key : createPublicKey(key)).export({ format: 'jwk' }),
  ...more,
});
const setOf = (...keys: unknown[]) => JSON.stringify({ keys });
const good = jwkOf(ecKey(), { kid: 'good' });

function refusal(text: string): string {
  try {
    readKeySet(text);
  } catch (error) {
    if (error instanceof KeyMaterialError) return error.message;
    throw error;
  }
  return expect.unreachable('the set was read');
}

describe('a JWK set', () => {
  test.each(['RSA-2048', 'P-256', 'P-384', 'P-521', 'Ed25519'] as const)('with a key of %s', async (kind) => {
    const key = await generateKey(kind);
    const { keys, remarks } = readKeySet(
      setOf(jwkOf(key, { kid: kind, use: 'sig', alg: 'whatever', x5c: 5 })),
    );
    expect(remarks).toEqual([]);
    expect(keys.map(({ keyId }) => keyId)).toEqual([kind]);
    expect(keys[0]?.key.type).toBe('public');
    expect(keys[0]?.key.equals(createPublicKey(key))).toBe(true);
  });

  test.each([undefined, 5, null])('a key whose kid is %j has no name', (kid) => {
    expect(readKeySet(setOf({ ...good, kid })).keys[0]?.keyId).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    [
      'a curve that signs no tokens',
      jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      'it cannot sign tokens',
    ],
    ['a key for agreement', jwkOf(generateKeyPairSync('x25519').publicKey), 'it cannot sign tokens'],
    [
      'a short RSA key',
      jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      'at least 2048 bits',
    ],
    ['a key for encryption', { ...good, use: 'enc' }, 'its use is "enc", not "sig"'],
    ['a kind that nobody knows', { kty: 'AKP', kid: 'a' }, 'neither RSA, EC nor OKP'],
    ['a point that is not on the curve', { ...good, x: good.y }, 'malformed'],
    ['a member that is no text', { ...good, x: 5 }, 'malformed'],
    ['no object', 'key', 'is no object'],
  ])('passes %s over, and says so', (_, key, why) => {
    const { keys, remarks } = readKeySet(setOf(key, good));
    expect(keys.map(({ keyId }) => keyId)).toEqual(['good']);
    expect(remarks).toEqual([expect.stringContaining(why)]);
    expect(remarks[0]).toMatch(/^key 1 /);
    expect(refusal(setOf(key))).toContain(why);
  });

  test('a private key counts by its public part, and is told without its secret', () => {
    const key = ecKey();
    const secret = key.export({ format: 'jwk' });
    const { keys, remarks } = readKeySet(setOf({ ...secret, kid: 'a' }));
    expect(keys[0]?.key.type).toBe('public');
    expect(remarks).toEqual([
      'key 1 holds a secret, which the registry does not need; keep public keys only',
    ]);
  });

  test.each<[string, string]>([
    ['', 'is not JSON'],
    ['{"keys": [', 'is not JSON'],
    ['-----BEGIN CERTIFICATE-----', 'is not JSON'],
    ['[]', 'is no JWK set'],
    ['null', 'is no JWK set'],
    ['{}', 'is no JWK set'],
    ['{"keys": {}}', 'is no JWK set'],
    [JSON.stringify(good), 'is no JWK set; write {"keys": […]}, also around a single key'],
    ['{"keys": []}', 'its list of keys is empty'],
  ])('%j is none', (text, why) => {
    expect(refusal(text)).toContain(why);
  });

  test('a shared secret never verifies a token, whatever the token says (CVE-2022-23540)', async () => {
    const secret = Buffer.from('a secret that everybody knows, 32+');
    const oct = { kty: 'oct', k: secret.toString('base64url'), kid: 'shared', alg: 'HS256' };
    expect(refusal(setOf(oct))).toContain('holds a secret');
    const { keys } = readKeySet(setOf(oct, good));
    const clock = new StoppedClock();
    const verifier = await verifierOf(clock, { published: keys });
    for (const kid of ['shared', 'good']) {
      for (const alg of ['HS256', 'HS384', 'HS512', 'none']) {
        const forged = signToken({ typ: 'JWT', alg, kid }, goodClaims(clock), secret.toString());
        expect(await rejectionOf(verifier, forged)).toMatch(/none of the trusted keys|its key is for ES256/);
      }
    }
  });

  test('of any content gives public keys that can sign tokens, or a reason', () => {
    const member = fc.oneof(
      fc.string(),
      fc.constantFrom('RSA', 'EC', 'OKP', 'P-256', 'Ed25519', 'sig', 'AQAB', good.x),
      fc.jsonValue(),
    );
    const key = fc.record(
      { kty: member, crv: member, n: member, e: member, x: member, y: member, kid: member, use: member },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(fc.oneof(key, fc.jsonValue(), fc.constant(good))).map((keys) => setOf(...keys)),
          fc.json(),
          fc.string(),
        ),
        (text) => {
          try {
            const { keys } = readKeySet(text);
            expect(keys.length).toBeGreaterThan(0);
            for (const { key } of keys) {
              expect(key.type).toBe('public');
              expect(algorithmsFor(key).filter((alg) => /^HS|none/.test(alg))).toEqual([]);
              expect(algorithmsFor(key)).not.toEqual([]);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(KeyMaterialError);
          }
        },
      ),
    );
  });
});
