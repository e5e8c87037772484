import type { KeyObject } from 'node:crypto';

const BY_CURVE: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** RFC 7518, section 3.3: "A key of size 2048 bits or larger MUST be used with these algorithms." */
const MIN_RSA_BITS = 2048;

/**
 * The signature algorithms that a key may be used with, the one to sign with first. The list comes from the key and
 * never from the token: that rules out `none`, and a public key taken for an HMAC secret (CVE-2022-23540).
 * @returns an empty list for a key that cannot sign tokens
 */
export function algorithmsFor(key: KeyObject): readonly string[] {
  if (key.asymmetricKeyType === 'rsa') {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return bits < MIN_RSA_BITS ? [] : ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  }
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519'];
  const curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined;
  const algorithm = curve === undefined ? undefined : BY_CURVE[curve];
  return algorithm === undefined ? [] : [algorithm];
}
