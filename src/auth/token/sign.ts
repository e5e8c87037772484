import { type KeyObject, type SignKeyObjectInput, sign as signBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { Slots } from '../slots.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * A signature with a large key takes as long as dozens of tokens. No more of them are made at once than the machine
 * has cores: the other threads are for whoever reads a file or checks a password meanwhile.
 */
const slots = new Slots({ maxRunning: availableParallelism(), maxWaiting: Number.POSITIVE_INFINITY });

const signAside = promisify(signBytes);

const HASHES: Readonly<Record<string, string>> = {
  RS256: 'sha256',
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
};

/** Fast enough to be made at once: to hand it to another thread costs as much. */
const QUICK: readonly string[] = ['ES256', 'EdDSA'];

const headers = new WeakMap<SigningKey, string>();

/** A JWT with these claims, in the compact form (RFC 7515, section 3.1). */
export async function signToken(key: SigningKey, claims: object): Promise<string> {
  const { algorithm, privateKey } = key;
  const signed = `${headerOf(key)}.${encode(claims)}`;
  const signature = await signatureOf(Buffer.from(signed), algorithm, privateKey);
  return `${signed}.${signature.toString('base64url')}`;
}

function headerOf(key: SigningKey): string {
  const known = headers.get(key);
  if (known !== undefined) return known;
  const { algorithm, keyId, certificateChain } = key;
  const header = encode({
    typ: 'JWT',
    alg: algorithm,
    kid: keyId,
    ...(certificateChain && { x5c: certificateChain }),
  });
  headers.set(key, header);
  return header;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function signatureOf(bytes: Buffer, algorithm: string, key: KeyObject): Promise<Buffer> {
  // Ed25519 has its own; of the rest each belongs to one, or there is no such token.
  const hash = algorithm === 'EdDSA' ? null : HASHES[algorithm];
  if (hash === undefined) throw new Error(`there is no way to sign with ${algorithm}`);
  // RFC 7518, section 3.4: the two numbers side by side. RSA does not know the setting.
  const how: SignKeyObjectInput = { key, dsaEncoding: 'ieee-p1363' };
  if (QUICK.includes(algorithm)) return signBytes(hash, bytes, how);
  return slots.run(() => signAside(hash, bytes, how));
}
