import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { decodeToken, encodePart, signToken } from '../support/jws.ts';
import { startPlatform, type TokenPlatform } from '../support/token-platform.ts';

/* Tokens of GitHub Actions, GitLab CI and Kubernetes, with the claims that their documentation shows. */

const AUDIENCE = 'https://registry.example.com';

const GITHUB: JWTPayload = {
  jti: 'example-id',
  sub: 'repo:octo-org/octo-repo:environment:prod',
  environment: 'prod',
  aud: AUDIENCE,
  ref: 'refs/heads/main',
  sha: 'example-sha',
  repository: 'octo-org/octo-repo',
  repository_owner: 'octo-org',
  actor_id: '12',
  repository_visibility: 'private',
  repository_id: '74',
  repository_owner_id: '65',
  run_id: 'example-run-id',
  run_number: '10',
  run_attempt: '2',
  runner_environment: 'github-hosted',
  actor: 'octocat',
  workflow: 'example-workflow',
  head_ref: '',
  base_ref: '',
  event_name: 'workflow_dispatch',
  ref_type: 'branch',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
};

const GITLAB: JWTPayload = {
  namespace_id: '72',
  namespace_path: 'my-group',
  project_id: '20',
  project_path: 'my-group/my-project',
  user_id: '1',
  user_login: 'sample-user',
  user_email: 'sample-user@example.com',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'feature-branch-1',
  ref_type: 'branch',
  ref_protected: 'false',
  runner_environment: 'self-hosted',
  sub: 'project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1',
  aud: AUDIENCE,
};

const KUBERNETES: JWTPayload = {
  aud: [AUDIENCE, 'https://kubernetes.default.svc'],
  'kubernetes.io': {
    namespace: 'build',
    pod: { name: 'builder-0', uid: 'eb26c8b7-5c5f-4c5d-9d6a-0ba9f8a1ad46' },
    serviceaccount: { name: 'pusher', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
  },
  sub: 'system:serviceaccount:build:pusher',
};

const form = (fields: Readonly<Record<string, string>>) => ({
  body: new URLSearchParams(fields).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});

describe('tokens of platforms', () => {
  let github: TokenPlatform;
  let gitlab: TokenPlatform;
  let kubernetes: TokenPlatform;
  let door: FrontDoor;
  beforeAll(async () => {
    [github, gitlab, kubernetes] = await Promise.all([
      startPlatform(),
      startPlatform(),
      startPlatform('ES256'),
    ]);
    door = await openFrontDoor({
      config: `throttle: {enabled: false}
auth:
  builtin:
    workload_identity:
      audience: ${AUDIENCE}
      issuers:
        github:
          issuer: ${github.issuer}
          identities:
            - account: ci-prod
              subject: "repo:octo-org/*:environment:prod"
              claims: {repository_owner_id: "65", ref: refs/heads/main}
              labels: {team: [octo]}
              label_claims: {repository: repository}
            - account: ci
              subject: "/repo:octo-org\\\\/[a-z-]+:.*/"
        gitlab:
          issuer: ${gitlab.issuer}
          jwks_url: ${gitlab.issuer}/jwks
          identities:
            - account: gitlab-ci
              claims: {project_path: "my-group/*", ref_type: branch}
        kubernetes:
          issuer: ${kubernetes.issuer}
          identities:
            - account: pusher
              subject: "system:serviceaccount:build:pusher"
              claims: {kubernetes.io/namespace: build}
    acl:
      - {match: {account: ci-prod, labels: {team: octo}, name: "\${labels:repository}"}, actions: ["*"]}
      - {match: {account: "/^(ci|gitlab-ci|pusher)$/"}, actions: [pull]}
`,
    });
  });
  afterAll(async () => {
    await door?.close();
    await Promise.all([github, gitlab, kubernetes].map((platform) => platform?.stop()));
  });

  const login = (account: string, token: string, query = ''): Promise<Answer> =>
    door.send('GET', `/auth/token?service=berth&account=${account}${query}`, {
      headers: { authorization: `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}` },
    });
  const exchange = (token: string, more: Record<string, string> = {}): Promise<Answer> => {
    const fields = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      service: 'berth',
      scope: 'repository:octo-org/octo-repo:pull,push',
      ...more,
    };
    return door.send('POST', '/auth/token', form(fields));
  };
  const scopeOf = (answer: Answer) => answer.json<{ scope: string }>().scope;
  const subjectOf = (answer: Answer) => decodeToken(answer.json<{ token: string }>().token).claims['sub'];

  it('open what the rules grant to their account, as a password and exchanged', async () => {
    const scope = '&scope=repository:octo-org/octo-repo:pull,push';
    for (const [platform, claims, account, granted] of [
      [github, GITHUB, 'ci-prod', 'repository:octo-org/octo-repo:pull,push'],
      [gitlab, GITLAB, 'gitlab-ci', 'repository:octo-org/octo-repo:pull'],
      [kubernetes, KUBERNETES, 'pusher', 'repository:octo-org/octo-repo:pull'],
    ] as const) {
      const token = await platform.sign(claims);
      for (const answer of [await login(account, token, scope), await exchange(token)]) {
        expect([answer.status, subjectOf(answer), scopeOf(answer)]).toEqual([200, account, granted]);
      }
      const opened = await door.send('GET', '/v2/', {
        token: (await exchange(token)).json<{ token: string }>().token,
      });
      expect(opened.status).toBe(200);
    }
  });

  it('a label from a claim is a text: what a workload calls itself is no pattern', async () => {
    const token = await github.sign({ ...GITHUB, repository: '**' });
    expect(scopeOf(await exchange(token))).toBe('');
  });

  it('the answer of an exchange is that of RFC 8693', async () => {
    const answer = await exchange(await kubernetes.sign(KUBERNETES));
    expect(answer.json()).toMatchObject({
      access_token: expect.any(String),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: expect.any(Number),
    });
  });

  it('end before the token that was presented does', async () => {
    const exp = Math.floor(Date.now() / 1000) + 100;
    const answer = await exchange(await kubernetes.sign({ ...KUBERNETES, exp }));
    const { token, expires_in: left } = answer.json<{ token: string; expires_in: number }>();
    expect(decodeToken(token).claims['exp']).toBe(exp);
    expect(left).toBeLessThanOrEqual(100);
  });

  it('bring no refresh token', async () => {
    const token = await kubernetes.sign(KUBERNETES);
    for (const answer of [
      await login('pusher', token, '&client_id=docker&offline_token=true'),
      await exchange(token, { access_type: 'offline', client_id: 'docker' }),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.json()).not.toHaveProperty('refresh_token');
    }
  });

  it('are another account’s for nobody: the first rule that fits the name that was given', async () => {
    const token = await github.sign(GITHUB);
    expect(subjectOf(await login('ci', token))).toBe('ci');
    for (const account of ['pusher', 'gitlab-ci', 'admin', 'CI']) {
      expect([account, (await login(account, token)).status]).toEqual([account, 401]);
    }
    expect((await exchange(token, { account: 'ci' })).status).toBe(401);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['another audience', { aud: 'https://other.example.com' }],
    ['a longer audience', { aud: `${AUDIENCE}.evil.example` }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'https://token.actions.githubusercontent.com' }],
    ['another owner whose name begins so', { sub: 'repo:octo-org-evil/octo-repo:environment:prod' }],
    [
      'the right subject inside of another',
      { sub: 'repo:evil/x:ref:refs/heads/repo:octo-org/a:environment:prod' },
    ],
    [
      'the right one on a second line',
      { sub: 'repo:evil/x:environment:prod\nrepo:octo-org/a:environment:prod' },
    ],
    ['no subject', { sub: undefined }],
    ['it has expired a second ago', { exp: Math.floor(Date.now() / 1000) - 1 }],
    ['it never expires', { exp: undefined }],
    ['it begins later', { nbf: Math.floor(Date.now() / 1000) + 600 }],
  ])('refused: %s', async (_, changes) => {
    const token = await github.sign({ ...GITHUB, ...changes });
    expect((await exchange(token)).status).toBe(401);
    expect((await login('ci-prod', token)).status).toBe(401);
    expect((await login('ci', token)).status).toBe(401);
  });

  it('refused: claims that do not fit, each of them', async () => {
    for (const changes of [
      { ref: 'refs/heads/evil' },
      { repository_owner_id: '66' },
      { repository_owner_id: undefined },
      { repository_owner_id: { '65': '65' } },
    ]) {
      expect((await login('ci-prod', await github.sign({ ...GITHUB, ...changes }))).status).toBe(401);
    }
    const elsewhere = { ...KUBERNETES, 'kubernetes.io': { namespace: 'other' } };
    expect((await exchange(await kubernetes.sign(elsewhere))).status).toBe(401);
  });

  it('refused: another’s key, alg none, the public key as a secret, keys of the token’s own', async () => {
    const good = await github.sign(GITHUB);
    const { header, claims } = decodeToken(good);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const [jwk] = (JSON.parse(await github.keySet()) as { keys: Record<string, unknown>[] }).keys;
    const spki = createPublicKey({ key: jwk as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const data = `${encodePart({ ...header, alg: 'HS256' })}.${encodePart(claims)}`;
    const own = publicKey.export({ format: 'jwk' });
    const [head = '', body = '', signature = ''] = good.split('.');
    for (const forged of [
      signToken({ ...header, alg: 'RS256' }, claims, privateKey),
      signToken({ alg: 'RS256', jwk: own }, claims, privateKey),
      signToken(
        { alg: 'RS256', kid: header['kid'], jwk: { ...own, kid: header['kid'] } },
        claims,
        privateKey,
      ),
      signToken({ alg: 'RS256', kid: 'key-9', jku: 'http://127.0.0.1:1/jwks' }, claims, privateKey),
      `${encodePart({ ...header, alg: 'none' })}.${body}.`,
      `${encodePart({ ...header, alg: 'none' })}.${body}.${signature}`,
      `${data}.${createHmac('sha256', spki).update(data).digest('base64url')}`,
      `${head}.${encodePart({ ...claims, sub: 'repo:octo-org/other:environment:prod' })}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      // Signed by one platform whom we believe, in the name of another.
      await gitlab.sign({ ...GITHUB, iss: github.issuer }, { kid: header['kid'] }),
    ]) {
      expect([forged.slice(0, 40), (await exchange(forged)).status]).toEqual([forged.slice(0, 40), 401]);
      expect([400, 401]).toContain((await login('ci-prod', forged)).status);
    }
    expect((await exchange(good)).status).toBe(200);
  });

  it('an exchange that is not whole is 400, before anybody is asked', async () => {
    const token = await github.sign(GITHUB);
    const before = door.log.lines.length;
    for (const more of [
      { subject_token: '' },
      { subject_token: 'x'.repeat(20_000) },
      { subject_token_type: '' },
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      { actor_token: 'x' },
      { password: 'x', username: 'ci' },
    ]) {
      expect([more, (await exchange(token, more)).status]).toEqual([more, 400]);
    }
    const inAddress = await door.send(
      'POST',
      `/auth/token?subject_token=${token}`,
      form({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' }),
    );
    expect(inAddress.status).toBe(400);
    expect(door.log.lines.slice(before).filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  it('no token is in the log', async () => {
    const token = await github.sign({ ...GITHUB, sub: 'repo:evil/x:ref:refs/heads/main' });
    await exchange(token);
    const log = JSON.stringify(door.log.lines);
    expect(log).toContain('repo:evil/x');
    for (const part of token.split('.')) expect(log).not.toContain(part);
  });
});

describe('the keys of a platform', () => {
  it('are read once, again for a key that is new, and serve while the platform is away', async () => {
    const platform = await startPlatform();
    const clock = { nowMs: Date.now(), now: () => clock.nowMs };
    const door = await openFrontDoor({
      clock,
      config: `throttle: {enabled: false}
auth:
  builtin:
    workload_identity:
      audience: a
      issuers:
        x: {issuer: "${platform.issuer}", identities: [{account: ci, subject: me}]}
`,
    });
    const status = async (): Promise<number> => {
      const subject_token = await platform.sign({
        aud: 'a',
        sub: 'me',
        exp: Math.floor(clock.nowMs / 1000) + 60,
      });
      const answer = await door.send(
        'POST',
        '/auth/token',
        form({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          ...{ subject_token, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', service: 'berth' },
        }),
      );
      return answer.status;
    };
    platform.fail(true);
    expect(await status()).toBe(503);
    platform.fail(false);
    clock.nowMs += 11_000;
    expect(await Promise.all(Array.from({ length: 5 }, status))).toEqual([200, 200, 200, 200, 200]);
    expect(platform.asked()).toBe(1);
    await platform.rotate();
    // Whoever sends tokens with made-up keys does not make us ask each time.
    expect(await status()).toBe(401);
    clock.nowMs += 11_000;
    expect(await status()).toBe(200);
    expect(platform.asked()).toBe(2);
    platform.fail(true);
    clock.nowMs += 3_600_000;
    expect(await status()).toBe(200);
    clock.nowMs += 86_400_000;
    expect(await status()).toBe(503);
    await door.close();
    await platform.stop();
  });
});
