import { createHmac } from 'node:crypto';
import { x5c } from '../certificates.ts';
import { encodePart } from '../jws.ts';
import { type Forgery, withToken } from './case.ts';
import type { Forge } from './forge.ts';

/* What the header of a token may say of its algorithm and its key. */

/** The parts below an HMAC whose secret everybody can have. */
function hmac(forge: Forge, alg: string, secret: string | Buffer): string {
  const data = `${encodePart(forge.header({ alg }))}.${encodePart(forge.claims())}`;
  return `${data}.${createHmac(alg.replace('HS', 'sha'), secret).update(data).digest('base64url')}`;
}

/** Every form in which a public key can be had. */
function publicForms({ publicKey, trusted }: Forge): (string | Buffer)[] {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return [
    pem,
    pem.trimEnd(),
    publicKey.export({ type: 'spki', format: 'der' }),
    JSON.stringify(publicKey.export({ format: 'jwk' })),
    trusted.keyId,
    '',
    ...(trusted.certificate === undefined
      ? []
      : [
          trusted.certificate.toString(),
          trusted.certificate.raw,
          trusted.certificate.raw.toString('base64'),
        ]),
  ];
}

const strangers = (forge: Forge): Record<string, unknown> => {
  const { kty, crv, x, y } = forge.stranger.export({ format: 'jwk' });
  return { kty, crv, x, y };
};

const KIDS: Readonly<Record<string, (forge: Forge) => unknown>> = {
  'a path': () => '../../../../dev/null',
  'a query': () => "' UNION SELECT 'secret' --",
  'a command': () => '`id`; $(id) | id',
  'a control character': () => '\u0000',
  'a long text': () => 'x'.repeat(8_000),
  'the name of a method': () => ['__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  'a number': () => 0,
  nothing: () => null,
  'an object': () => ({ toString: 'x' }),
};

export const HEADERS: readonly Forgery[] = [
  withToken('alg none, in each spelling, without a signature and with the former one', (forge) => {
    const [, claims, signature] = forge.parts();
    return ['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) =>
      ['', signature].map((last) => `${encodePart(forge.header({ alg }))}.${claims}.${last}`),
    );
  }),
  withToken('an alg that is missing, no text or written otherwise, signed by the issuer', (forge) =>
    [undefined, null, 0, {}, [forge.algorithm], ` ${forge.algorithm}`, forge.algorithm.toLowerCase()].map(
      (alg) => forge.signed({}, { alg }),
    ),
  ),
  withToken('HMAC with the public key, or what names it, as the secret', (forge) =>
    ['HS256', 'HS384', 'HS512'].flatMap((alg) =>
      publicForms(forge).map((secret) => hmac(forge, alg, secret)),
    ),
  ),
  withToken('an algorithm of another kind of key', (forge) =>
    [
      'ES384',
      'ES512',
      'EdDSA',
      'Ed25519',
      forge.algorithm === 'ES256' ? 'RS256' : 'ES256',
      'RSA1_5',
      'ES256K',
    ].map((alg) => forge.signed({}, { alg })),
  ),
  withToken('a stranger’s signature under the kid of the issuer', (forge) => forge.strange({})),
  withToken('a stranger’s key as jwk', (forge) => [
    forge.strange({ kid: undefined, jwk: strangers(forge) }),
    forge.strange({ jwk: strangers(forge) }),
    forge.strange({ jwk: { ...strangers(forge), kid: forge.trusted.keyId } }),
    forge.strange({ jwk: { ...strangers(forge), x5c: x5c(forge.strangeCertificate('issuer')) } }),
  ]),
  withToken('the issuer’s key as jwk, a stranger’s signature', (forge) => [
    forge.strange({ jwk: forge.publicKey.export({ format: 'jwk' }) }),
    forge.strange({ kid: undefined, jwk: forge.publicKey.export({ format: 'jwk' }) }),
  ]),
  withToken('a secret as jwk', (forge) => {
    const k = Buffer.from('secret').toString('base64url');
    return forge.strange({ alg: 'HS256', kid: undefined, jwk: { kty: 'oct', k } }, 'secret');
  }),
  withToken('a jwk that is none', (forge) =>
    ['x', 0, null, [], {}, { kty: 'EC' }].map((jwk) => forge.strange({ kid: undefined, jwk })),
  ),
  withToken('jku and x5u: nobody goes there', (forge) =>
    [`${forge.lure}/keys.json`, 'file:///etc/passwd', '//x'].flatMap((url) => [
      forge.strange({ jku: url }),
      forge.strange({ x5u: url }),
      forge.strange({ kid: undefined, jku: url, x5u: url }),
    ]),
  ),
  withToken('x5c of a stranger', (forge) => {
    const name = 'CN=localhost';
    const own = forge.strangeCertificate(name);
    const trusted = forge.trusted.certificate === undefined ? [] : [forge.trusted.certificate];
    const authority = forge.strangeCertificate(name);
    const issued = forge.strangeCertificate('leaf', forge.stranger, { name, key: forge.stranger });
    return [
      x5c(own),
      x5c(issued, authority),
      x5c(own, ...trusted),
      x5c(issued, authority, ...trusted),
      // The issuer's certificate in front: its key is then the one that the signature is checked with.
      x5c(...trusted, own),
    ].map((chain) => forge.strange({ kid: undefined, x5c: chain }));
  }),
  withToken('x5c that is none', (forge) =>
    [[], [''], ['x'], 'x', 0, {}, [0], [['x']], Array.from({ length: 50 }, () => 'AAAA')].map((chain) =>
      forge.strange({ kid: undefined, x5c: chain }),
    ),
  ),
  ...Object.entries(KIDS).map(([what, kid]) =>
    withToken(`kid as ${what}`, (forge) => [kid(forge)].flat().map((one) => forge.strange({ kid: one }))),
  ),
  withToken('no kid, and the issuer’s signature', (forge) => forge.signed({}, { kid: undefined })),
  withToken('the kid of another key, and the issuer’s signature', (forge) => [
    forge.signed({}, { kid: 'another' }),
    forge.signed({}, { kid: `${forge.trusted.keyId} ` }),
    forge.signed({}, { kid: [forge.trusted.keyId] }),
  ]),
  withToken(
    'extensions that have to be understood',
    (forge) => [
      forge.signed({}, { crit: ['x'], x: 1 }),
      forge.signed({}, { crit: ['exp'], exp: 1 }),
      forge.signed({}, { crit: ['b64'], b64: false }),
      forge.signed({}, { crit: ['missing'] }),
      forge.signed({}, { crit: [] }),
      forge.signed({}, { crit: 'b64' }),
    ],
    {
      real: {
        accepts: true,
        why: 'registry:2 does not know crit, which RFC 7515, section 4.1.11 has it obey',
      },
    },
  ),
  withToken('a payload that is not encoded (RFC 7797)', (forge) => {
    const header = encodePart(forge.header({ crit: ['b64'], b64: false }));
    return forge.signedText(header, JSON.stringify(forge.claims()).replaceAll(/[".]/g, ''));
  }),
  withToken('a header that is no object', (forge) =>
    [null, [], 'x', 0].map((header) => forge.signedText(encodePart(header), encodePart(forge.claims()))),
  ),
  withToken('a header that is no JSON', (forge) =>
    ['', '{', '{"alg":"none"', 'x'].map((header) => forge.signedJson(JSON.stringify(forge.claims()), header)),
  ),
  withToken('alg twice, the last of them none', (forge) => {
    const header = JSON.stringify(forge.header());
    return forge.signedJson(
      JSON.stringify(forge.claims()),
      header.replace('{', '{"alg":"HS256",').replace(/}$/, ',"alg":"none"}'),
    );
  }),
];
