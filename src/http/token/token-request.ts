import type { Credentials } from '../../auth/identity/provider.ts';
import type { TokenRequest } from '../../auth/token-service.ts';
import { RegistryError } from '../../errors.ts';
import { parseScopes } from '../../oci/scope.ts';
import { type HttpRequest, readBody } from '../message.ts';

const MAX_FORM_BYTES = 64 * 1024;
const MAX_SCOPES = 100;
const MAX_CREDENTIAL_CHARACTERS = 1024;

function refuse(message: string): never {
  throw new RegistryError('REQUEST_INVALID', { message });
}

/** RFC 7617: the part before the first colon is the user. */
function basicCredentials(header: string | undefined): Credentials | undefined {
  const encoded = header === undefined ? undefined : /^basic +(\S+)$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1)
    return refuse('the Authorization header is malformed: it has to be Basic base64(user:password)');
  return { account: text.slice(0, colon), password: text.slice(colon + 1) };
}

function formCredentials(form: URLSearchParams): Credentials | undefined {
  const grant = form.get('grant_type');
  if (grant !== null && grant !== 'password') {
    return refuse(`the grant type ${JSON.stringify(grant.slice(0, 50))} is not supported; use "password"`);
  }
  const account = form.get('username') ?? '';
  const password = form.get('password') ?? '';
  return account === '' || password === '' ? undefined : { account, password };
}

async function parametersOf(request: HttpRequest): Promise<URLSearchParams> {
  if (request.method !== 'POST') return request.query;
  const bytes = await readBody(request.body, MAX_FORM_BYTES);
  if (bytes === undefined) return refuse(`the form is larger than ${MAX_FORM_BYTES} bytes`);
  const form = new URLSearchParams(Buffer.from(bytes).toString('utf8'));
  for (const [name, value] of request.query) form.append(name, value);
  return form;
}

/**
 * Reads a token request: GET with Basic (distribution, spec/auth/token.md), or POST with a form (spec/auth/oauth.md),
 * with docker_auth's rules for what stands in several places at once.
 * @throws RegistryError REQUEST_INVALID
 * @throws InvalidValueError kind `scope`
 */
export async function readTokenRequest(
  request: HttpRequest,
): Promise<TokenRequest & { claimsAccount: boolean }> {
  const parameters = await parametersOf(request);
  const basic = basicCredentials(request.headers['authorization']);
  const credentials = basic ?? (request.method === 'POST' ? formCredentials(parameters) : undefined);
  const account = parameters.get('account') ?? '';
  if (basic !== undefined && account !== '' && account !== basic.account) {
    return refuse('user and account are not the same');
  }
  if (credentials !== undefined && longest(credentials) > MAX_CREDENTIAL_CHARACTERS) {
    return refuse(`user name and password may have ${MAX_CREDENTIAL_CHARACTERS} characters each`);
  }
  const scopes = parseScopes(parameters.getAll('scope'));
  if (scopes.length > MAX_SCOPES) return refuse(`more than ${MAX_SCOPES} scopes were asked for at once`);
  return {
    credentials,
    service: parameters.get('service') ?? '',
    scopes,
    address: request.remoteAddress,
    claimsAccount: account !== '',
  };
}

function longest({ account, password }: Credentials): number {
  return Math.max(account.length, password.length);
}
