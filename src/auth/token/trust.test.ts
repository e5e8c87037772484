import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type CertificateOptions,
  ecKey,
  generateKey,
  makeCertificate,
  type Party,
  x5c,
} from '../../../test/support/certificates.ts';
import { StoppedClock } from '../../../test/support/clock.ts';
import { signToken } from '../../../test/support/jws.ts';
import { goodClaims, rejectionOf, verifierOf } from '../../../test/support/verifying.ts';
import { libtrustKeyId, thumbprintKeyId } from './key-id.ts';

const DAY = 86_400_000;
const START = Date.UTC(2030, 0, 1);
const FROM = START - DAY;
const UNTIL = START + DAY;

const party = (name: string): Party => ({ name, key: ecKey() });
const certify = (subject: Party, more: Partial<CertificateOptions> = {}): X509Certificate =>
  makeCertificate({ subject, notBeforeMs: FROM, notAfterMs: UNTIL, ...more });

const ROOT = party('root');
const LEAF = party('leaf');
const MIDDLE = party('middle');
const root = certify(ROOT, { ca: true });
const leaf = certify(LEAF, { issuer: ROOT, ca: false });
const middle = certify(MIDDLE, { issuer: ROOT, ca: true });
const deepLeaf = certify(LEAF, { issuer: MIDDLE, ca: false });

const NO_CHAIN =
  'the certificate in the token (x5c) does not chain to a certificate of rootcertbundle, or one of the chain has expired';
const UNTRUSTED =
  'which is none of the trusted keys; the issuer’s certificate has to be in rootcertbundle'.replace('’', "'");

const clock = () => new StoppedClock(START);

function token(header: Record<string, unknown>, key: KeyObject = LEAF.key, alg = 'ES256'): string {
  return signToken({ typ: 'JWT', alg, ...header }, goodClaims(clock()), key);
}

/** Whether a registry with this bundle accepts a token with this header, signed by this key; if not, why not. */
async function outcome(trust: Parameters<typeof verifierOf>[1], text: string, at = clock()): Promise<string> {
  const verifier = await verifierOf(at, trust);
  return verifier.verify(text).then(
    () => 'accepted',
    () => rejectionOf(verifier, text),
  );
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('kid', () => {
  const publicKey = createPublicKey(LEAF.key);

  test('finds the key of a certificate in the bundle, in both forms', async () => {
    for (const kid of [libtrustKeyId(publicKey), await thumbprintKeyId(publicKey)]) {
      expect(await outcome({ roots: [root, leaf] }, token({ kid }))).toBe('accepted');
      expect(await outcome({ keys: [publicKey] }, token({ kid }))).toBe('accepted');
    }
  });

  test.each(['RSA-2048', 'P-384', 'Ed25519'] as const)('finds a key of %s, in both forms', async (kind) => {
    const key = await generateKey(kind);
    const alg = { 'RSA-2048': 'RS256', 'P-384': 'ES384', Ed25519: 'EdDSA' }[kind];
    const roots = [certify({ name: 'signer', key })];
    for (const kid of [libtrustKeyId(createPublicKey(key)), await thumbprintKeyId(createPublicKey(key))]) {
      expect(await outcome({ roots }, token({ kid }, key, alg))).toBe('accepted');
    }
  });

  test('does not look at the certificate’s dates, as registry:2', async () => {
    const expired = certify(LEAF, { notBeforeMs: FROM - DAY, notAfterMs: FROM });
    expect(await outcome({ roots: [expired] }, token({ kid: libtrustKeyId(publicKey) }))).toBe('accepted');
  });

  test('a CA in the bundle is not enough: there is no way from the id to its leaf', async () => {
    const kid = libtrustKeyId(publicKey);
    expect(await outcome({ roots: [root] }, token({ kid }))).toBe(
      `the token is signed by kid "${kid}", ${UNTRUSTED}`,
    );
  });

  test.each(['', 'unknown', '__proto__', 'constructor', 'toString', '../../key', 'a'.repeat(10_000)])(
    'of nobody is refused (%#)',
    async (kid) => {
      const message = await outcome({ roots: [root, leaf] }, token({ kid }));
      expect(message).toBe(`the token is signed by kid ${JSON.stringify(kid.slice(0, 100))}, ${UNTRUSTED}`);
    },
  );

  test.each([null, 5, true, [], {}, [libtrustKeyId(publicKey)]])(
    'that is no text is refused: %j',
    async (kid) => {
      expect(await outcome({ roots: [leaf] }, token({ kid }))).toMatch(/kid|malformed|key/);
    },
  );

  test('must be there where nothing else is', async () => {
    expect(await outcome({ roots: [leaf] }, token({}))).toBe(
      'the token names no key: it has neither x5c nor kid',
    );
  });

  test('in another case is another one', async () => {
    const kid = libtrustKeyId(publicKey).toLowerCase();
    expect(await outcome({ roots: [leaf] }, token({ kid }))).toContain(UNTRUSTED);
  });

  test('of a key that cannot sign tokens is not kept', async () => {
    const { privateKey, publicKey: odd } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const message = await outcome({ keys: [odd] }, token({ kid: libtrustKeyId(odd) }, privateKey));
    expect(message).toContain(UNTRUSTED);
  });

  test('with nothing trusted, nothing is', async () => {
    expect(await outcome({}, token({ kid: libtrustKeyId(publicKey) }))).toContain(UNTRUSTED);
    expect(await outcome({}, token({ x5c: x5c(leaf) }))).toBe(NO_CHAIN);
  });
});

describe('jwk', () => {
  const jwk = (key: KeyObject) => createPublicKey(key).export({ format: 'jwk' });

  test('the token’s own key, in its header, opens nothing (CVE-2025-24976)', async () => {
    const forger = ecKey();
    const kid = libtrustKeyId(createPublicKey(LEAF.key));
    const message = `the token is signed by the key in its header, ${UNTRUSTED}`;
    expect(await outcome({ roots: [leaf] }, token({ jwk: jwk(forger) }, forger))).toBe(message);
    expect(await outcome({ roots: [leaf] }, token({ jwk: jwk(forger), kid }, forger))).toBe(message);
    const named = { ...jwk(forger), kid, x5c: x5c(leaf), alg: 'ES256', use: 'sig' };
    expect(await outcome({ roots: [leaf] }, token({ jwk: named, kid }, forger))).toBe(message);
  });

  test('may name a key that is trusted already', async () => {
    expect(await outcome({ roots: [leaf] }, token({ jwk: jwk(LEAF.key) }))).toBe('accepted');
    expect(await outcome({ keys: [createPublicKey(LEAF.key)] }, token({ jwk: jwk(LEAF.key) }))).toBe(
      'accepted',
    );
  });

  test('that names a trusted key does not help a signature by another', async () => {
    expect(await outcome({ roots: [leaf] }, token({ jwk: jwk(LEAF.key) }, ecKey()))).toBe(
      'the signature of the token is wrong',
    );
  });

  test('of a shared secret is none', async () => {
    const secret = { kty: 'oct', k: Buffer.from('secret').toString('base64url') };
    const forged = signToken({ typ: 'JWT', alg: 'HS256', jwk: secret }, goodClaims(clock()), 'secret');
    expect(await outcome({ roots: [leaf] }, forged)).toContain(UNTRUSTED);
  });

  test.each([null, 5, 'text', [], {}, { kty: 'EC' }, { kty: 'RSA', n: 5, e: {} }, { kty: ['EC'] }, true])(
    'that is none is refused: %j',
    async (value) => {
      expect(await outcome({ roots: [leaf] }, token({ jwk: value }))).toContain(UNTRUSTED);
    },
  );
});

describe('x5c', () => {
  test.each<[string, X509Certificate[], X509Certificate[]]>([
    ['the leaf itself is in the bundle, self-signed', [certify(LEAF)], []],
    ['the leaf itself is in the bundle, signed by a CA that is not', [leaf], []],
    ['the leaf is signed by a CA in the bundle', [root], []],
    ['and the CA comes along', [root], [root]],
    ['and something unrelated comes along', [root], [certify(party('stranger')), root]],
    ['the leaf is in a bundle of several', [certify(party('stranger'), { ca: true }), leaf, root], []],
  ])('%s', async (_, roots, rest) => {
    const own = roots.some((one) => one.subject === one.issuer && one.subject === 'CN=leaf') ? roots : [leaf];
    expect(await outcome({ roots }, token({ x5c: x5c(...own.slice(0, 1), ...rest) }))).toBe('accepted');
  });

  test('by way of an intermediate, in any order', async () => {
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(deepLeaf, middle) }))).toBe('accepted');
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(deepLeaf, middle, root) }))).toBe('accepted');
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(deepLeaf, root, middle) }))).toBe('accepted');
    expect(await outcome({ roots: [middle] }, token({ x5c: x5c(deepLeaf) }))).toBe('accepted');
    expect(await outcome({ roots: [middle] }, token({ x5c: x5c(deepLeaf, middle, root) }))).toBe('accepted');
  });

  test('two intermediates', async () => {
    const lower = party('lower');
    const chain = [certify(LEAF, { issuer: lower }), certify(lower, { issuer: MIDDLE, ca: true }), middle];
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(...chain) }))).toBe('accepted');
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(...chain.slice(0, 2)) }))).toBe(NO_CHAIN);
  });

  test('of RSA, with a root of another kind of key', async () => {
    const signer = { name: 'rsa', key: await generateKey('RSA-2048') };
    const certificate = certify(signer, { issuer: ROOT });
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(certificate) }, signer.key, 'RS256'))).toBe(
      'accepted',
    );
  });

  test('comes before kid: what the kid says does not matter', async () => {
    const stranger = party('stranger');
    const kid = libtrustKeyId(createPublicKey(LEAF.key));
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(leaf), kid: 'unknown' }))).toBe('accepted');
    const forged = token({ x5c: x5c(certify(stranger)), kid }, stranger.key);
    expect(await outcome({ roots: [leaf] }, forged)).toBe(NO_CHAIN);
  });

  test('only the first certificate signs', async () => {
    const stranger = party('stranger');
    expect(
      await outcome({ roots: [root] }, token({ x5c: x5c(certify(stranger), leaf, root) }, stranger.key)),
    ).toBe(NO_CHAIN);
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(leaf, certify(stranger)) }, stranger.key))).toBe(
      'the signature of the token is wrong',
    );
  });

  describe('does not chain', () => {
    const stranger = party('stranger');
    const imitation = { name: ROOT.name, key: ecKey() };

    test.each<[string, X509Certificate[], X509Certificate[], Party]>([
      ['to anything', [root], [certify(stranger)], stranger],
      ['to anything, as a CA of its own', [root], [certify(stranger, { ca: true })], stranger],
      ['though the issuer has the root’s name', [root], [certify(stranger, { issuer: imitation })], stranger],
      [
        'though it brings an issuer of the root’s name',
        [root],
        [certify(stranger, { issuer: imitation }), certify(imitation, { ca: true })],
        stranger,
      ],
      [
        'though it brings the root beside its own',
        [root],
        [certify(stranger, { issuer: imitation }), certify(imitation, { ca: true }), root],
        stranger,
      ],
      ['where the intermediate is missing', [root], [deepLeaf], LEAF],
      ['under an issuer that is no CA', [leaf], [certify(stranger, { issuer: LEAF })], stranger],
      [
        'by way of an intermediate that is no CA',
        [root],
        [certify(stranger, { issuer: LEAF }), leaf],
        stranger,
      ],
      [
        'by way of an intermediate that does not say that it is a CA',
        [root],
        [certify(stranger, { issuer: LEAF }), certify(LEAF, { issuer: ROOT })],
        stranger,
      ],
      [
        'from a certificate of the root’s name and another key',
        [root],
        [certify(imitation, { ca: true })],
        imitation,
      ],
    ])('%s', async (_, roots, chain, signer) => {
      expect(await outcome({ roots }, token({ x5c: x5c(...chain) }, signer.key))).toBe(NO_CHAIN);
    });

    // RFC 5280, section 4.2.1.9; Go's crypto/x509, and with it registry:2, refuses "too many intermediates".
  });

  describe('has dates', () => {
    const past = { notBeforeMs: FROM - DAY, notAfterMs: START - 1000 };
    const future = { notBeforeMs: START + 1000, notAfterMs: UNTIL };

    test.each<[string, X509Certificate[], X509Certificate[]]>([
      ['the leaf is past', [root], [certify(LEAF, { issuer: ROOT, ...past })]],
      ['the leaf is to come', [root], [certify(LEAF, { issuer: ROOT, ...future })]],
      ['the root is past', [certify(ROOT, { ca: true, ...past })], [leaf]],
      ['the root is to come', [certify(ROOT, { ca: true, ...future })], [leaf]],
      ['an intermediate is past', [root], [deepLeaf, certify(MIDDLE, { issuer: ROOT, ca: true, ...past })]],
      [
        'an intermediate in the bundle is past',
        [certify(MIDDLE, { issuer: ROOT, ca: true, ...past })],
        [deepLeaf],
      ],
    ])('%s', async (_, roots, chain) => {
      expect(await outcome({ roots }, token({ x5c: x5c(...chain) }))).toBe(NO_CHAIN);
    });

    test('a leaf that stands in the bundle is past all the same', async () => {
      const expired = certify(LEAF, past);
      expect(await outcome({ roots: [expired] }, token({ x5c: x5c(expired) }))).toBe(NO_CHAIN);
    });

    test.each([
      [START - 1, NO_CHAIN],
      [START, 'accepted'],
      [START + 5000, 'accepted'],
      [START + 5001, NO_CHAIN],
    ])('at %i: %s', async (atMs, expected) => {
      const certificate = certify(LEAF, { notBeforeMs: START, notAfterMs: START + 5000 });
      const place = new StoppedClock(atMs);
      expect(await outcome({ roots: [certificate] }, token({ x5c: x5c(certificate) }), place)).toBe(expected);
    });

    test('of two roots with one name and key, the one that is still good counts', async () => {
      const roots = [certify(ROOT, { ca: true, ...past }), root];
      expect(await outcome({ roots }, token({ x5c: x5c(leaf) }))).toBe('accepted');
    });

    test('that end while a token is remembered', async () => {
      const at = clock();
      const certificate = certify(LEAF, { notAfterMs: START + 5000 });
      const verifier = await verifierOf(at, { roots: [certificate] });
      const text = token({ x5c: x5c(certificate) });
      await verifier.verify(text);
      at.advance(6000);
      expect(await rejectionOf(verifier, text)).toBe(NO_CHAIN);
    });
  });

  describe('is malformed', () => {
    test('holds no certificate', async () => {
      expect(await outcome({ roots: [root] }, token({ x5c: [] }))).toBe(
        'the x5c of the token holds no certificate',
      );
    });

    test.each([null, 'text', 5, {}, x5c(leaf)[0]])('is no list (%#)', async (value) => {
      expect(await outcome({ roots: [root] }, token({ x5c: value }))).toMatch(/must be a list of at most 10/);
    });

    test('is too long', async () => {
      const many = Array.from({ length: 11 }, () => leaf);
      expect(await outcome({ roots: [root] }, token({ x5c: x5c(...many) }))).toMatch(
        /at most 10 certificates$/,
      );
    });

    test.each<[unknown]>([
      [''],
      ['AAAA'],
      ['not base64!'],
      [null],
      [5],
      [{}],
      [{ toString: 1 }],
      [[]],
      [x5c(leaf)[0]?.slice(0, 100)],
      [Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64')],
    ])('holds something else (%#)', async (entry) => {
      const message = 'the x5c of the token holds something that is no certificate';
      expect(await outcome({ roots: [root] }, token({ x5c: [entry] }))).toBe(message);
      expect(await outcome({ roots: [root] }, token({ x5c: [...x5c(leaf), entry] }))).toBe(message);
    });

    test('in any byte of any certificate', async () => {
      const verifier = await verifierOf(clock(), { roots: [root] });
      const stranger = party('stranger');
      const chain = [certify(stranger, { issuer: MIDDLE }), certify(MIDDLE, { issuer: stranger, ca: true })];
      await fc.assert(
        fc.asyncProperty(fc.nat(1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, at, change) => {
          const bytes = chain.map(({ raw }) => Buffer.from(raw));
          const broken = bytes[which];
          if (broken === undefined) return;
          broken.writeUInt8((broken[at % broken.byteLength] ?? 0) ^ change, at % broken.byteLength);
          const header = { x5c: bytes.map((der) => der.toString('base64')) };
          await rejectionOf(verifier, token(header, stranger.key));
        }),
        { numRuns: 300 },
      );
    });
  });

  // Ten certificates that all sign each other could be put in 9! orders. Anybody may send such a token.
  test('costs little, however its certificates are connected', async () => {
    const ring = Array.from({ length: 10 }, () => ({ name: 'ring', key: LEAF.key }));
    const header = { x5c: x5c(...ring.map((member) => certify(member, { ca: true }))) };
    const verifier = await verifierOf(clock(), { roots: [root] });
    const verify = vi.spyOn(X509Certificate.prototype, 'verify');
    const original = verify.getMockImplementation();
    let calls = 0;
    verify.mockImplementation(function (this: X509Certificate, key: KeyObject) {
      calls += 1;
      if (calls > 500) throw new Error('500 signatures were verified for one token');
      return original?.call(this, key) ?? true;
    });
    expect(await rejectionOf(verifier, token(header))).toBe(NO_CHAIN);
    expect(calls).toBeLessThanOrEqual(200);
  });
});

describe('RSA keys that are too short', () => {
  let short: Party;
  beforeAll(() => {
    short = { name: 'short', key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey };
  });

  test('are refused as any other token is', async () => {
    const certificate = certify(short, { issuer: ROOT });
    const kid = libtrustKeyId(createPublicKey(short.key));
    expect(await outcome({ roots: [root] }, token({ x5c: x5c(certificate) }, short.key, 'RS256'))).toMatch(
      /key|RSA|2048/,
    );
    expect(await outcome({ roots: [certificate] }, token({ kid }, short.key, 'RS256'))).toMatch(
      /key|RSA|2048/,
    );
  });
});

describe('a JWK set', () => {
  const publicKey = createPublicKey(LEAF.key);
  const published = [{ key: publicKey, keyId: 'the issuer’s name for it' }];
  const kid = 'the issuer’s name for it';

  test('names its keys verbatim; each is found by its thumbprints, too', async () => {
    for (const name of [kid, libtrustKeyId(publicKey), await thumbprintKeyId(publicKey)])
      expect(await outcome({ published }, token({ kid: name }))).toBe('accepted');
    expect(
      await outcome(
        { published: [{ key: publicKey, keyId: undefined }] },
        token({ kid: await thumbprintKeyId(publicKey) }),
      ),
    ).toBe('accepted');
  });

  test('has the last word on a name that two keys have', async () => {
    const other = ecKey();
    const shadowed = [...published, { key: createPublicKey(other), keyId: await thumbprintKeyId(publicKey) }];
    const name = await thumbprintKeyId(publicKey);
    expect(await outcome({ published: shadowed }, token({ kid: name }, other))).toBe('accepted');
    expect(await outcome({ published: shadowed }, token({ kid: name }))).toBe(
      'the signature of the token is wrong',
    );
  });

  test('without a name in the token, or with another, vouches for nothing', async () => {
    expect(await outcome({ published }, token({}))).toContain('names no key');
    expect(await outcome({ published }, token({ kid: 'another' }))).toBe(
      `the token is signed by kid "another", which is none of the trusted keys; the issuer's key has to be in jwks, or its certificate in rootcertbundle`,
    );
  });

  test('the token’s own key opens nothing, also under a name of the set (CVE-2025-24976)', async () => {
    const forger = ecKey();
    const jwk = { ...createPublicKey(forger).export({ format: 'jwk' }), kid };
    expect(await outcome({ published }, token({ jwk, kid }, forger))).toContain('none of the trusted keys');
    expect(await outcome({ published }, token({ kid }, forger))).toBe('the signature of the token is wrong');
    const jwkOfTrusted = { ...publicKey.export({ format: 'jwk' }), kid };
    expect(await outcome({ published }, token({ jwk: jwkOfTrusted }, forger))).toBe(
      'the signature of the token is wrong',
    );
  });

  describe('and certificates in the token', () => {
    test('alone: they are not judged, the kid decides', async () => {
      expect(await outcome({ published }, token({ kid, x5c: x5c(leaf) }))).toBe('accepted');
      expect(await outcome({ published }, token({ kid, x5c: ['rubbish'] }))).toBe('accepted');
      expect(await outcome({ published }, token({ x5c: x5c(leaf) }))).toBe(
        'the token carries a certificate (x5c), and there is no rootcertbundle to judge it by; its kid is none of the keys in jwks',
      );
    });

    test('a forger’s certificate under a kid of the set does not change which key verifies', async () => {
      const forger = party('forger');
      const own = certify(forger);
      const forged = token({ kid, x5c: x5c(own) }, forger.key);
      expect(await outcome({ published }, forged)).toBe('the signature of the token is wrong');
      expect(await outcome({ published, roots: [root] }, forged)).toBe('the signature of the token is wrong');
    });

    test('beside a bundle: a chain that leads to a root counts first, and otherwise the kid of the set', async () => {
      const other = ecKey();
      const both = { roots: [root], published: [{ key: createPublicKey(other), keyId: kid }] };
      expect(await outcome(both, token({ kid, x5c: x5c(leaf) }))).toBe('accepted');
      const stranger = certify({ name: 'other', key: other });
      expect(await outcome(both, token({ kid, x5c: x5c(stranger) }, other))).toBe('accepted');
    });

    test('an expired chain is not saved by the kid of a certificate in the bundle', async () => {
      const expired = certify(LEAF, { notBeforeMs: FROM - DAY, notAfterMs: FROM });
      const text = token({ kid: libtrustKeyId(publicKey), x5c: x5c(expired) });
      const elsewhere = [{ key: createPublicKey(ecKey()), keyId: kid }];
      expect(await outcome({ roots: [expired], published: elsewhere }, text)).toBe(NO_CHAIN);
    });
  });
});
