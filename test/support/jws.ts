import { constants, createHmac, type KeyObject, sign } from 'node:crypto';

/** A text of JSON in base64url, as the parts of a token are written. */
export function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The parts of a token, unverified; with the header's own text, for its order. */
export function decodeToken(token: string): {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  headerText: string;
  claimsText: string;
} {
  const [headerText = '', claimsText = ''] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(headerText), claims: JSON.parse(claimsText), headerText, claimsText };
}

/**
 * The signature of a text as JSON Web Signature writes it, as `alg` says.
 * @param key a private key; a text is the secret of an HMAC
 */
export function signatureOf(alg: unknown, key: KeyObject | string, data: string): Buffer {
  if (typeof key === 'string') return createHmac('sha256', key).update(data).digest();
  const hash = /^(?:RS|ES|PS)(256|384|512)$/.exec(typeof alg === 'string' ? alg : '')?.[1];
  const isPss = typeof alg === 'string' && alg.startsWith('PS');
  return sign(hash === undefined ? null : `sha${hash}`, Buffer.from(data), {
    key,
    dsaEncoding: 'ieee-p1363',
    ...(isPss && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
  });
}

/**
 * A token made of exactly these parts, with no check at all: what a foreign issuer, or an attacker, can send. It
 * shares no code with what it tests.
 * @param key a private key, used as the header's `alg` says; a text is the secret of an HMAC
 */
export function signToken(header: unknown, claims: unknown, key: KeyObject | string): string {
  const alg = typeof header === 'object' && header !== null && 'alg' in header ? header.alg : undefined;
  const data = `${encodePart(header)}.${encodePart(claims)}`;
  return `${data}.${signatureOf(alg, key, data).toString('base64url')}`;
}
