import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ecKey, generateKey, type KeyKind } from '../../../test/support/certificates.ts';
import { StoppedClock } from '../../../test/support/clock.ts';
import { encodePart, signToken } from '../../../test/support/jws.ts';
import {
  goodClaims,
  ISSUER,
  rejectionOf,
  SECRET,
  SERVICE,
  verifierOf,
} from '../../../test/support/verifying.ts';
import { libtrustKeyId } from './key-id.ts';
import { TrustedKeys } from './trust.ts';
import { TokenVerifier } from './verify.ts';

const START = Date.UTC(2030, 0, 1);
const LEEWAY_SECONDS = 60;
const KINDS: [KeyKind, string[]][] = [
  ['RSA-2048', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['P-256', ['ES256']],
  ['P-384', ['ES384']],
  ['P-521', ['ES512']],
  ['Ed25519', ['EdDSA', 'Ed25519']],
];

const keys = new Map<KeyKind, KeyObject>();
beforeAll(async () => {
  await Promise.all(KINDS.map(async ([kind]) => keys.set(kind, await generateKey(kind))));
}, 60_000);
const keyOf = (kind: KeyKind): KeyObject => keys.get(kind) ?? expect.unreachable(`no key ${kind}`);
const kidOf = (key: KeyObject): string => libtrustKeyId(createPublicKey(key));

/** A verifier that trusts one key, and what signs with it. */
async function bed(key: KeyObject = ecKey(), alg = 'ES256') {
  const clock = new StoppedClock(START);
  const verifier = await verifierOf(clock, { keys: [createPublicKey(key)] });
  const header = { typ: 'JWT', alg, kid: kidOf(key) };
  return {
    clock,
    verifier,
    key,
    header,
    sign: (changes: Record<string, unknown> = {}) => signToken(header, goodClaims(clock, changes), key),
    signAs: (changed: Record<string, unknown>, by: KeyObject | string = key) =>
      signToken({ ...header, ...changed }, goodClaims(clock), by),
  };
}

describe('a good token', () => {
  test.each(KINDS.flatMap(([kind, algorithms]) => algorithms.map((alg) => [kind, alg] as const)))(
    'of %s by %s',
    async (kind, alg) => {
      const { verifier, sign, clock } = await bed(keyOf(kind), alg);
      const token = sign();
      expect(await verifier.verify(token)).toEqual({
        digest: createHash('sha256').update(token).digest('hex'),
        subject: 'test',
        access: [{ type: 'repository', name: SECRET, actions: ['pull'] }],
        expiresAtMs: (clock.seconds + 300 + LEEWAY_SECONDS) * 1000,
        grant: undefined,
        generation: 0,
      });
    },
  );

  test.each<[string, Record<string, unknown>]>([
    ['the audience in a list', { aud: [SERVICE] }],
    ['the audience among others', { aud: ['a', SERVICE, 'b'] }],
    ['no nbf', { nbf: undefined }],
    ['no iat, no jti', { iat: undefined, jti: undefined }],
    ['an iat in the future, which registry:2 ignores', { iat: START / 1000 + 1_000_000 }],
    ['a jti that is a number, as in docker_auth’s text', { jti: '1234567890' }],
    ['claims that nobody knows', { groups: ['a'], cnf: {} }],
  ])('with %s', async (_, changes) => {
    const { verifier, sign } = await bed();
    expect(await verifier.verify(sign(changes))).toMatchObject({ subject: 'test' });
  });

  test.each<[string, Record<string, unknown>]>([
    ['no typ', { typ: undefined }],
    ['a typ of its own', { typ: 'at+jwt' }],
    [
      'members that nobody knows',
      { cty: 'JWT', jku: 'https://example.test/keys', x5u: 'https://example.test' },
    ],
  ])('with %s in the header', async (_, changed) => {
    const { verifier, signAs } = await bed();
    expect(await verifier.verify(signAs(changed))).toMatchObject({ subject: 'test' });
  });
});

describe('what a token grants', () => {
  test.each<[unknown, unknown]>([
    [undefined, []],
    [null, []],
    [[], []],
    [[{ type: 'repository', name: 'a', actions: [] }], [{ type: 'repository', name: 'a', actions: [] }]],
    [[{ type: 'repository', name: 'a' }], [{ type: 'repository', name: 'a', actions: [] }]],
    [[{ type: 'repository', name: 'a', actions: null }], [{ type: 'repository', name: 'a', actions: [] }]],
    [
      [{ type: 'repository', class: 'image', name: 'a', actions: ['pull'], more: 1 }],
      [{ type: 'repository', name: 'a', actions: ['pull'] }],
    ],
    [
      [
        { type: 'repository', name: 'a', actions: ['pull'] },
        { type: 'registry', name: 'catalog', actions: ['*'] },
      ],
      [
        { type: 'repository', name: 'a', actions: ['pull'] },
        { type: 'registry', name: 'catalog', actions: ['*'] },
      ],
    ],
  ])('access %j is %j', async (access, expected) => {
    const { verifier, sign } = await bed();
    expect((await verifier.verify(sign({ access }))).access).toEqual(expected);
  });

  test.each([
    'repository:a:pull',
    { type: 'repository', name: 'a', actions: ['*'] },
    5,
    [null],
    ['repository:a:pull'],
    [[]],
    [{ name: 'a', actions: ['pull'] }],
    [{ type: 'repository', actions: ['pull'] }],
    [{ type: 'repository', name: ['a'], actions: ['pull'] }],
    [{ type: 'repository', name: 'a', actions: 'pull' }],
    [{ type: 'repository', name: 'a', actions: { pull: true } }],
  ])('access %j is refused', async (access) => {
    const { verifier, sign } = await bed();
    expect(await rejectionOf(verifier, sign({ access }))).toMatch(/access claim/);
  });

  test('nobody in particular is an empty subject', async () => {
    const { verifier, sign } = await bed();
    expect((await verifier.verify(sign({ sub: '' }))).subject).toBe('');
    expect((await verifier.verify(sign({ sub: undefined }))).subject).toBe('');
  });

  // It goes on as the name of the actor, into the index. registry:2 refuses such claims, too.
  test.each([5, true, ['admin'], { name: 'admin' }])(
    'a subject that is no text is refused: %j',
    async (sub) => {
      const { verifier, sign } = await bed();
      expect(await rejectionOf(verifier, sign({ sub }))).toMatch(/sub/);
    },
  );
});

describe('whom a token is from, and whom for', () => {
  test.each([undefined, null, '', 'acme auth server', `${ISSUER} `, 'Evil', 5, [ISSUER], { iss: ISSUER }])(
    'an issuer %j is refused',
    async (iss) => {
      const { verifier, sign } = await bed();
      expect(await rejectionOf(verifier, sign({ iss }))).toBe(
        'the token comes from another issuer than the one configured',
      );
    },
  );

  test.each<[unknown]>([
    [undefined],
    [null],
    [''],
    ['docker registry'],
    ['Docker+registry'],
    ['Docker%20registry'],
    [`${SERVICE} `],
    [5],
    [[]],
    [['other']],
    [[[SERVICE]]],
    [{ aud: SERVICE }],
    [`${SERVICE},other`],
  ])('an audience %j is refused', async (aud) => {
    const { verifier, sign } = await bed();
    expect(await rejectionOf(verifier, sign({ aud }))).toBe(
      'the token is meant for another service than this one',
    );
  });
});

describe('when a token is good', () => {
  const outcome = async (changes: Record<string, unknown>, atMs: number): Promise<string> => {
    const { verifier, sign, clock } = await bed();
    const token = sign(changes);
    clock.set(atMs);
    return verifier.verify(token).then(
      () => 'accepted',
      () => rejectionOf(verifier, token),
    );
  };
  const EXP = START / 1000 + 300;
  const NBF = START / 1000 - 10;

  test.each([
    [START, 'accepted'],
    [EXP * 1000, 'accepted'],
    [(EXP + LEEWAY_SECONDS) * 1000 - 1, 'accepted'],
    [(EXP + LEEWAY_SECONDS) * 1000, 'the token has expired'],
    [(EXP + LEEWAY_SECONDS) * 1000 + 1, 'the token has expired'],
    [Date.UTC(2100, 0), 'the token has expired'],
  ])('at %i: %s', async (atMs, expected) => {
    expect(await outcome({}, atMs)).toBe(expected);
  });

  test.each([
    [(NBF - LEEWAY_SECONDS) * 1000 - 1, 'the token is not valid yet'],
    [(NBF - LEEWAY_SECONDS) * 1000, 'accepted'],
    [NBF * 1000, 'accepted'],
    [0, 'the token is not valid yet'],
  ])('before its time, at %i: %s', async (atMs, expected) => {
    expect(await outcome({}, atMs)).toBe(expected);
  });

  test('without nbf there is no before', async () => {
    expect(await outcome({ nbf: undefined }, 0)).toBe('accepted');
  });

  test.each([undefined, null, '', String(EXP), [EXP], {}, true])('exp %j is refused', async (exp) => {
    expect(await outcome({ exp }, START)).toBe('the token does not say when it expires');
  });

  test.each([0, -1, 1e9])('exp %j is long ago', async (exp) => {
    expect(await outcome({ exp }, START)).toBe('the token has expired');
  });

  test.each([null, '', '0', {}])('nbf %j is refused', async (nbf) => {
    expect(await outcome({ nbf }, START)).toMatch(/valid yet|nbf/);
  });
});

describe('remembering', () => {
  test('a token that was accepted is not checked again', async () => {
    const { verifier, sign } = await bed();
    const token = sign();
    const first = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(first);
  });

  test('ends when the token expires, to the millisecond', async () => {
    const { verifier, sign, clock } = await bed();
    const token = sign();
    await verifier.verify(token);
    clock.advance((300 + LEEWAY_SECONDS) * 1000 - 1);
    await verifier.verify(token);
    clock.advance(1);
    expect(await rejectionOf(verifier, token)).toBe('the token has expired');
    expect(await rejectionOf(verifier, token)).toBe('the token has expired');
  });

  test('is of the very token: another signature, header or payload is another token', async () => {
    const { verifier, sign } = await bed();
    const token = sign();
    await verifier.verify(token);
    const [header, claims, signature] = token.split('.');
    const forged = encodePart({ ...goodClaims(new StoppedClock(START)), sub: 'admin' });
    await rejectionOf(verifier, `${header}.${forged}.${signature}`);
    await rejectionOf(verifier, `${header}.${claims}.`);
    await rejectionOf(verifier, `${token}A`);
  });

  test('does not turn a refusal into more', async () => {
    const { verifier, sign, clock } = await bed();
    const token = sign({ nbf: clock.seconds + 100 });
    await rejectionOf(verifier, token);
    await rejectionOf(verifier, token);
    clock.advance(40_000);
    expect(await verifier.verify(token)).toMatchObject({ subject: 'test' });
  });

  test('is each verifier’s own', async () => {
    const [one, other] = [await bed(), await bed()];
    const token = one.sign();
    await one.verifier.verify(token);
    expect(await rejectionOf(other.verifier, token)).toMatch(/none of the trusted keys/);
  });
});

describe('forgeries', () => {
  test.each(['none', 'None', 'NONE', 'nOnE'])('alg %s', async (alg) => {
    const { verifier, header, clock } = await bed();
    const unsigned = `${encodePart({ ...header, alg })}.${encodePart(goodClaims(clock))}.`;
    expect(await rejectionOf(verifier, unsigned)).toMatch(/^the token is signed with "none".*ES256$/i);
    expect(await rejectionOf(verifier, `${unsigned}AAAA`)).toMatch(/^the token is signed with "none"/i);
  });

  test.each(['HS256', 'HS384', 'HS512'])(
    '%s with the public key for a secret (CVE-2022-23540)',
    async (alg) => {
      const rsa = keyOf('RSA-2048');
      const { verifier, signAs } = await bed(rsa, 'RS256');
      const publicKey = createPublicKey(rsa);
      const secrets = [
        publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
        publicKey.export({ type: 'spki', format: 'der' }).toString('latin1'),
        '',
      ];
      for (const secret of secrets) {
        expect(await rejectionOf(verifier, signAs({ alg }, secret))).toBe(
          `the token is signed with "${alg}"; its key is for RS256, RS384, RS512, PS256, PS384, PS512`,
        );
      }
    },
  );

  test.each<[string, KeyKind, KeyKind, string]>([
    ['RS256 that names an EC key', 'P-256', 'RSA-2048', 'RS256'],
    ['ES256 that names an RSA key', 'RSA-2048', 'P-256', 'ES256'],
    ['ES384 that names a P-256 key', 'P-256', 'P-384', 'ES384'],
    ['ES256 that names a P-384 key', 'P-384', 'P-256', 'ES256'],
    ['EdDSA that names an EC key', 'P-256', 'Ed25519', 'EdDSA'],
    ['ES256 that names an Ed25519 key', 'Ed25519', 'P-256', 'ES256'],
  ])('%s', async (_, trusted, signer, alg) => {
    const { verifier, signAs } = await bed(keyOf(trusted));
    expect(await rejectionOf(verifier, signAs({ alg }, keyOf(signer)))).toMatch(
      new RegExp(`^the token is signed with "${alg}"; its key is for `),
    );
  });

  test.each(['PS257', 'RSA-OAEP', 'ES256K', 'rs256', 'RS256 ', 'constructor', '__proto__'])(
    'an alg of %j is not on the key’s list',
    async (alg) => {
      const { verifier, signAs } = await bed(keyOf('RSA-2048'), 'RS256');
      expect(await rejectionOf(verifier, signAs({ alg }))).toContain(
        `the token is signed with ${JSON.stringify(alg)}`,
      );
    },
  );

  test.each([undefined, null, '', 5, ['ES256'], {}])('an alg of %j is malformed', async (alg) => {
    const { verifier, header, clock, key } = await bed();
    const token = signToken({ ...header, alg }, goodClaims(clock), key);
    expect(await rejectionOf(verifier, token)).toMatch(/malformed|alg|signed with/);
  });

  test('an alg is quoted, but not at any length', async () => {
    const { verifier, header, clock, key } = await bed();
    const token = signToken({ ...header, alg: 'x'.repeat(10_000) }, goodClaims(clock), key);
    expect(await rejectionOf(verifier, token)).toContain('the token is signed with "xxx');
  });

  test('another key under the trusted one’s name', async () => {
    for (const [kind, [alg = '']] of KINDS) {
      const { verifier, signAs } = await bed(keyOf(kind), alg);
      const impostor = kind === 'RSA-2048' ? keyOf(kind) : await generateKey(kind);
      if (impostor !== keyOf(kind)) {
        expect(await rejectionOf(verifier, signAs({}, impostor))).toBe('the signature of the token is wrong');
      }
    }
  });

  test('a signature in DER is no JWS signature', async () => {
    const { verifier, header, clock, key } = await bed();
    const { sign } = await import('node:crypto');
    const data = `${encodePart(header)}.${encodePart(goodClaims(clock))}`;
    const token = `${data}.${sign('sha256', Buffer.from(data), key).toString('base64url')}`;
    expect(await rejectionOf(verifier, token)).toBe('the signature of the token is wrong');
  });

  test('a signature of zeros (CVE-2022-21449)', async () => {
    const { verifier, sign } = await bed();
    const [header, claims] = sign().split('.');
    const zeros = Buffer.alloc(64).toString('base64url');
    expect(await rejectionOf(verifier, `${header}.${claims}.${zeros}`)).toBe(
      'the signature of the token is wrong',
    );
  });

  test.each<[Record<string, unknown>]>([
    [{ crit: ['exp'], exp: 1 }],
    [{ crit: [] }],
    [{ crit: ['b64'], b64: false }],
    [{ crit: 'b64' }],
    [{ crit: ['x'], x: 1 }],
  ])('a header that makes demands: %j', async (changed) => {
    const { verifier, signAs } = await bed();
    expect(await rejectionOf(verifier, signAs(changed))).toBe('the token is malformed');
  });
});

describe('broken tokens', () => {
  let verifier: TokenVerifier;
  let token: string;
  let other: string;
  beforeAll(async () => {
    const place = await bed();
    verifier = place.verifier;
    token = place.sign();
    other = place.sign({ sub: 'other' });
  });

  test.each(['', '.', '..', '...', 'a', 'a.b.c', 'Bearer', 'null', '{}', '....', 'é.é.é', '\0'])(
    '%j is malformed',
    async (text) => {
      expect(await rejectionOf(verifier, text)).toBe('the token is malformed');
    },
  );

  test('cut anywhere', async () => {
    for (let length = 0; length < token.length; length += 1) {
      await rejectionOf(verifier, token.slice(0, length));
    }
  });

  test('mixed from two good ones', async () => {
    const [left, right] = [token.split('.'), other.split('.')];
    for (let mix = 1; mix < 7; mix += 1) {
      const parts = [0, 1, 2].map((part) => ((mix >> part) & 1 ? right : left)[part]);
      // The headers are the same, so that these are the two tokens themselves.
      if (parts.join('.') === token || parts.join('.') === other) continue;
      expect(await rejectionOf(verifier, parts.join('.'))).toBe('the signature of the token is wrong');
    }
  });

  test('with more or fewer parts', async () => {
    const [header, claims, signature] = token.split('.');
    for (const text of [
      `${header}.${claims}`,
      `${token}.`,
      `${token}.${signature}`,
      `${header}.${claims}.${signature}.${header}.${claims}`,
      `.${claims}.${signature}`,
      `${header}..${signature}`,
    ]) {
      expect(await rejectionOf(verifier, text)).toMatch(/malformed|signature/);
    }
  });

  test('with one character changed, wherever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom(...'AZaz09-_+/=. \n"'), async (at, character) => {
        const position = at % token.length;
        const changed = token.slice(0, position) + character + token.slice(position + 1);
        // The last character of a part may hold bits that mean nothing.
        const same = ['header', 'claims', 'signature'].every((_, part) =>
          Buffer.from(changed.split('.')[part] ?? '', 'base64url').equals(
            Buffer.from(token.split('.')[part] ?? '', 'base64url'),
          ),
        );
        if (!same) await rejectionOf(verifier, changed);
      }),
    );
  });

  test.each<[string, string]>([
    ['text', Buffer.from('text').toString('base64url')],
    ['a number', encodePart(5)],
    ['null', encodePart(null)],
    ['a list', encodePart([])],
    ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')],
  ])('a header or payload that is %s', async (_, part) => {
    const [header, claims, signature] = token.split('.');
    expect(await rejectionOf(verifier, `${part}.${claims}.${signature}`)).toBe('the token is malformed');
    await rejectionOf(verifier, `${header}.${part}.${signature}`);
  });

  test.each(['text', 5, null, [], true])('a payload that is %j, though well signed', async (claims) => {
    const place = await bed();
    const signed = signToken(place.header, claims, place.key);
    expect(await rejectionOf(place.verifier, signed)).toBe('the token is malformed');
  });

  test.each([65_537, 1_000_000, 20_000_000])('of %i characters, for their number alone', async (length) => {
    expect(await rejectionOf(verifier, 'A'.repeat(length))).toBe('the token is too long');
  });

  test('a good token just below the limit is good, above it too long', async () => {
    const place = await bed();
    const long = (characters: number) => place.sign({ filler: 'x'.repeat(characters) });
    expect(long(48_500).length).toBeLessThan(65_536);
    expect(await place.verifier.verify(long(48_500))).toMatchObject({ subject: 'test' });
    expect(await rejectionOf(place.verifier, long(50_000))).toBe('the token is too long');
  });

  test('of any text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.stringMatching(/^[\w-]{0,20}\.[\w-]{0,20}\.[\w-]{0,20}$/)),
        (text) => rejectionOf(verifier, text).then(() => undefined),
      ),
    );
  });

  test('of any JSON in the header', async () => {
    const place = await bed();
    const header = fc.dictionary(
      fc.constantFrom('alg', 'kid', 'x5c', 'jwk', 'typ', 'crit', 'b64', 'cty', 'jku'),
      fc.oneof(fc.jsonValue(), fc.constant('ES256'), fc.constant(place.header.kid)),
    );
    await fc.assert(
      fc.asyncProperty(header, async (changes) => {
        const forged = signToken({ ...place.header, ...changes }, goodClaims(place.clock), ecKey());
        await rejectionOf(place.verifier, forged);
      }),
      { numRuns: 300 },
    );
  });
});

describe('signingalgorithms', () => {
  const restricted = async (kind: KeyKind, algorithms: readonly string[]) => {
    const clock = new StoppedClock(START);
    const key = keyOf(kind);
    const keys = await TrustedKeys.create([], [createPublicKey(key)], clock);
    const verifier = new TokenVerifier({ keys, issuer: ISSUER, audience: SERVICE, clock, algorithms });
    return {
      verifier,
      sign: (alg: string) => signToken({ typ: 'JWT', alg, kid: kidOf(key) }, goodClaims(clock), key),
    };
  };

  test('restrict what a key may be used with', async () => {
    const { verifier, sign } = await restricted('RSA-2048', ['RS256', 'ES256']);
    expect(await verifier.verify(sign('RS256'))).toMatchObject({ subject: 'test' });
    expect(await rejectionOf(verifier, sign('RS512'))).toBe(
      'the token is signed with RS512; signingalgorithms lists RS256, ES256',
    );
  });

  test.each(['EdDSA', 'Ed25519'])('EdDSA is listed by one name, and used as %s', async (alg) => {
    const listed = await restricted('Ed25519', ['EdDSA']);
    expect(await listed.verifier.verify(listed.sign(alg))).toMatchObject({ subject: 'test' });
    const other = await restricted('Ed25519', ['RS256']);
    expect(await rejectionOf(other.verifier, other.sign(alg))).toContain('signingalgorithms lists RS256');
  });

  test('add nothing: what does not suit the key stays refused', async () => {
    const { verifier, sign } = await restricted('RSA-2048', ['ES256', 'HS256', 'none']);
    expect(await rejectionOf(verifier, sign('RS256'))).toContain('signingalgorithms lists');
    for (const alg of ['HS256', 'none', 'ES256'])
      expect(await rejectionOf(verifier, sign(alg))).toMatch(/its key is for RS256|malformed/);
  });
});

describe('keys that are replaced', () => {
  const replacing = async () => {
    const { verifier, sign, clock, key } = await bed();
    return {
      verifier,
      token: sign(),
      keep: await TrustedKeys.create([], [createPublicKey(key)], clock),
      clock,
    };
  };

  test('end the tokens of the former ones at once, also those that were accepted before', async () => {
    const { verifier, token, clock } = await replacing();
    await verifier.verify(token);
    verifier.replaceKeys(await TrustedKeys.create([], [createPublicKey(ecKey())], clock));
    expect(await rejectionOf(verifier, token)).toContain('none of the trusted keys');
  });

  test('end a token whose check was under way', async () => {
    const { verifier, token, clock } = await replacing();
    const underWay = verifier.verify(token);
    verifier.replaceKeys(await TrustedKeys.create([], [], clock));
    await underWay.catch(() => undefined);
    expect(await rejectionOf(verifier, token)).toContain('none of the trusted keys');
  });

  test('leave the tokens of a key that stays alone', async () => {
    const { verifier, token, keep } = await replacing();
    verifier.replaceKeys(keep);
    expect(await verifier.verify(token)).toMatchObject({ subject: 'test' });
  });
});
