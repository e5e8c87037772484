import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Certificate, makeCertificate } from './certificates.ts';

/* GitHub, GitLab and Google, played by servers of this machine that answer as their documentation says. */

/** Where Google is; nothing of it can be configured. */
const GOOGLE = 'accounts.google.com';

/** By which each of them knows Berth. */
export const CLIENT = { id: 'berth at the platform', secret: 'a secret of the platform + &' };

/** Somebody with an account everywhere. */
export interface Member {
  readonly login: string;
  readonly id: number;
  readonly email: string;
  /** Of the organization `acme` at GitHub. */
  readonly teams: readonly string[];
  /** Full paths at GitLab. */
  readonly groups: readonly string[];
  /** The Workspace domain at Google. */
  readonly domain: string | undefined;
}

export interface Platforms {
  /** Base of GitHub (API below `/api/v3`) and GitLab (API below `/api/v4`). */
  readonly url: string;
  /** Who sits at the browser. */
  member: Member;
  /** What Berth needs to reach Google. */
  readonly env: Readonly<Record<string, string>>;
  /** What Chromium needs to. */
  readonly browserArguments: readonly string[];
  stop(): Promise<void>;
}

interface Asked {
  readonly url: URL;
  readonly form: URLSearchParams;
  readonly bearer: string | undefined;
}

type Answer = { readonly status?: number; readonly json?: unknown; readonly html?: string };
type Pages = Readonly<Record<string, (asked: Asked) => Answer | Promise<Answer>>>;

/** The codes and tokens of one platform: a code counts once, for its client, with the verifier of its challenge. */
class Grants {
  readonly #codes = new Map<string, { member: Member; challenge: string; nonce: string; redirect: string }>();
  readonly #tokens = new Map<string, Member>();

  /** The page that asks whether Berth may know who this is. */
  consent({ url }: Asked, member: Member, registered: string): Answer {
    const { searchParams: query } = url;
    const redirect = query.get('redirect_uri') ?? registered;
    if (query.get('client_id') !== CLIENT.id || redirect !== registered) return { status: 400, json: {} };
    if (query.get('code_challenge_method') !== 'S256') return { status: 400, json: {} };
    const code = randomBytes(12).toString('hex');
    const challenge = query.get('code_challenge') ?? '';
    this.#codes.set(code, { member, challenge, nonce: query.get('nonce') ?? '', redirect });
    const field = (name: string, value: string) => `<input type="hidden" name="${name}" value="${value}">`;
    const fields = `${field('code', code)}${field('state', query.get('state') ?? '')}`;
    const button = `<button type="submit">Authorize as ${member.login}</button>`;
    return { html: `<form action="${redirect}" method="get">${fields}${button}</form>` };
  }

  /** @returns undefined where the platform would refuse */
  exchange(form: URLSearchParams): { member: Member; token: string; nonce: string } | undefined {
    const found = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const isRight = found?.challenge === createHash('sha256').update(verifier).digest('base64url');
    if (found === undefined || !isRight || form.get('client_secret') !== CLIENT.secret) return undefined;
    if (![null, found.redirect].includes(form.get('redirect_uri'))) return undefined;
    const token = randomBytes(12).toString('hex');
    this.#tokens.set(token, found.member);
    return { member: found.member, token, nonce: found.nonce };
  }

  known({ bearer }: Asked, answer: (member: Member) => unknown): Answer {
    const member = this.#tokens.get(bearer ?? '');
    return member === undefined ? { status: 401, json: {} } : { json: answer(member) };
  }
}

const REFUSED: Answer = { status: 400, json: { error: 'invalid_grant' } };

function github(current: () => Member, redirect: string): Pages {
  const grants = new Grants();
  return {
    '/login/oauth/authorize': (asked) => grants.consent(asked, current(), redirect),
    '/login/oauth/access_token': ({ form }) => {
      const granted = grants.exchange(form);
      // GitHub says so with 200.
      if (granted === undefined) return { json: { error: 'bad_verification_code' } };
      return { json: { access_token: granted.token, token_type: 'bearer', scope: 'read:org,user:email' } };
    },
    '/api/v3/user': (asked) => grants.known(asked, ({ login, id }) => ({ login, id })),
    '/api/v3/user/memberships/orgs/acme': (asked) =>
      current().teams.length === 0
        ? { status: 404, json: {} }
        : grants.known(asked, () => ({ state: 'active' })),
    '/api/v3/user/teams': (asked) =>
      grants.known(asked, ({ teams }) =>
        teams.map((slug) => ({ slug, organization: { login: 'acme' }, parent: null })),
      ),
  };
}

function gitlab(current: () => Member, redirect: string): Pages {
  const grants = new Grants();
  return {
    '/oauth/authorize': (asked) => grants.consent(asked, current(), redirect),
    '/oauth/token': ({ form }) => {
      const granted = grants.exchange(form);
      if (granted === undefined) return REFUSED;
      return {
        json: { access_token: granted.token, token_type: 'Bearer', expires_in: 7200, refresh_token: 'r' },
      };
    },
    '/api/v4/user': (asked) =>
      grants.known(asked, ({ login, id }) => ({ username: login, id, state: 'active' })),
    '/api/v4/groups': (asked) =>
      grants.known(asked, ({ groups }) => groups.map((path) => ({ full_path: path }))),
  };
}

async function google(current: () => Member, redirect: string): Promise<Pages> {
  const grants = new Grants();
  const issuer = `https://${GOOGLE}`;
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'google', alg: 'RS256', use: 'sig' }];
  return {
    '/.well-known/openid-configuration': () => ({
      json: {
        ...{
          issuer,
          authorization_endpoint: `${issuer}/o/oauth2/v2/auth`,
          token_endpoint: `${issuer}/token`,
        },
        ...{ jwks_uri: `${issuer}/oauth2/v3/certs`, response_types_supported: ['code'] },
        token_endpoint_auth_methods_supported: ['client_secret_post'],
        id_token_signing_alg_values_supported: ['RS256'],
      },
    }),
    '/oauth2/v3/certs': () => ({ json: { keys } }),
    '/o/oauth2/v2/auth': (asked) => grants.consent(asked, current(), redirect),
    '/token': async ({ form }) => {
      const granted = grants.exchange(form);
      if (granted === undefined) return REFUSED;
      const { email, id, domain } = granted.member;
      const idToken = await new SignJWT({ email, email_verified: true, hd: domain, nonce: granted.nonce })
        .setProtectedHeader({ alg: 'RS256', kid: 'google' })
        .setIssuer(issuer)
        .setAudience(CLIENT.id)
        .setSubject(String(id))
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey);
      return {
        json: {
          ...{ access_token: granted.token, token_type: 'Bearer', expires_in: 3599, refresh_token: '1//r' },
          id_token: idToken,
        },
      };
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}

function answering(pages: Pages): RequestListener {
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://platform');
    const form = new URLSearchParams(await textOf(request));
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const answer = (await pages[url.pathname]?.({ url, form, bearer })) ?? { status: 404, json: {} };
    const { status = 200, json, html } = answer;
    response.writeHead(status, { 'Content-Type': html === undefined ? 'application/json' : 'text/html' });
    response.end(html ?? JSON.stringify(json));
  };
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Leads to Google's stand-in, by Google's own name, and nowhere else. */
function proxyTo(port: number): Server {
  const proxy = createServer();
  proxy.on('connect', (request: IncomingMessage, socket) => {
    if (request.url !== `${GOOGLE}:443`) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const there = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    for (const end of [there, socket]) end.on('error', () => [there, socket].map((each) => each.destroy()));
  });
  return proxy;
}

/** @param pages where each platform sends the browser back to, as it was registered there */
export async function startPlatforms(pages: {
  readonly github: string;
  readonly gitlab: string;
  readonly google: string;
}): Promise<Platforms> {
  let member: Member = { login: '', id: 0, email: '', teams: [], groups: [], domain: undefined };
  const current = () => member;
  const certificate: Certificate = await makeCertificate('EC P-256', `DNS:${GOOGLE}`);
  const git = createServer(answering({ ...github(current, pages.github), ...gitlab(current, pages.gitlab) }));
  const tls = { cert: certificate.certificate, key: certificate.key };
  const googles = createSecureServer(tls, answering(await google(current, pages.google)));
  const listen = (server: Server) =>
    new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  await Promise.all([listen(git), listen(googles)]);
  const proxy = proxyTo(portOf(googles));
  await listen(proxy);
  return {
    url: `http://127.0.0.1:${portOf(git)}`,
    get member() {
      return member;
    },
    set member(next) {
      member = next;
    },
    env: {
      NODE_EXTRA_CA_CERTS: certificate.certificateFile,
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`,
      NO_PROXY: '127.0.0.1',
    },
    browserArguments: [
      `--host-resolver-rules=MAP ${GOOGLE}:443 127.0.0.1:${portOf(googles)}`,
      '--ignore-certificate-errors',
    ],
    async stop() {
      for (const server of [git, googles]) server.closeAllConnections();
      for (const server of [git, googles, proxy]) server.close();
    },
  };
}
