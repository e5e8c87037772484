import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ecKey, generateKey, keyPem, makeCertificate } from '../../../test/support/certificates.ts';
import { libtrustKeyId, thumbprintKeyId } from './key-id.ts';
import {
  generateKeyPem,
  KeyMaterialError,
  loadSigningKey,
  publicJwk,
  readCertificates,
  readPrivateKey,
  signingKeyOf,
} from './signing-key.ts';

const VALIDITY = { notBeforeMs: Date.UTC(2030, 0, 1), notAfterMs: Date.UTC(2031, 0, 1) };
const key = ecKey();
const certificateOf = (of: KeyObject, name = 'signer') =>
  makeCertificate({ subject: { name, key: of }, ...VALIDITY });
const certificate = certificateOf(key);
const other = certificateOf(ecKey(), 'other');

const options = { keyIdStyle: 'libtrust', sendCertificates: true } as const;

describe('certificates', () => {
  test('are read in their order, with whatever stands between them', () => {
    const text = `a comment\n${certificate}\n${keyPem(key)}\r\n${String(other).replaceAll('\n', '\r\n')}the end`;
    expect(readCertificates(text).map(({ raw }) => raw)).toEqual([certificate.raw, other.raw]);
  });

  test.each([
    ['', 'holds no certificate in PEM (BEGIN CERTIFICATE)'],
    ['not PEM', 'holds no certificate in PEM (BEGIN CERTIFICATE)'],
    [keyPem(key), 'holds no certificate in PEM (BEGIN CERTIFICATE)'],
    ['-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----', 'certificate 1 cannot be read'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'certificate 1 cannot be read'],
    [
      `${certificate}${String(other).slice(0, 200)}\n-----END CERTIFICATE-----`,
      'certificate 2 cannot be read',
    ],
  ])('%# are refused', (text, message) => {
    expect(() => readCertificates(text)).toThrow(KeyMaterialError);
    expect(() => readCertificates(text)).toThrow(new KeyMaterialError(message));
  });
});

describe('private keys', () => {
  test('are read as PKCS #8, SEC 1 and PKCS #1', async () => {
    const rsa = await generateKey('RSA-2048');
    const forms = [
      [keyPem(key), key],
      [key.export({ type: 'sec1', format: 'pem' }).toString(), key],
      [rsa.export({ type: 'pkcs1', format: 'pem' }).toString(), rsa],
    ] as const;
    for (const [pem, expected] of forms) expect(readPrivateKey(pem).equals(expected)).toBe(true);
  });

  test('are found behind the parameters that openssl ecparam writes, and behind a certificate', () => {
    const sec1 = key.export({ type: 'sec1', format: 'pem' }).toString();
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    expect(readPrivateKey(parameters + sec1).equals(key)).toBe(true);
    expect(readPrivateKey(`${certificate}${keyPem(key)}`).equals(key)).toBe(true);
  });

  test('with a passphrase are refused with advice', () => {
    const locked = { cipher: 'aes-256-cbc', passphrase: 'secret' };
    const pkcs8 = key.export({ type: 'pkcs8', format: 'pem', ...locked }).toString();
    const sec1 = key.export({ type: 'sec1', format: 'pem', ...locked }).toString();
    for (const pem of [pkcs8, sec1]) {
      expect(() => readPrivateKey(pem)).toThrow(KeyMaterialError);
      expect(() => readPrivateKey(pem)).toThrow(/protected by a passphrase; write it without one/);
    }
  });

  test.each([
    '',
    'not PEM',
    String(certificate),
    createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    `${keyPem(key).slice(0, 80)}\n-----END PRIVATE KEY-----`,
  ])('%# are refused, and nothing of them is repeated', (pem) => {
    expect(() => readPrivateKey(pem)).toThrow(KeyMaterialError);
    expect(() => readPrivateKey(pem)).toThrow(/^holds no private key in PEM \(BEGIN PRIVATE KEY\)$/);
  });
});

describe('a configured pair', () => {
  const pem = String(certificate);

  test('is named in either style, with its certificate or without', async () => {
    const publicKey = createPublicKey(key);
    const loaded = await loadSigningKey(pem, keyPem(key), options);
    expect(loaded).toMatchObject({
      algorithm: 'ES256',
      keyId: libtrustKeyId(publicKey),
      certificateChain: [certificate.raw.toString('base64')],
    });
    expect(loaded.publicKey.equals(publicKey)).toBe(true);
    const modern = { keyIdStyle: 'rfc7638', sendCertificates: false } as const;
    expect(await loadSigningKey(pem, keyPem(key), modern)).toMatchObject({
      keyId: await thumbprintKeyId(publicKey),
      certificateChain: undefined,
    });
  });

  test('sends every certificate of the file, its own first', async () => {
    const loaded = await loadSigningKey(`${pem}${other}`, keyPem(key), options);
    const expected = [certificate, other].map(({ raw }) => raw.toString('base64'));
    expect(loaded.certificateChain).toEqual(expected);
  });

  test('has to belong together', async () => {
    const refused = loadSigningKey(`${other}${pem}`, keyPem(key), options);
    await expect(refused).rejects.toThrow(new KeyMaterialError('does not belong to the first certificate'));
  });

  test('has to be able to sign tokens', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const refused = loadSigningKey(String(certificateOf(privateKey)), keyPem(privateKey), options);
    await expect(refused).rejects.toThrow(KeyMaterialError);
    await expect(refused).rejects.toThrow(
      /cannot sign tokens; use RSA with at least 2048 bits, EC P-256, P-384, P-521 or Ed25519/,
    );
  });

  // RFC 7518, section 3.3: "A key of size 2048 bits or larger MUST be used". jose signs with no smaller one, so
  // that such a key would start and then fail at each request.
  test('of RSA with fewer than 2048 bits is refused when it is read', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const refused = loadSigningKey(String(certificateOf(privateKey)), keyPem(privateKey), options);
    await expect(refused).rejects.toThrow(KeyMaterialError);
  });
});

describe('a key of one’s own', () => {
  test('is new each time, on P-256, and named by its thumbprint', async () => {
    const pem = generateKeyPem();
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(generateKeyPem()).not.toBe(pem);
    const own = await signingKeyOf(pem);
    expect(own).toMatchObject({ algorithm: 'ES256', certificateChain: undefined });
    expect(own.keyId).toBe(await thumbprintKeyId(createPublicKey(pem)));
    expect(await signingKeyOf(pem)).toMatchObject({ keyId: own.keyId });
  });

  test('is published without its private half', async () => {
    const jwk = publicJwk(await signingKeyOf(generateKeyPem()));
    expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(jwk).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    const rsa = publicJwk(await signingKeyOf(keyPem(await generateKey('RSA-2048'))));
    expect(Object.keys(rsa).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });
});
