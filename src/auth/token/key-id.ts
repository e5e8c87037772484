import { createHash, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >> bits) & 31];
    }
  }
  return text;
}

/**
 * The id by which registry:2 knows a key: base32 over the first 240 bits of the SHA-256 of the DER
 * SubjectPublicKeyInfo, in twelve groups of four characters (docker/libtrust, `keyIDFromCryptoKey`).
 */
export function libtrustKeyId(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(der).digest();
  return (base32(digest.subarray(0, 30)).match(/.{4}/g) ?? []).join(':');
}

/** The id by which registry:3 knows a key: its RFC 7638 thumbprint with SHA-256. */
export function thumbprintKeyId(publicKey: KeyObject): Promise<string> {
  return calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK, 'sha256');
}
