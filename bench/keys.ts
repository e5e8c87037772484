import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf, run } from './command.ts';

/** A token signing key with its self-signed certificate. */
export interface SigningKey {
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Key id in libtrust's form, the only one that registry 2.8 knows. */
  readonly kid: string;
}

/** Kinds of keys that the bench makes, in the words of `openssl req -newkey`. */
export const KEY_KINDS = {
  'EC P-256': ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  'RSA-2048': ['rsa:2048'],
  'RSA-4096': ['rsa:4096'],
} as const;

/** A kind of key that {@link makeKey} can make. */
export type KeyKind = keyof typeof KEY_KINDS;

/**
 * libtrust's key id: SHA-256 of the DER public key, its first 240 bits in base32, in groups of four
 * (docker/libtrust util.go, keyIDFromCryptoKey).
 */
function libtrustId(publicKey: KeyObject): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const digest = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
  const bits = [...digest.subarray(0, 30)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = bits.replace(/.{5}/g, (five) => alphabet.charAt(Number.parseInt(five, 2)));
  return letters.replace(/.{4}(?=.)/g, '$&:');
}

/**
 * Makes a key and a certificate for it with the openssl command: the registry takes its trusted keys from
 * certificates only, and node:crypto cannot write one.
 * @throws {Error} that says so where openssl is missing.
 */
export async function makeKey(kind: KeyKind, folder: string): Promise<SigningKey> {
  if ((await outputOf('openssl', ['version'])) === undefined) {
    throw new Error('the openssl command is missing: the bench needs it to make the token certificate');
  }
  const keyFile = join(folder, 'token.key');
  const certificateFile = join(folder, 'token.pem');
  const files = ['-nodes', '-keyout', keyFile, '-out', certificateFile];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    ...KEY_KINDS[kind],
    ...files,
    '-days',
    '2',
    '-subj',
    '/CN=bench',
  ]);
  const privateKey = createPrivateKey(await readFile(keyFile));
  const publicKey = createPublicKey(privateKey);
  return { keyFile, certificateFile, privateKey, publicKey, kid: libtrustId(publicKey) };
}
