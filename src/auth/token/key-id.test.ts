import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { generateKey } from '../../../test/support/certificates.ts';
import { libtrustKeyId, thumbprintKeyId } from './key-id.ts';

// The key of distribution's spec/auth/jwt.md, whose libtrust id the document gives.
const VECTOR = createPublicKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'm7zUpx3b-zmVE5cymSs64POG9QcyEpJaYCD82-549_Q',
    y: 'dU3biz8sZ_8GPB-odm8Wxz3lNDr1xcAQQPQaOcr1fmc',
  },
});

test('the libtrust id of the example key', () => {
  expect(libtrustKeyId(VECTOR)).toBe('PYYO:TEWU:V7JH:26JV:AQTZ:LJC3:SXVJ:XGHA:34F2:2LAQ:ZRMK:Z7Q6');
});

test('the thumbprint of the example key', async () => {
  expect(await thumbprintKeyId(VECTOR)).toBe('8qjioA3ZA7ti2JIE7c-U8smBFuZolQZvhSHDPU3hhB8');
});

// RFC 7638, section 3.1.
test('the thumbprint of the RFC’s own example', async () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  const key = createPublicKey({ format: 'jwk', key: { kty: 'RSA', e: 'AQAB', n } });
  expect(await thumbprintKeyId(key)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

// RFC 8037, appendix A.3.
test('the thumbprint of an Ed25519 key', async () => {
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  expect(await thumbprintKeyId(key)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('the thumbprint is of the key and not of its curve’s generator (distribution #4683)', async () => {
  const [one, other] = [await generateKey('P-256'), await generateKey('P-256')];
  const ids = [await thumbprintKeyId(createPublicKey(one)), await thumbprintKeyId(createPublicKey(other))];
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toContain('xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M');
});

/** The same by another way: bits as text. */
function independent(key: KeyObject): string {
  const hash = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  const bits = [...hash.subarray(0, 30)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = [...bits.matchAll(/.{5}/g)].map(([five]) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(Number.parseInt(five, 2)),
  );
  return [...letters.join('').matchAll(/.{4}/g)].join(':');
}

test('the libtrust id of any key has twelve groups, and depends on the key', () => {
  const keys = Array.from({ length: 50 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
  keys.push(
    generateKeyPairSync('ed25519').publicKey,
    generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
  );
  const ids = keys.map(libtrustKeyId);
  for (const id of ids) expect(id).toMatch(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
  expect(ids).toEqual(keys.map(independent));
  expect(new Set(ids).size).toBe(keys.length);
});
