import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  critical,
  der,
  explicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('2a8648ce3d040302'));
/** 2.5.29.17 */
const SUBJECT_ALT_NAME = objectIdentifier('551d11');
/** 1.2.840.113549.1.9.14 */
const EXTENSION_REQUEST = objectIdentifier('2a864886f70d01090e');
/** 1.3.6.1.5.5.7.1.31, RFC 8737 */
const ACME_IDENTIFIER = objectIdentifier('2b0601050507011f');
/** 2.5.4.3 */
const COMMON_NAME = objectIdentifier('550403');

const HOUR_MS = 3_600_000;

/** A new private key on P-256. */
export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** PEM as Go's autocert writes and reads it. */
export function keyPem(key: KeyObject): string {
  return key.export({ type: key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' }).toString();
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function signed(content: Buffer, key: KeyObject): Buffer {
  return sequence(content, ECDSA_WITH_SHA256, bitString(sign('sha256', content, key)));
}

function dnsName(host: string): Buffer {
  return sequence(SUBJECT_ALT_NAME, octetString(sequence(der(0x82, Buffer.from(host, 'ascii')))));
}

/** A request for a certificate (PKCS #10, RFC 2986) for one name and a key on P-256, in DER. */
export function certificateRequest(host: string, key: KeyObject): Buffer {
  const extensions = sequence(EXTENSION_REQUEST, set(sequence(dnsName(host))));
  return signed(
    sequence(integer(Buffer.from([0])), sequence(), publicKeyOf(key), explicit(0, extensions)),
    key,
  );
}

/**
 * The certificate that answers a `tls-alpn-01` challenge (RFC 8737, section 3), in PEM.
 * @param proof SHA-256 of the key authorization
 */
export function challengeCertificate(host: string, key: KeyObject, proof: Uint8Array, nowMs: number): string {
  const name = sequence(set(sequence(COMMON_NAME, utf8String('ACME challenge'))));
  const identifier = sequence(ACME_IDENTIFIER, critical(), octetString(octetString(proof)));
  const serial = randomBytes(16);
  // Neither negative nor with a zero in front.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const content = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(nowMs - HOUR_MS), time(nowMs + 24 * HOUR_MS)),
    name,
    publicKeyOf(key),
    explicit(3, sequence(dnsName(host), identifier)),
  );
  const base64 = signed(content, key).toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}
