import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ADMIN, basic, ISSUER, SERVICE, TEST } from './accounts.ts';
import type { Certificate } from './certificates.ts';
import { type Access, signToken, type TokenForm } from './jwt.ts';

/** A token service of the test bed, which shares no line with Berth's. */
export interface Issuer {
  /** where clients ask for tokens */
  readonly realm: string;
  /** one line a request */
  log(): string;
  stop(): Promise<void>;
}

/** The claims of a token that is good for five minutes. */
export function claims(account: string, access: readonly Access[], form: TokenForm): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: ISSUER,
    sub: account,
    aud: form.audience === 'list' ? [SERVICE] : SERVICE,
    exp: now + 300,
    nbf: now - 10,
    iat: now,
    jti: String(Math.random()).slice(2),
    access,
  };
}

/** Answers over TLS with the certificate that also signs, as docker_auth does; rules as in simple.yml. */
export async function startIssuer(certificate: Certificate, form: TokenForm, tls = true): Promise<Issuer> {
  const lines: string[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://issuer');
    const account = [ADMIN, TEST].find((known) => request.headers.authorization === basic(known))?.account;
    const scopes = url.searchParams.getAll('scope').flatMap((value) => value.split(' '));
    const access = scopes.filter((scope) => scope !== '').map((scope) => granted(account, scope));
    const status = url.pathname !== '/auth' ? 404 : account === undefined ? 401 : 200;
    lines.push(`${request.method} ${request.url} ${account ?? '-'} ${status} ${JSON.stringify(access)}`);
    response.statusCode = status;
    if (account === undefined || status !== 200) {
      response.setHeader('WWW-Authenticate', `Basic realm="${ISSUER}"`);
      response.end(status === 401 ? 'Auth failed.' : 'Not found');
      return;
    }
    const token = signToken(certificate, form, claims(account, access, form));
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ access_token: token, token }));
  };
  const server = tls
    ? createSecureServer({ key: certificate.key, cert: certificate.certificate }, handle)
    : createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    realm: `${tls ? 'https' : 'http'}://localhost:${port}/auth`,
    log: () => lines.join('\n'),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function granted(account: string | undefined, scope: string): Access {
  const [type = '', name = '', wanted = ''] = scope.split(':');
  const actions = wanted.split(',').filter((action) => account === 'admin' || action === 'pull');
  return { type, name, actions: account === undefined ? [] : actions };
}
