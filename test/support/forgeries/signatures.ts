import { constants, sign } from 'node:crypto';
import { encodePart } from '../jws.ts';
import { type Forgery, withToken } from './case.ts';
import type { Forge } from './forge.ts';

/* Signatures that are another's, damaged or written otherwise. */

/** The order of P-256's group (SEC 2, section 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const BYTES = 32;

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * BYTES, '0'), 'hex');
}

/** A good token with another signature. */
function changed(forge: Forge, change: (signature: Buffer) => readonly Buffer[]): string[] {
  const [header, claims, signature] = forge.parts();
  return change(Buffer.from(signature, 'base64url')).map(
    (bytes) => `${header}.${claims}.${bytes.toString('base64url')}`,
  );
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Other texts of base64url for the same bytes: those whose last bits, which stand for nothing, are not zero. */
function respelled(text: string): string[] {
  const bytes = Buffer.from(text, 'base64url');
  return [...ALPHABET]
    .map((letter) => `${text.slice(0, -1)}${letter}`)
    .filter((other) => other !== text && Buffer.from(other, 'base64url').equals(bytes));
}

/** A good token whose signature holds a letter that only base64url has. */
function withUrlLetters(forge: Forge): string[] {
  for (;;) {
    const parts = forge.signed().split('.');
    if (/[-_]/.test(parts[2] ?? '')) return parts;
  }
}

function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/** A part that base64 has to pad. */
function unevenPart(members: Readonly<Record<string, unknown>>): string {
  const part = encodePart(members);
  return part.length % 4 === 0 ? encodePart({ ...members, x: '' }) : part;
}

const PADS = { accepts: true, why: 'registry:2 adds the padding itself, and takes what has it already' };

export const SIGNATURES: readonly Forgery[] = [
  withToken('stripped, shortened, doubled, zero', (forge) => [
    ...changed(forge, (bytes) =>
      [
        Buffer.alloc(0),
        Buffer.alloc(1),
        bytes.subarray(1),
        bytes.subarray(0, -1),
        bytes.subarray(0, bytes.byteLength / 2),
        Buffer.concat([bytes, Buffer.alloc(1)]),
        Buffer.concat([Buffer.alloc(1), bytes]),
        Buffer.concat([bytes, bytes]),
        Buffer.alloc(bytes.byteLength),
        Buffer.alloc(bytes.byteLength, 0xff),
        bytes.toReversed() as unknown as Buffer,
      ].map((one) => Buffer.from(one)),
    ),
  ]),
  withToken('with one bit flipped', (forge) =>
    changed(forge, (bytes) =>
      Array.from({ length: 32 }, (_, n) => flipped(bytes, Math.floor((n * bytes.byteLength * 8) / 32))),
    ),
  ),
  withToken(
    'with numbers that no signature has: zero, and the order of the group (CVE-2022-21449)',
    (forge) =>
      changed(forge, (bytes) => {
        const [r, s] = [bytes.subarray(0, BYTES), bytes.subarray(BYTES)];
        const zero = Buffer.alloc(BYTES);
        const one = bytesOf(1n);
        return [
          [zero, zero],
          [zero, s],
          [r, zero],
          [zero, one],
          [one, one],
          [bytesOf(ORDER), bytesOf(ORDER)],
          [s, r],
          [bytesOf(ORDER - numberOf(r)), s],
        ].map((pair) => Buffer.concat(pair));
      }),
    { only: 'EC' },
  ),
  withToken(
    'in ASN.1, as X.509 has it',
    (forge) => {
      const [header, claims] = forge.parts();
      const der = sign('sha256', Buffer.from(`${header}.${claims}`), forge.trusted.key);
      return `${header}.${claims}.${der.toString('base64url')}`;
    },
    { only: 'EC' },
  ),
  withToken(
    'with s replaced by its negative, which everybody can compute',
    (forge) =>
      changed(forge, (bytes) => [
        Buffer.concat([bytes.subarray(0, BYTES), bytesOf(ORDER - numberOf(bytes.subarray(BYTES)))]),
      ]),
    {
      only: 'EC',
      accepted:
        'FIPS 186-5 has both verify, and half of all honest signatures are of either kind; it says what the first one says',
    },
  ),
  withToken(
    'by PSS, of the issuer’s key',
    (forge) => {
      const data = `${encodePart(forge.header({ alg: 'PS256' }))}.${encodePart(forge.claims())}`;
      const signature = sign('sha256', Buffer.from(data), {
        key: forge.trusted.key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
      return `${data}.${signature.toString('base64url')}`;
    },
    {
      only: 'RSA',
      accepted: 'only the issuer can make it, and RFC 7518, section 3.5 is as good as 3.3',
      real: { accepts: false, why: 'registry:2 knows RS256, RS384 and RS512 only' },
    },
  ),
  withToken(
    'by a hash that is broken',
    (forge) => {
      const data = `${encodePart(forge.header({ alg: 'RS1' }))}.${encodePart(forge.claims())}`;
      return `${data}.${sign('sha1', Buffer.from(data), forge.trusted.key).toString('base64url')}`;
    },
    { only: 'RSA' },
  ),
  withToken('of another token: header, claims and signature mixed', (forge) => {
    const [header, claims, signature] = forge.parts();
    const [, others, theirs] = forge.signed({ sub: 'other' }).split('.');
    const legacy = forge.signed({}, { typ: 'other' }).split('.');
    return [
      `${header}.${others}.${signature}`,
      `${header}.${claims}.${theirs}`,
      `${legacy[0]}.${claims}.${signature}`,
      `${claims}.${header}.${signature}`,
      `${header}.${signature}.${claims}`,
      `${header}.${header}.${signature}`,
    ];
  }),
  withToken('left as it was, below other claims', (forge) => {
    const [header, claims, signature] = forge.parts();
    const read = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    const spread = JSON.stringify(read, null, 1);
    return [
      encodePart({ ...read, sub: 'root' }),
      encodePart({ ...read, exp: forge.now + 9_999_999 }),
      encodePart({ ...read, access: [{ type: 'registry', name: 'catalog', actions: ['*'] }] }),
      Buffer.from(spread).toString('base64url'),
    ].map((other) => `${header}.${other}.${signature}`);
  }),
  withToken('left as it was, below another header', (forge) => {
    const [header, claims, signature] = forge.parts();
    const read = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
    return [
      { ...read, typ: 'JOSE' },
      { ...read, x: 1 },
      { kid: read['kid'], alg: read['alg'] },
    ].map((other) => `${encodePart(other)}.${claims}.${signature}`);
  }),
  withToken(
    'in another spelling of base64url for the same bytes',
    (forge) => {
      const [header, claims, signature] = forge.parts();
      return respelled(signature).map((other) => `${header}.${claims}.${other}`);
    },
    {
      real: {
        accepts: true,
        why: 'Go decodes bits that stand for nothing; here a token has one spelling only',
      },
    },
  ),
  withToken(
    'with padding, which RFC 7515, section 2 leaves out',
    (forge) => {
      const [header, claims, signature] = forge.parts();
      return `${header}.${claims}.${padded(signature)}`;
    },
    { real: PADS },
  ),
  withToken(
    'with padding for more bytes than there are',
    (forge) => `${padded(forge.parts().join('.'))}====`,
  ),
  withToken('in the alphabet of plain base64', (forge) => {
    const [header, claims, signature = ''] = withUrlLetters(forge);
    return `${header}.${claims}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`;
  }),
  withToken(
    'around padding that the issuer signed',
    (forge) => {
      const [header, claims] = [unevenPart(forge.header()), unevenPart(forge.claims())];
      return [forge.signedText(padded(header), claims), forge.signedText(header, padded(claims))];
    },
    { real: PADS },
  ),
  withToken('of a token with more parts, or fewer', (forge) => {
    const [header, claims, signature] = forge.parts();
    return [
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `${header}..${signature}`,
      `.${claims}.${signature}`,
      `${header}.${claims}.${signature}.`,
      `.${header}.${claims}.${signature}`,
      `${header}.${claims}.${signature}.${signature}`,
      `${header}.${claims}..${signature}`,
      `${header}.${header}.${claims}.${signature}`,
      '.',
      '..',
      '....',
      'x',
    ];
  }),
  withToken('of a token that was cut, at either end', (forge) => {
    const token = forge.parts().join('.');
    const places = Array.from({ length: 40 }, (_, n) => Math.max(1, Math.floor((n * token.length) / 40)));
    return [...places, token.length - 1].flatMap((at) => [token.slice(0, at), token.slice(at)]);
  }),
];
