import { createPublicKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ADMIN, basic, ISSUER, SERVICE, TEST } from './support/accounts.ts';
import { type BerthAuth, berthAuth } from './support/berth.ts';
import type { Certificate, KeyKind } from './support/certificates.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { send } from './support/http.ts';
import { libtrustKid, thumbprint } from './support/jwt.ts';
import { type Registry, tokenEnvironment } from './support/registry.ts';
import { steps } from './support/steps.ts';

/* Berth's tokens, in each form that can be configured, looked at closely and shown to the real registry. */

const REPOSITORY = 'own/image';

interface Row {
  readonly title: string;
  readonly kind: KeyKind;
  /** lines for the token section of simple.yml */
  readonly token: readonly string[];
  readonly kid: typeof libtrustKid;
  readonly x5c: boolean;
  /** registry 2.8 knows an RFC 7638 kid only by the chain beside it */
  readonly accepted: boolean;
}

const ROWS: readonly Row[] = (['RSA-4096', 'EC P-256'] as const).flatMap((kind) => [
  { title: 'by default', kind, token: [], kid: libtrustKid, x5c: true, accepted: true },
  {
    title: 'with disable_legacy_key_id',
    kind,
    token: ['disable_legacy_key_id: true'],
    kid: thumbprint,
    x5c: true,
    accepted: true,
  },
  { title: 'with x5c: false', kind, token: ['x5c: false'], kid: libtrustKid, x5c: false, accepted: true },
  {
    title: 'with both',
    kind,
    token: ['disable_legacy_key_id: true', 'x5c: false'],
    kid: thumbprint,
    x5c: false,
    accepted: false,
  },
]);

for (const { title, kind, token: lines, kid, x5c, accepted } of ROWS) {
  describe(`berth auth, ${kind}, ${title}`, () => {
    let own: Certificate;
    let auth: BerthAuth;
    let registry: Registry;
    let token: string;
    steps(() => `--- berth auth\n${auth.output()}\n--- docker-registry\n${registry.output()}`);
    beforeAll(async () => {
      own = kind === 'RSA-4096' ? inject('bed').rsa : inject('bed').ec;
      auth = await berthAuth(own, lines);
      registry = await dockerRegistry(tokenEnvironment(auth.realm, own.certificateFile));
    });
    afterAll(async () => {
      await auth?.stop();
      await registry?.stop();
    });

    const query = new URLSearchParams({ service: SERVICE, scope: `repository:${REPOSITORY}:push,pull` });
    const part = (n: number) =>
      JSON.parse(Buffer.from(token.split('.')[n] ?? '', 'base64url').toString('utf8'));

    test('answers GET and POST with the same fields', async () => {
      const get = await send(`${auth.realm}?${query}&account=admin`, {
        headers: { authorization: basic(ADMIN) },
        ca: own.certificate,
      });
      const form = {
        grant_type: 'password',
        username: ADMIN.account,
        password: ADMIN.password,
        client_id: 'e2e',
      };
      const post = await send(auth.realm.replace(/\/auth$/, '/auth/token'), {
        method: 'POST',
        body: `${query}&${new URLSearchParams(form)}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        ca: own.certificate,
      });
      for (const answer of [get, post]) {
        expect(answer.status, answer.text).toBe(200);
        const fields = JSON.parse(answer.text) as Record<string, unknown>;
        expect(fields).toMatchObject({
          expires_in: 900,
          token: expect.any(String),
          issued_at: expect.any(String),
        });
        expect(fields['access_token']).toBe(fields['token']);
        expect(Math.abs(Date.parse(String(fields['issued_at'])) - Date.now())).toBeLessThan(60_000);
      }
      // RFC 6749 §5.1 by way of spec/auth/oauth.md: "scope (REQUIRED)".
      expect((JSON.parse(post.text) as { scope: string }).scope).toMatch(
        /^repository:own\/image:(pull,push|push,pull)$/,
      );
      token = (JSON.parse(get.text) as { token: string }).token;
    });

    test('the header names the key as asked', () => {
      const chain = [new X509Certificate(own.certificate).raw.toString('base64')];
      expect(part(0)).toMatchObject({
        typ: 'JWT',
        alg: kind === 'RSA-4096' ? 'RS256' : 'ES256',
        kid: kid(createPublicKey(own.certificate)),
      });
      expect(part(0).x5c).toEqual(x5c ? chain : undefined);
    });

    test('the claims are those of docker_auth', () => {
      const claims = part(1);
      expect(claims).toMatchObject({
        iss: ISSUER,
        sub: 'admin',
        aud: SERVICE,
        jti: expect.any(String),
        access: [{ type: 'repository', name: REPOSITORY, actions: ['pull', 'push'] }],
      });
      expect(claims.exp - claims.iat).toBe(900);
      expect(claims.iat - claims.nbf).toBe(10);
    });

    test(`registry 2.8.2 ${accepted ? 'accepts' : 'does not know'} it`, async () => {
      const answer = await send(`http://127.0.0.1:${registry.port}/v2/${REPOSITORY}/blobs/uploads/`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.status, answer.text).toBe(accepted ? 202 : 401);
    });

    test('test is granted pull of what it asked, nobody anything, and a wrong password is told', async () => {
      const ask = (headers: Record<string, string>) =>
        send(`${auth.realm}?${query}`, { headers, ca: own.certificate });
      const answer = await ask({ authorization: basic(TEST) });
      token = (JSON.parse(answer.text) as { token: string }).token;
      expect(part(1).access).toEqual([{ type: 'repository', name: REPOSITORY, actions: ['pull'] }]);
      const anonymous = await ask({});
      expect([anonymous.status, anonymous.headers['www-authenticate']]).toEqual([
        401,
        `Basic realm="${ISSUER}"`,
      ]);
      const wrong = await ask({ authorization: basic({ ...TEST, password: '1234' }) });
      expect([wrong.status, wrong.headers['www-authenticate']]).toEqual([401, `Basic realm="${ISSUER}"`]);
    });
  });
}
