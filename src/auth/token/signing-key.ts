import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import type { JWK } from 'jose';
import { algorithmsFor } from './algorithms.ts';
import { libtrustKeyId, thumbprintKeyId } from './key-id.ts';

/** How a token names the key that signed it. */
export type KeyIdStyle = 'libtrust' | 'rfc7638';

/** A key that signs tokens. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly algorithm: string;
  /** The header's `kid`. */
  readonly keyId: string;
  /** The header's `x5c`: certificates in base64 DER, the key's own first. Left out where undefined. */
  readonly certificateChain: readonly string[] | undefined;
}

/** A key or certificate that cannot be used. The message tells why, and holds nothing of the key. */
export class KeyMaterialError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyMaterialError';
  }
}

/**
 * Every certificate of a PEM text, in order.
 * @throws KeyMaterialError where one cannot be read, or there is none
 */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new KeyMaterialError('holds no certificate in PEM (BEGIN CERTIFICATE)');
  return blocks.map((block, position) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new KeyMaterialError(`certificate ${position + 1} cannot be read`, { cause });
    }
  });
}

/** @throws KeyMaterialError */
export function readPrivateKey(pem: string): KeyObject {
  if (pem.includes('ENCRYPTED')) {
    throw new KeyMaterialError(
      'is protected by a passphrase; write it without one (openssl pkey -in … -out …)',
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new KeyMaterialError('holds no private key in PEM (BEGIN PRIVATE KEY)', { cause });
  }
}

async function signingKey(
  privateKey: KeyObject,
  style: KeyIdStyle,
  certificateChain: readonly string[] | undefined,
): Promise<SigningKey> {
  const publicKey = createPublicKey(privateKey);
  const [algorithm] = algorithmsFor(privateKey);
  if (algorithm === undefined) {
    throw new KeyMaterialError(
      'is of a kind that cannot sign tokens; use RSA with at least 2048 bits, EC P-256, P-384, P-521 or Ed25519',
    );
  }
  const keyId = style === 'libtrust' ? libtrustKeyId(publicKey) : await thumbprintKeyId(publicKey);
  return { privateKey, publicKey, algorithm, keyId, certificateChain };
}

/**
 * The signing key of a certificate and key in PEM, as docker_auth takes them.
 * @throws KeyMaterialError, also where the two do not belong together
 */
export async function loadSigningKey(
  certificatePem: string,
  keyPem: string,
  options: { keyIdStyle: KeyIdStyle; sendCertificates: boolean },
): Promise<SigningKey> {
  const certificates = readCertificates(certificatePem);
  const privateKey = readPrivateKey(keyPem);
  if (certificates[0]?.checkPrivateKey(privateKey) !== true) {
    throw new KeyMaterialError('does not belong to the first certificate');
  }
  const chain = certificates.map((certificate) => certificate.raw.toString('base64'));
  return signingKey(privateKey, options.keyIdStyle, options.sendCertificates ? chain : undefined);
}

/** A new EC P-256 key as PKCS #8 in PEM. */
export function generateKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

/** The signing key of a private key alone, named by its RFC 7638 thumbprint. @throws KeyMaterialError */
export function signingKeyOf(keyPem: string): Promise<SigningKey> {
  return signingKey(readPrivateKey(keyPem), 'rfc7638', undefined);
}

/** What `/.well-known/jwks.json` publishes of a key. */
export function publicJwk(key: SigningKey): JWK {
  return {
    ...(key.publicKey.export({ format: 'jwk' }) as JWK),
    kid: key.keyId,
    alg: key.algorithm,
    use: 'sig',
  };
}
