import { createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ISSUER, SERVICE } from './support/accounts.ts';
import { berthServe } from './support/berth.ts';
import type { Certificate, KeyKind } from './support/certificates.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { type Answer, send } from './support/http.ts';
import { claims } from './support/issuer.ts';
import { confusedToken, signToken, type TokenForm, thumbprint, unsignedToken } from './support/jwt.ts';
import { type Registry, tokenEnvironment } from './support/registry.ts';
import { folder } from './support/root.ts';
import { challengeOf } from './support/session.ts';

/*
 * Tokens signed here, by a key and certificate that openssl made, in every form that an issuer may choose; and
 * forged ones. The same table is put before the real registry, whose answers show that the table is right.
 */

const REALM = 'https://localhost:5001/auth';
const REPOSITORY = 'foreign/image';
const ACCESS = [{ type: 'repository', name: REPOSITORY, actions: ['pull', 'push'] }];

const FORMS: readonly TokenForm[] = (['libtrust', 'rfc7638'] as const).flatMap((kid) =>
  [false, true].flatMap((x5c) => (['string', 'list'] as const).map((audience) => ({ kid, x5c, audience }))),
);
const PLAIN: TokenForm = { kid: 'libtrust', x5c: false, audience: 'string' };

interface Subject {
  readonly name: string;
  readonly start: (auth: Readonly<Record<string, string>>) => Promise<Registry>;
  readonly accepts: (form: TokenForm) => boolean;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'docker-registry 2.8.2',
    start: dockerRegistry,
    // It knows libtrust's kid only, looks at none when there is a chain, and `aud` as a string only.
    accepts: ({ kid, x5c, audience }) => audience === 'string' && (x5c || kid === 'libtrust'),
  },
  { name: 'Berth', start: (env) => berthServe({ env }), accepts: () => true },
  {
    name: 'Berth with a JWK set in place of the bundle',
    start: ({ REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: bundle = '', ...env }) =>
      berthServe({ env: { ...env, REGISTRY_AUTH_TOKEN_JWKS: keySet(readFileSync(bundle, 'utf8')) } }),
    accepts: () => true,
  },
];

/** A file with a JWK set of the certificates' keys. */
function keySet(...certificates: readonly string[]): string {
  const file = join(folder('jwks'), 'jwks.json');
  writeFileSync(file, keysOf(...certificates));
  return file;
}

function keysOf(...certificates: readonly string[]): string {
  const keys = certificates.map((certificate) => {
    const key = createPublicKey(certificate);
    return { ...key.export({ format: 'jwk' }), kid: thumbprint(key), use: 'sig' };
  });
  return JSON.stringify({ keys });
}

function described({ kid, x5c, audience }: TokenForm): string {
  return `${kid} kid, ${x5c ? 'with' : 'without'} x5c, aud a ${audience}`;
}

for (const { name, start, accepts } of SUBJECTS) {
  for (const kind of ['RSA-4096', 'EC P-256'] as const satisfies KeyKind[]) {
    describe(`${name} with tokens of a foreign issuer, ${kind}`, () => {
      let registry: Registry;
      let own: Certificate;
      const now = () => Math.floor(Date.now() / 1000);
      const ask = (token: string) =>
        send(`http://127.0.0.1:${registry.port}/v2/${REPOSITORY}/blobs/uploads/`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
        });
      const good = () => claims('somebody', ACCESS, PLAIN);
      const signed = (change: Readonly<Record<string, unknown>>) =>
        signToken(own, PLAIN, { ...good(), ...change });

      beforeAll(async () => {
        own = kind === 'RSA-4096' ? inject('bed').rsa : inject('bed').ec;
        registry = await start(tokenEnvironment(REALM, own.certificateFile));
      });
      afterAll(() => registry?.stop());

      test.for(FORMS.map((form) => [described(form), form] as const))('%s', async ([, form]) => {
        const answer = await ask(signToken(own, form, claims('somebody', ACCESS, form)));
        expect(answer.status, answer.text).toBe(accepts(form) ? 202 : 401);
      });

      test('60 seconds of leeway for clocks that differ', async () => {
        expect((await ask(signed({ exp: now() - 30 }))).status).toBe(202);
        expect((await ask(signed({ nbf: now() + 30 }))).status).toBe(202);
      });

      const forgeries: Readonly<Record<string, () => string>> = {
        expired: () => signed({ exp: now() - 90 }),
        'not valid yet': () => signed({ nbf: now() + 90 }),
        'of another audience': () => signed({ aud: 'Another registry' }),
        'of an audience that differs in case': () => signed({ aud: SERVICE.toLowerCase() }),
        'of another issuer': () => signed({ iss: `${ISSUER} ` }),
        'without an issuer': () => signed({ iss: undefined }),
        'signed by another key, with the kid of the trusted one': () => {
          const { stranger } = inject('bed');
          const kid = JSON.parse(Buffer.from(signed({}).split('.')[0] ?? '', 'base64url').toString()).kid;
          return signToken(stranger, PLAIN, good(), { kid });
        },
        'signed by another key, with its own kid': () => signToken(inject('bed').stranger, PLAIN, good()),
        'signed by another key, with its own x5c': () =>
          signToken(inject('bed').stranger, { ...PLAIN, x5c: true }, good()),
        'alg none': () => unsignedToken(own, good()),
        'HS256 with the certificate as the secret': () => confusedToken(own, good(), own.certificate),
        'HS256 with the public key as the secret': () =>
          confusedToken(
            own,
            good(),
            createPublicKey(own.certificate).export({ type: 'spki', format: 'pem' }).toString(),
          ),
        'signed by another key, which it carries as jwk': () => {
          const { stranger } = inject('bed');
          const jwk = createPublicKey(stranger.certificate).export({ format: 'jwk' });
          return signToken(stranger, PLAIN, good(), { jwk, kid: undefined });
        },
        'with claims changed after signing': () => {
          const [head, , signature] = signed({}).split('.');
          const changed = Buffer.from(JSON.stringify({ ...good(), sub: 'admin' })).toString('base64url');
          return `${head}.${changed}.${signature}`;
        },
        'no JWT at all': () => 'abc.def.ghi',
      };
      test.for(Object.keys(forgeries))('refused: %s', async (title) => {
        const answer = await ask(forgeries[title]?.() ?? '');
        expect(answer.status, answer.text).toBe(401);
        expect(challengeOf(answer)).toMatchObject({
          realm: REALM,
          service: SERVICE,
          error: 'invalid_token',
        });
        expect(scopeOf(answer)).toBe(`repository:${REPOSITORY}:pull,push`);
      });

      test('refused with insufficient_scope: a good token that grants less', async () => {
        const answer = await ask(signed({ access: [{ ...ACCESS[0], actions: ['pull'] }] }));
        expect(answer.status, answer.text).toBe(401);
        expect(challengeOf(answer).error).toBe('insufficient_scope');
      });
    });
  }
}

test('a JWK set that changes under a running registry: a removed key ends its tokens, an added one begins', async () => {
  const { rsa, ec } = inject('bed');
  const file = keySet(rsa.certificate);
  const { REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: _, ...env } = tokenEnvironment(REALM, '');
  const serve = await berthServe({ env: { ...env, REGISTRY_AUTH_TOKEN_JWKS: file } });
  try {
    const ask = async (by: Certificate) => {
      const token = signToken(by, PLAIN, claims('somebody', ACCESS, PLAIN));
      return (await send(`${serve.url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status;
    };
    const kept = signToken(rsa, PLAIN, claims('somebody', ACCESS, PLAIN));
    const statusOfKept = async () =>
      (await send(`${serve.url}/v2/`, { headers: { authorization: `Bearer ${kept}` } })).status;
    expect([await ask(rsa), await ask(ec), await statusOfKept()]).toEqual([200, 401, 200]);
    writeFileSync(file, keysOf(ec.certificate));
    await expect.poll(() => ask(ec), { timeout: 10_000 }).toBe(200);
    expect([await ask(rsa), await statusOfKept()]).toEqual([401, 401]);
  } finally {
    await serve.stop();
  }
});

/** The challenge's scope with its actions in order: the real registry writes them in random order. */
function scopeOf(answer: Answer): string {
  const [type, name, actions = ''] = (challengeOf(answer).scope ?? '').split(':');
  return `${type}:${name}:${actions.split(',').sort().join(',')}`;
}
