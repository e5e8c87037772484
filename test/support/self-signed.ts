import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/* A self-signed certificate in a few lines of DER, as Node makes none and openssl may not be there. */

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { byteLength } = content;
  const length =
    byteLength < 128
      ? [byteLength]
      : byteLength < 256
        ? [0x81, byteLength]
        : [0x82, byteLength >> 8, byteLength & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const ECDSA_WITH_SHA256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));

function time(date: Date): Buffer {
  const text = `${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`;
  return der(0x17, Buffer.from(text));
}

function name(common: string): Buffer {
  return sequence(
    der(0x31, sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(common)))),
  );
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** An EC P-256 key and a certificate for it, for localhost and 127.0.0.1, both in PEM. */
export function selfSigned(common = 'localhost'): { certificate: string; key: string } {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
  });
  const now = Date.now();
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const alternative = sequence(der(0x06, Buffer.from('551d11', 'hex')), der(0x04, names));
  const isAuthority = sequence(
    der(0x06, Buffer.from('551d13', 'hex')),
    der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
  );
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    name(common),
    sequence(time(new Date(now - 3_600_000)), time(new Date(now + 86_400_000))),
    name(common),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternative, isAuthority)),
  );
  const signature = sign('sha256', content, pair.privateKey);
  const certificate = sequence(
    content,
    ECDSA_WITH_SHA256,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  return {
    certificate: pem('CERTIFICATE', certificate),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}
