import { type Forgery, withToken } from './case.ts';
import { ACCESS, type Forge } from './forge.ts';

/* What a token of the issuer's own may say of its issuer, its audience and its time. */

/** A row: the issuer signs a good token in which one claim has each of these values. */
function claim(
  title: string,
  name: string,
  values: (forge: Forge) => readonly unknown[],
  more: Omit<Forgery, 'title' | 'requests'> = {},
): Forgery {
  return withToken(title, (forge) => values(forge).map((value) => forge.signed({ [name]: value })), more);
}

/** Claims with one in the very text given, for numbers that JSON.stringify does not write, and for the order. */
function written(forge: Forge, name: string, text: string): string {
  const others = JSON.stringify(forge.claims({ [name]: undefined }));
  return forge.signedJson(others.replace(/}$/, `,${text}}`));
}

const GO_NUMBER = 'registry:2 reads a whole number of 64 bits; RFC 7519, section 2 allows fractions';

export const CLAIMS: readonly Forgery[] = [
  claim('aud missing, of another service, or written otherwise', 'aud', ({ trusted: { service } }) => [
    ...[undefined, null, '', 'another', `${service} `, ` ${service}`, `${service}/`, service.slice(0, -1)],
    ...[service.toUpperCase() === service ? service.toLowerCase() : service.toUpperCase(), 0, true],
    ...[{ [service]: service }, [], ['another'], [[service]], [null], `${service}\u0000`],
  ]),
  claim(
    'aud a list with this service in it',
    'aud',
    ({ trusted: { service } }) => [[service], ['x', service]],
    {
      accepted: 'RFC 7519, section 4.1.3: "an array of case-sensitive strings"',
      real: { accepts: false, why: 'registry:2 reads a string only' },
    },
  ),
  claim('iss missing, of another, or written otherwise', 'iss', ({ trusted: { issuer } }) => [
    ...[
      undefined,
      null,
      '',
      'another',
      `${issuer} `,
      `${issuer}/`,
      issuer.slice(0, -1),
      issuer.toUpperCase(),
    ],
    ...[0, {}, [], [issuer], `${issuer}\u0000`],
  ]),
  claim('exp missing, past, or no number', 'exp', ({ now }) => [
    ...[undefined, null, 0, -1, -9_007_199_254_740_991, now - 90, now - 90.5, 1, true, '', 'never'],
    ...[String(now + 300), `${now + 300}`, {}, [], [now + 300]],
  ]),
  claim('exp with a fraction', 'exp', ({ now }) => [now + 300.5], {
    accepted: 'RFC 7519, section 2: "non-integer values can be represented"',
    real: { accepts: false, why: GO_NUMBER },
  }),
  withToken('exp beyond every number', (forge) => [
    written(forge, 'exp', '"exp":1e400'),
    written(forge, 'exp', `"exp":1${'0'.repeat(400)}`),
  ]),
  withToken('exp before every number', (forge) => written(forge, 'exp', '"exp":-1e400')),
  withToken('exp in the far future', (forge) => written(forge, 'exp', '"exp":1e17'), {
    accepted: 'whoever holds the key may say so; registry:2 sets no bound either',
    real: { accepts: false, why: 'Go reads no exponent into a whole number' },
  }),
  claim('nbf in the future, or no number', 'nbf', ({ now }) => [now + 90, 1e12, String(now), '', {}, []]),
  claim('iat in the future', 'iat', ({ now }) => [now + 3600], {
    accepted: 'RFC 7519, section 4.1.6 asks for no check; nbf is there for that',
  }),
  claim('iat that is no number', 'iat', ({ now }) => [String(now), {}, []]),
  claim('sub that is no text', 'sub', () => [0, {}, [], true, ['admin']]),
  withToken('claims that are no object', (forge) =>
    ['null', '[]', '"x"', '0', '', '{', '{}x', '[{}]'].map((text) => forge.signedJson(text)),
  ),
  withToken('exp twice, the last in the past', (forge) => {
    const claims = JSON.stringify(forge.claims());
    return forge.signedJson(claims.replace(/}$/, `,"exp":${forge.now - 90}}`));
  }),
  withToken(
    'exp twice, the last in the future',
    (forge) => {
      const claims = JSON.stringify(forge.claims({ exp: forge.now - 90 }));
      return forge.signedJson(claims.replace(/}$/, `,"exp":${forge.now + 90}}`));
    },
    { accepted: 'RFC 7519, section 4 lets a parser take "only the lexically last duplicate member name"' },
  ),
  withToken(
    'claims in other letters',
    (forge) => {
      const { exp, aud, iss, access, ...others } = forge.claims();
      return forge.signed({
        ...{ exp: undefined, aud: undefined, iss: undefined, access: undefined },
        ...{ EXP: exp, AUD: aud, ISS: iss, ACCESS: access, ...others },
      });
    },
    { real: { accepts: true, why: 'Go’s JSON does not tell upper from lower case in names' } },
  ),
  withToken('claims below a prototype', (forge) => {
    const { exp, access, ...others } = forge.claims();
    const hidden = JSON.stringify({ exp, access });
    return ['__proto__', 'constructor'].map((name) =>
      forge.signedJson(JSON.stringify(others).replace(/}$/, `,"${name}":${hidden}}`)),
    );
  }),
  withToken('text that is not UTF-8 where the issuer stands', (forge) => {
    const claims = Buffer.from(JSON.stringify(forge.claims({ iss: `${forge.trusted.issuer}@` })));
    claims[claims.indexOf('@')] = 0xff;
    return forge.signedText(
      Buffer.from(JSON.stringify(forge.header())).toString('base64url'),
      claims.toString('base64url'),
    );
  }),
  withToken('a token inside a token', (forge) => [
    forge.signedJson(JSON.stringify(forge.signed())),
    forge.signed({ exp: undefined, access: undefined, jwt: forge.signed() }, { cty: 'JWT' }),
  ]),
  withToken('a good one', (forge) => [forge.signed(), forge.signed({ access: ACCESS, more: 'members' })], {
    accepted: 'it is what all the others are made from',
  }),
];
