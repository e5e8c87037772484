import type { SignIn } from '../../auth/login/sign-in.ts';
import { SignInRefused, UpstreamUnavailable } from '../../auth/login/upstream/upstream.ts';
import { TooManyLogins } from '../../auth/slots.ts';
import type { Logger } from '../../ports.ts';
import type { Endpoint } from '../app.ts';
import { type HttpRequest, type Reply, readBody } from '../message.ts';
import { failurePage, signedInPage, startPage } from './pages.ts';
import { clearTicketCookie, ticketCookie, ticketIn } from './ticket-cookie.ts';

const MAX_FORM_BYTES = 16 * 1024;

/** The page on which somebody signs in. */
export interface SignInPageOptions {
  readonly signIn: SignIn;
  /** As `docker login` takes it. */
  readonly registry: string;
  /** Whether the page is reached by HTTPS for certain; otherwise each request says so of itself. */
  readonly isHttps: boolean;
  readonly log: Logger;
}

/**
 * `/oidc_auth` and its like: a page to begin at, the way to the identity provider and back, and the password. The state of
 * a sign-in lives in a cookie of the browser, so that any replica can end what another began.
 */
export function signInEndpoint(options: SignInPageOptions): Endpoint {
  return {
    name: 'sign-in',
    methods: ['GET', 'HEAD', 'POST'],
    handle: (request) => answer(options, request).catch((error: unknown) => failure(options, error)),
  };
}

async function answer(options: SignInPageOptions, request: HttpRequest): Promise<Reply> {
  const { query } = request;
  if (request.method === 'POST') return revoke(options, request);
  // Whoever only looks at a link must not use it up.
  if (request.method === 'HEAD') return startPage(options.signIn.title);
  if (query.has('state') || query.has('code') || query.has('error')) return complete(options, request);
  return query.has('begin') ? begin(options, request) : startPage(options.signIn.title);
}

async function begin({ signIn, isHttps }: SignInPageOptions, request: HttpRequest): Promise<Reply> {
  const { url, state, ticket } = await signIn.begin();
  return {
    status: 302,
    headers: {
      Location: url.href,
      'Set-Cookie': ticketCookie(state, ticket, isHttps || isSecure(request)),
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
    },
    body: '',
  };
}

async function complete(options: SignInPageOptions, request: HttpRequest): Promise<Reply> {
  const { signIn, registry, isHttps } = options;
  const state = request.query.get('state') ?? '';
  const ticket = ticketIn(request.headers['cookie'], state);
  const headers = { 'Set-Cookie': clearTicketCookie(state, isHttps || isSecure(request)) };
  return signedInPage(
    await signIn.complete(request.query, ticket, request.remoteAddress),
    signIn.title,
    registry,
    headers,
  );
}

async function revoke({ signIn, registry }: SignInPageOptions, request: HttpRequest): Promise<Reply> {
  const bytes = await readBody(request.body, MAX_FORM_BYTES);
  const form = new URLSearchParams(Buffer.from(bytes ?? []).toString('utf8'));
  return signedInPage(await signIn.revoke(form.get('revoke') ?? ''), signIn.title, registry, {});
}

function failure({ signIn, log }: SignInPageOptions, error: unknown): Reply {
  if (error instanceof SignInRefused) {
    log.info('a sign-in was refused', { provider: signIn.title, reason: error.message });
    return failurePage(403, error.message);
  }
  if (error instanceof TooManyLogins) {
    return failurePage(429, `Not now: ${error.message}.`, { 'Retry-After': String(error.retryAfterSeconds) });
  }
  if (!(error instanceof UpstreamUnavailable)) throw error;
  log.error('nobody can sign in: the identity provider cannot be asked', {
    ...{ provider: signIn.title, reason: error.message },
  });
  const message = `${signIn.title} cannot be reached now, or does not accept this registry. Try again later.`;
  return failurePage(503, message, { 'Retry-After': '30' });
}

function isSecure({ forwarded, isEncrypted }: HttpRequest): boolean {
  return (forwarded?.scheme ?? (isEncrypted ? 'https' : 'http')) === 'https';
}

/** `/` where there is a page to sign in on. Relative, so that it is right below any prefix. */
export function signInRedirect(path: string): Endpoint {
  return {
    methods: ['GET', 'HEAD'],
    handle: async () => ({
      status: 302,
      headers: { Location: path.slice(1), 'Cache-Control': 'no-store' },
      body: '',
    }),
  };
}
