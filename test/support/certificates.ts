import {
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { promisify } from 'node:util';
import {
  bitString,
  boolean,
  explicit,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

const generate = promisify(generateKeyPair);

/** The kinds of key that sign tokens. */
export type KeyKind = 'RSA-2048' | 'RSA-4096' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519';

/** A new private key; made off the main thread, since an RSA key takes a while. */
export async function generateKey(kind: KeyKind): Promise<KeyObject> {
  if (kind === 'Ed25519') return (await generate('ed25519')).privateKey;
  if (kind === 'RSA-2048' || kind === 'RSA-4096') {
    return (await generate('rsa', { modulusLength: Number(kind.slice(4)) })).privateKey;
  }
  return (await generate('ec', { namedCurve: kind })).privateKey;
}

/** A new private key on P-256, which takes no time to make. */
export function ecKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Somebody with a name and a key, who can sign certificates. */
export interface Party {
  readonly name: string;
  readonly key: KeyObject;
}

export interface CertificateOptions {
  readonly subject: Party;
  /** Who signs it; the subject itself where left out. */
  readonly issuer?: Party;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Basic constraints: whether the subject may sign certificates. Without the extension where left out. */
  readonly ca?: boolean;
  /** Basic constraints: how many intermediates may follow. */
  readonly pathLength?: number;
}

const COMMON_NAME = '2.5.4.3';
const BASIC_CONSTRAINTS = '2.5.29.19';

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(COMMON_NAME), utf8String(commonName))));
}

/** RFC 4055, RFC 5758 and RFC 8410: how a key's signatures are named. */
function signatureAlgorithm(key: KeyObject): { identifier: Buffer; hash: string | null } {
  if (key.asymmetricKeyType === 'ed25519') {
    return { identifier: sequence(objectIdentifier('1.3.101.112')), hash: null };
  }
  if (key.asymmetricKeyType === 'rsa') {
    return { identifier: sequence(objectIdentifier('1.2.840.113549.1.1.11'), nothing()), hash: 'sha256' };
  }
  return { identifier: sequence(objectIdentifier('1.2.840.10045.4.3.2')), hash: 'sha256' };
}

function basicConstraints({ ca, pathLength }: CertificateOptions): Buffer | undefined {
  if (ca === undefined) return undefined;
  const value = sequence(
    ...(ca ? [boolean(true)] : []),
    ...(pathLength === undefined ? [] : [integer(pathLength)]),
  );
  return sequence(objectIdentifier(BASIC_CONSTRAINTS), boolean(true), octetString(value));
}

let serial = 0;

/** An X.509 v3 certificate (RFC 5280). */
export function makeCertificate(options: CertificateOptions): X509Certificate {
  const { subject, issuer = subject, notBeforeMs, notAfterMs } = options;
  serial += 1;
  const { identifier, hash } = signatureAlgorithm(issuer.key);
  const extension = basicConstraints(options);
  const body = sequence(
    explicit(0, integer(2)),
    integer(serial),
    identifier,
    distinguishedName(issuer.name),
    sequence(time(notBeforeMs), time(notAfterMs)),
    distinguishedName(subject.name),
    createPublicKey(subject.key).export({ type: 'spki', format: 'der' }),
    ...(extension === undefined ? [] : [explicit(3, sequence(extension))]),
  );
  return new X509Certificate(sequence(body, identifier, bitString(sign(hash, body, issuer.key))));
}

/** A header's `x5c`. */
export function x5c(...certificates: readonly X509Certificate[]): string[] {
  return certificates.map(({ raw }) => raw.toString('base64'));
}
