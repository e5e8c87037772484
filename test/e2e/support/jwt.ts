import { createHash, createHmac, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { Certificate } from './certificates.ts';

/** One entry of a token's `access` claim. */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** How a foreign issuer may write its tokens; registries must accept each combination. */
export interface TokenForm {
  readonly kid: 'libtrust' | 'rfc7638';
  readonly x5c: boolean;
  /** Registry 2.8 knows `aud` as a string only; RFC 7519 allows a list. */
  readonly audience: 'string' | 'list';
}

/**
 * libtrust's key id: SHA-256 of the DER SubjectPublicKeyInfo, its first 30 bytes in base32, in twelve groups
 * of four (distribution, spec/auth/jwt.md).
 */
export function libtrustKid(key: KeyObject): string {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  const bits = [...digest.subarray(0, 30)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = (bits.match(/.{5}/g) ?? []).map((five) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(parseInt(five, 2)),
  );
  return (letters.join('').match(/.{4}/g) ?? []).join(':');
}

/** RFC 7638: SHA-256 of the JWK's required members in lexicographic order, without blanks. */
export function thumbprint(key: KeyObject): string {
  const { kty, e, n, crv, x, y } = key.export({ format: 'jwk' });
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** Signs claims with a certificate's key. `header` overrides single header fields. */
export function signToken(
  by: Certificate,
  form: TokenForm,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const key = createPublicKey(by.certificate);
  const rsa = key.asymmetricKeyType === 'rsa';
  const head = {
    typ: 'JWT',
    alg: rsa ? 'RS256' : 'ES256',
    kid: form.kid === 'libtrust' ? libtrustKid(key) : thumbprint(key),
    ...(form.x5c ? { x5c: [new X509Certificate(by.certificate).raw.toString('base64')] } : {}),
    ...header,
  };
  const signed = `${encoded(head)}.${encoded(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: by.key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** A forgery: no signature at all (RFC 8725 §2.1). */
export function unsignedToken(by: Certificate, claims: Readonly<Record<string, unknown>>): string {
  const kid = libtrustKid(createPublicKey(by.certificate));
  return `${encoded({ typ: 'JWT', alg: 'none', kid })}.${encoded(claims)}.`;
}

/** A forgery: the public key, which everybody has, taken for a shared secret (RFC 8725 §2.1). */
export function confusedToken(
  by: Certificate,
  claims: Readonly<Record<string, unknown>>,
  secret: string,
): string {
  const kid = libtrustKid(createPublicKey(by.certificate));
  const signed = `${encoded({ typ: 'JWT', alg: 'HS256', kid })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
