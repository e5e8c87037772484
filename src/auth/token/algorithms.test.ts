import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { algorithmsFor } from './algorithms.ts';

const pairs = {
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  Ed25519: generateKeyPairSync('ed25519'),
};

test.each<[keyof typeof pairs, string[]]>([
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['P-256', ['ES256']],
  ['P-384', ['ES384']],
  ['P-521', ['ES512']],
  ['Ed25519', ['EdDSA', 'Ed25519']],
])('%s', (kind, algorithms) => {
  expect(algorithmsFor(pairs[kind].publicKey)).toEqual(algorithms);
  expect(algorithmsFor(pairs[kind].privateKey)).toEqual(algorithms);
});

test('no key allows none, or an HMAC (CVE-2022-23540)', () => {
  const all = Object.values(pairs).flatMap(({ publicKey }) => algorithmsFor(publicKey));
  expect(all.filter((algorithm) => !/^(RS|ES|PS)(256|384|512)$|^EdDSA$|^Ed25519$/.test(algorithm))).toEqual(
    [],
  );
});

test('keys of other kinds sign no tokens', () => {
  expect(algorithmsFor(createSecretKey(Buffer.alloc(32)))).toEqual([]);
  expect(algorithmsFor(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)).toEqual([]);
  expect(algorithmsFor(generateKeyPairSync('ed448').publicKey)).toEqual([]);
  expect(algorithmsFor(generateKeyPairSync('x25519').publicKey)).toEqual([]);
  expect(algorithmsFor(generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).publicKey)).toEqual([]);
});
