import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../../../test/support/clock.ts';
import { codeChallenge } from '../code-challenge.ts';
import { GithubUpstream } from './github.ts';
import { GitlabUpstream } from './gitlab.ts';

/* GitHub and GitLab, played by a server of this machine that answers as their documentation says. */

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: URLSearchParams;
}

type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };

let server: Server;
let base: string;
const asked: Asked[] = [];
/** By path, without the query. */
let answers: Record<string, (asked: Asked, query: URLSearchParams) => Answer>;
const clock = new StoppedClock();
const BINDING = { state: 's'.repeat(43), nonce: 'n'.repeat(43), codeVerifier: 'v'.repeat(43) };
const CODE = new URLSearchParams({ code: 'the code', state: BINDING.state });

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const one = {
      method: request.method ?? '',
      path: url.pathname,
      authorization: request.headers.authorization,
      form: new URLSearchParams(await bodyOf(request)),
    };
    asked.push(one);
    const { status = 200, body, headers } = answers[url.pathname]?.(one, url.searchParams) ?? { status: 404 };
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(body === undefined ? '' : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  asked.length = 0;
});

const team = (slug: string, login: string, parent?: string) => ({
  ...{ slug, organization: { login }, parent: parent === undefined ? null : { slug: parent } },
});

describe('GitHub', () => {
  const github = (organization: string | undefined = 'Acme') =>
    new GithubUpstream({
      ...{ webUrl: base, apiUrl: `${base}/api`, clientId: 'id', clientSecret: 's&cret', organization },
      ...{ timeoutMs: 1_000, clock },
    });
  let user: Record<string, unknown>;
  let member: Answer;
  let teams: unknown[];
  beforeEach(() => {
    user = { login: 'alice', id: 7 };
    member = { body: { state: 'active' } };
    teams = [team('core', 'acme', 'engineering'), team('core', 'other', 'secret'), team('ops', 'ACME')];
    answers = {
      '/login/oauth/access_token': ({ form }) =>
        form.get('code') === 'the code' && form.get('client_secret') === 's&cret'
          ? { body: { access_token: 'gho_1', token_type: 'bearer' } }
          : { body: { error: 'bad_verification_code' } },
      '/api/user': ({ authorization }) =>
        authorization === 'Bearer gho_1' ? { body: user } : { status: 401, body: {} },
      '/api/user/memberships/orgs/Acme': () => member,
      '/api/user/teams': (_, query) => ({
        body: teams.slice(Number(query.get('page')) - 1, Number(query.get('page'))),
        headers:
          Number(query.get('page')) < teams.length ? { Link: '<https://evil.example>; rel="next"' } : {},
      }),
    };
  });

  it('is asked with state and PKCE', async () => {
    const url = await github().authorizationUrl(BINDING);
    expect(`${url.origin}${url.pathname}`).toBe(`${base}/login/oauth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ client_id: 'id', scope: 'user:email read:org', state: BINDING.state },
      ...{ code_challenge: codeChallenge(BINDING.codeVerifier), code_challenge_method: 'S256' },
    });
  });

  it('gives the account, and the teams of the organization with those around them, page after page', async () => {
    expect(await github().complete(CODE, BINDING)).toEqual({
      account: 'alice',
      labels: { teams: ['core', 'engineering', 'ops'] },
      tokens: { access: 'gho_1', refresh: undefined, accessUntilMs: undefined, subject: '7' },
    });
    expect(asked[0]?.form.get('code_verifier')).toBe(BINDING.codeVerifier);
  });

  it('asks for no organization where none is configured', async () => {
    const url = await github('').authorizationUrl(BINDING);
    expect(url.searchParams.get('scope')).toContain('user:email');
    const open = new GithubUpstream({
      ...{
        webUrl: base,
        apiUrl: `${base}/api`,
        clientId: 'id',
        clientSecret: 's&cret',
        organization: undefined,
      },
      ...{ timeoutMs: 1_000, clock },
    });
    expect(await open.complete(CODE, BINDING)).toMatchObject({ account: 'alice', labels: {} });
    expect(asked.map(({ path }) => path)).toEqual(['/login/oauth/access_token', '/api/user']);
  });

  it.each([
    ['is not there', { status: 404 }],
    ['is only invited', { body: { state: 'pending' } }],
  ])('refuses who %s', async (_, answer) => {
    member = answer;
    await expect(github().complete(CODE, BINDING)).rejects.toMatchObject({ name: 'SignInRefused' });
    await expect(github().renew({ access: 'gho_1' })).rejects.toMatchObject({ name: 'UpstreamGone' });
  });

  it('refuses a code that was used', async () => {
    const used = new URLSearchParams({ code: 'used' });
    await expect(github().complete(used, BINDING)).rejects.toMatchObject({ name: 'SignInRefused' });
    await expect(
      github().complete(new URLSearchParams({ error: 'access_denied' }), BINDING),
    ).rejects.toMatchObject({ name: 'SignInRefused' });
  });

  it('is asked again with the same token, and gives the teams of today', async () => {
    teams = [team('ops', 'acme')];
    expect(await github().renew({ access: 'gho_1', subject: '7' })).toMatchObject({
      labels: { teams: ['ops'] },
    });
  });

  it('is no longer vouching where the token was revoked, or the name is somebody else’s', async () => {
    await expect(github().renew({ access: 'gone' })).rejects.toMatchObject({ name: 'UpstreamGone' });
    await expect(github().renew({ access: 'gho_1', subject: '8' })).rejects.toMatchObject({
      name: 'UpstreamGone',
    });
  });

  it.each([500, 403, 302, 429])('is away where it answers %d', async (status) => {
    answers['/api/user'] = () => ({ status, headers: { Location: `${base}/elsewhere` } });
    await expect(github().renew({ access: 'gho_1' })).rejects.toMatchObject({ name: 'UpstreamUnavailable' });
    expect(asked.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  it('is away where nothing listens, and the message has no token', async () => {
    const nobody = new GithubUpstream({
      ...{ webUrl: 'http://127.0.0.1:1', apiUrl: 'http://127.0.0.1:1', clientId: 'id', clientSecret: 'x' },
      ...{ organization: undefined, timeoutMs: 1_000, clock },
    });
    const failed = nobody.renew({ access: 'gho_1' });
    await expect(failed).rejects.toMatchObject({ name: 'UpstreamUnavailable' });
    await expect(failed).rejects.not.toThrow(/gho_1/);
  });
});

describe('GitLab', () => {
  const gitlab = (group: string | undefined) =>
    new GitlabUpstream({
      ...{ webUrl: base, apiUrl: `${base}/api/v4`, redirectUrl: 'https://b/gitlab_auth', clientId: 'id' },
      ...{ clientSecret: 'secret', group, timeoutMs: 1_000, clock },
    });
  let groups: string[];
  let user: Record<string, unknown>;
  let refresh: string;
  beforeEach(() => {
    groups = ['acme/platform', 'hobby'];
    user = { username: 'alice', id: 7, state: 'active' };
    refresh = 'r1';
    answers = {
      '/oauth/token': ({ form }) => {
        const isRight =
          form.get('grant_type') === 'authorization_code'
            ? form.get('code') === 'the code' && form.get('redirect_uri') === 'https://b/gitlab_auth'
            : form.get('refresh_token') === refresh;
        if (!isRight) return { status: 400, body: { error: 'invalid_grant' } };
        refresh = `r${Number(refresh.slice(1)) + 1}`;
        return { body: { access_token: 'at', refresh_token: refresh, expires_in: 7200 } };
      },
      '/api/v4/user': ({ authorization }) =>
        authorization === 'Bearer at' ? { body: user } : { status: 401, body: {} },
      '/api/v4/groups': () => ({ body: groups.map((path) => ({ full_path: path })) }),
    };
  });

  it('is asked with state, PKCE and where to send the browser', async () => {
    const url = await gitlab(undefined).authorizationUrl(BINDING);
    expect(`${url.origin}${url.pathname}`).toBe(`${base}/oauth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      ...{ response_type: 'code', redirect_uri: 'https://b/gitlab_auth', state: BINDING.state },
      ...{ code_challenge: codeChallenge(BINDING.codeVerifier), code_challenge_method: 'S256' },
    });
  });

  it('gives account and groups, and another refresh token each time', async () => {
    const first = await gitlab(undefined).complete(CODE, BINDING);
    expect(first).toEqual({
      ...{ account: 'alice', labels: { groups: ['acme/platform', 'hobby'] } },
      tokens: { refresh: 'r2', subject: '7' },
    });
    groups = ['acme'];
    const second = await gitlab(undefined).renew(first.tokens);
    expect(second).toMatchObject({ labels: { groups: ['acme'] }, tokens: { refresh: 'r3' } });
    await expect(gitlab(undefined).renew(first.tokens)).rejects.toMatchObject({ name: 'UpstreamGone' });
  });

  it('that fails after it gave new tokens loses none of them', async () => {
    answers['/api/v4/user'] = () => ({ status: 502 });
    await expect(gitlab(undefined).renew({ refresh: 'r1', subject: '7' })).rejects.toMatchObject({
      ...{ name: 'UpstreamUnavailable', tokens: { refresh: 'r2', subject: '7' } },
    });
  });

  it('lets in members of the group and of those below it, and nobody else', async () => {
    for (const [group, isIn] of [
      ['acme', true],
      ['acme/platform', true],
      ['hobby', true],
      ['acm', false],
      ['acme/plat', false],
      ['platform', false],
    ] as const) {
      const done = gitlab(group).complete(CODE, BINDING);
      if (isIn) expect(await done).toMatchObject({ account: 'alice' });
      else await expect(done).rejects.toMatchObject({ name: 'SignInRefused' });
      const later = gitlab(group).renew({ refresh });
      if (isIn) expect(await later).toMatchObject({ account: 'alice' });
      else await expect(later).rejects.toMatchObject({ name: 'UpstreamGone' });
    }
  });

  it('refuses who is blocked, and who has become somebody else', async () => {
    user = { username: 'alice', id: 7, state: 'blocked' };
    await expect(gitlab(undefined).complete(CODE, BINDING)).rejects.toMatchObject({ name: 'SignInRefused' });
    user = { username: 'alice', id: 8, state: 'active' };
    await expect(gitlab(undefined).renew({ refresh, subject: '7' })).rejects.toMatchObject({
      name: 'UpstreamGone',
    });
  });
});
