import type { Credentials } from '../../auth/identity/provider.ts';
import type { TokenRequest } from '../../auth/token-service.ts';
import { RegistryError } from '../../errors.ts';
import { parseScopes } from '../../oci/scope.ts';
import { basicCredentials, isTooLong, MAX_CREDENTIAL_CHARACTERS } from '../basic-credentials.ts';
import { type HttpRequest, readBody } from '../message.ts';

const MAX_FORM_BYTES = 64 * 1024;
const MAX_SCOPES = 100;

function refuse(message: string): never {
  throw new RegistryError('REQUEST_INVALID', { message });
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
  if (basic === 'malformed') {
    return refuse('the Authorization header is malformed: it has to be Basic base64(user:password)');
  }
  const credentials = basic ?? (request.method === 'POST' ? formCredentials(parameters) : undefined);
  const account = parameters.get('account') ?? '';
  if (basic !== undefined && account !== '' && account !== basic.account) {
    return refuse('user and account are not the same');
  }
  if (credentials !== undefined && isTooLong(credentials)) {
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
