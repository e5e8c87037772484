import type { Credentials } from '../../auth/identity/provider.ts';
import type { TokenRequest } from '../../auth/token-service.ts';
import { RegistryError } from '../../errors.ts';
import { parseScopes } from '../../oci/scope.ts';
import {
  basicCredentials,
  isTooLong,
  MAX_ASSERTION_CHARACTERS,
  MAX_CREDENTIAL_CHARACTERS,
} from '../basic-credentials.ts';
import { type HttpRequest, readBody } from '../message.ts';

const MAX_FORM_BYTES = 64 * 1024;
const MAX_SCOPES = 100;

function refuse(message: string): never {
  throw new RegistryError('REQUEST_INVALID', { message });
}

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** RFC 8693, section 3. */
const ASSERTION_TYPES: readonly (string | null)[] = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
];

type Grant = 'password' | 'refresh_token' | typeof EXCHANGE;
const GRANTS: readonly string[] = ['password', 'refresh_token', EXCHANGE] satisfies Grant[];

function grantOf(form: URLSearchParams): Grant {
  const grant = form.get('grant_type') ?? 'password';
  if (GRANTS.includes(grant)) return grant as Grant;
  return refuse(
    `the grant type ${JSON.stringify(grant.slice(0, 50))} is not supported; use ${GRANTS.join(' or ')}`,
  );
}

/** RFC 6749, section 2.3.1, as below: what stands in the address is in logs on the way. */
function formCredentials(form: URLSearchParams, query: URLSearchParams): Credentials | undefined {
  if (query.has('password')) return refuse('a password belongs into the form, not into the address');
  const account = form.get('username') ?? '';
  const password = form.get('password') ?? '';
  return account === '' || password === '' ? undefined : { account, password };
}

/** RFC 6749, section 6. Whoever sends a password beside it leaves open who is meant. */
function refreshTokenOf(
  form: URLSearchParams,
  basic: Credentials | undefined,
  query: URLSearchParams,
): string {
  // RFC 6749, section 2.3.1: "The parameters … MUST NOT be included in the request URI". URIs are logged.
  if (query.has('refresh_token'))
    return refuse('a refresh token belongs into the form, not into the address');
  const token = form.get('refresh_token') ?? '';
  if (token === '') return refuse('the grant type refresh_token needs a refresh_token');
  if (token.length > MAX_CREDENTIAL_CHARACTERS) return refuse('the refresh token is too long');
  if (basic !== undefined || form.has('password')) {
    return refuse('a password and a refresh token came together; send one of them');
  }
  return token;
}

/** RFC 8693, section 2.1. */
function assertionOf(form: URLSearchParams, basic: Credentials | undefined, query: URLSearchParams): string {
  if (query.has('subject_token')) return refuse('a token belongs into the form, not into the address');
  const token = form.get('subject_token') ?? '';
  if (token === '') return refuse('the token exchange needs a subject_token');
  if (token.length > MAX_ASSERTION_CHARACTERS) return refuse('the subject_token is too long');
  if (!ASSERTION_TYPES.includes(form.get('subject_token_type'))) {
    return refuse(`the subject_token_type has to be ${ASSERTION_TYPES.join(' or ')}`);
  }
  if (form.has('actor_token')) return refuse('nobody can act for another here: leave out actor_token');
  if (basic !== undefined || form.has('password')) {
    return refuse('a password and a subject_token came together; send one of them');
  }
  return token;
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
): Promise<TokenRequest & { claimedAccount: string }> {
  const parameters = await parametersOf(request);
  const basic = basicCredentials(request.headers['authorization']);
  if (basic === 'malformed') {
    return refuse('the Authorization header is malformed: it has to be Basic base64(user:password)');
  }
  const isForm = request.method === 'POST';
  const grant = isForm ? grantOf(parameters) : 'password';
  const refreshToken =
    grant === 'refresh_token' ? refreshTokenOf(parameters, basic, request.query) : undefined;
  const assertion = grant === EXCHANGE ? assertionOf(parameters, basic, request.query) : undefined;
  const credentials =
    grant === 'password'
      ? (basic ?? (isForm ? formCredentials(parameters, request.query) : undefined))
      : undefined;
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
    refreshToken,
    assertion,
    // spec/auth/token.md for GET, spec/auth/oauth.md for POST.
    wantsRefreshToken:
      parameters.get('offline_token') === 'true' || parameters.get('access_type') === 'offline',
    clientId: parameters.get('client_id') ?? '',
    // "audience" is what the token exchange calls it.
    service: parameters.get('service') ?? (assertion === undefined ? null : parameters.get('audience')) ?? '',
    scopes,
    address: request.remoteAddress,
    claimedAccount: account,
  };
}
