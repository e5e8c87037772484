import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { isRecord } from '../../oci/descriptor.ts';
import { algorithmsFor } from './algorithms.ts';
import { KeyMaterialError } from './signing-key.ts';

/** A key of a JWK set. */
export interface PublishedKey {
  readonly key: KeyObject;
  /** As the issuer named it; undefined where it has no name, and is found by its thumbprint alone. */
  readonly keyId: string | undefined;
}

/** A JWK set, read. */
export interface KeySet {
  readonly keys: readonly PublishedKey[];
  /** Sentences about what was passed over or looks like a mistake, for the log. */
  readonly remarks: readonly string[];
}

/**
 * Reads a JWK set (RFC 7517, section 5): "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" values
 * that are not understood by them", and those that cannot sign tokens. Private members are not looked at.
 * @throws KeyMaterialError where there is no key that can verify a token
 */
export function readKeySet(text: string): KeySet {
  const entries = entriesOf(text);
  const remarks: string[] = [];
  const keys = entries.flatMap((entry, position): PublishedKey[] => {
    const what = `key ${position + 1}`;
    if (!isRecord(entry)) {
      remarks.push(`${what} is no object and is passed over`);
      return [];
    }
    if (entry['kty'] === 'oct' || 'd' in entry) {
      remarks.push(`${what} holds a secret, which the registry does not need; keep public keys only`);
    }
    const problem = problemOf(entry);
    if (typeof problem === 'string') {
      remarks.push(`${what} is passed over: ${problem}`);
      return [];
    }
    return [{ key: problem, keyId: typeof entry['kid'] === 'string' ? entry['kid'] : undefined }];
  });
  if (keys.length === 0) {
    const why = remarks.length === 0 ? 'its list of keys is empty' : remarks.join('; ');
    throw new KeyMaterialError(`holds no key that can verify tokens: ${why}`);
  }
  return { keys, remarks };
}

function entriesOf(text: string): readonly unknown[] {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new KeyMaterialError('is not JSON; a JWK set is {"keys": […]}');
  }
  if (!isRecord(set) || !Array.isArray(set['keys'])) {
    throw new KeyMaterialError('is no JWK set; write {"keys": […]}, also around a single key');
  }
  return set['keys'];
}

/** The key, or why it is of no use. */
function problemOf(entry: Readonly<Record<string, unknown>>): KeyObject | string {
  const { kty, crv, n, e, x, y, use } = entry;
  if (use !== undefined && use !== 'sig') return `its use is ${JSON.stringify(use).slice(0, 20)}, not "sig"`;
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return 'it is neither RSA, EC nor OKP';
  let key: KeyObject;
  try {
    const publicPart = { kty, crv, n, e, x, y };
    key = createPublicKey({ key: publicPart as webcrypto.JsonWebKey, format: 'jwk' });
  } catch {
    return 'it is malformed, or of an unknown curve';
  }
  if (algorithmsFor(key).length > 0) return key;
  return 'it cannot sign tokens; use RSA with at least 2048 bits, EC P-256, P-384, P-521 or Ed25519';
}
