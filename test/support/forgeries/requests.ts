import { head } from '../raw-http.ts';
import { attempt, bearer, type Forgery, withRequest } from './case.ts';
import { ACCESS, OTHER_REPOSITORY, REPOSITORY } from './forge.ts';

/* Good tokens in the wrong place, and more than one of them. */

const DIGEST = `sha256:${'0'.repeat(64)}`;
const BAD = 'Authorization: Bearer x.y.z';
const target = (line: string, ...headers: readonly string[]): string =>
  head(line, 'Content-Length: 0', ...headers);

export const REQUESTS: readonly Forgery[] = [
  withRequest('a good one', (_, token) => attempt(bearer(token)), {
    accepted: 'the others are made from it',
  }),
  withRequest('no token', () => [attempt(), attempt('Authorization:'), attempt('Authorization: Bearer')]),
  withRequest('the token in the address', (_, token) =>
    ['access_token', 'token', 'authorization', 'Authorization', 'bearer'].map((name) =>
      target(`POST /v2/${REPOSITORY}/blobs/uploads/?${name}=${token}`),
    ),
  ),
  withRequest('the token in a form', (_, token) => {
    const form = `access_token=${token}`;
    return `${head(
      `POST /v2/${REPOSITORY}/blobs/uploads/`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${form.length}`,
    )}${form}`;
  }),
  withRequest('the token in another header', (_, token) =>
    ['Proxy-Authorization: Bearer ', 'X-Authorization: Bearer ', 'Cookie: token=', 'X-Registry-Auth: '].map(
      (name) => attempt(`${name}${token}`),
    ),
  ),
  withRequest(
    'the scheme in other letters',
    (_, token) =>
      ['bearer', 'BEARER', 'bEaReR'].map((scheme) => attempt(`Authorization: ${scheme} ${token}`)),
    { accepted: 'RFC 9110, section 11.1: "a case-insensitive token"' },
  ),
  withRequest('two spaces behind the scheme', (_, token) => attempt(`Authorization: Bearer  ${token}`), {
    accepted: 'RFC 9110, section 11.4: "1*SP"',
    real: { accepts: false, why: 'registry:2 splits at each space' },
  }),
  withRequest('another scheme, or none', (_, token) =>
    [
      token,
      `Token ${token}`,
      `JWT ${token}`,
      `Bearer${token}`,
      `Bearer,${token}`,
      `Bearer\t${token}`,
      `Bearer=${token}`,
    ].map((value) => attempt(`Authorization: ${value}`)),
  ),
  withRequest('the token in quotes, named, or with something behind it', (_, token) =>
    [
      `"${token}"`,
      `token=${token}`,
      `${token} x`,
      `${token};x`,
      `${token}, x`,
      `${token}%00`,
      `<${token}>`,
    ].map((value) => attempt(`Authorization: Bearer ${value}`)),
  ),
  withRequest('two tokens in one header', (_, token) =>
    [`Bearer ${token}, Bearer x.y.z`, `Bearer x.y.z, Bearer ${token}`, `Bearer x.y.z,${token}`].map((value) =>
      attempt(`Authorization: ${value}`),
    ),
  ),
  withRequest('Basic and Bearer in one header', (_, token) =>
    [`Basic YTpi, Bearer ${token}`, `Bearer ${token}, Basic YTpi`, `Basic ${token}`].map((value) =>
      attempt(`Authorization: ${value}`),
    ),
  ),
  withRequest('the token as the password of Basic', (_, token) =>
    ['', 'token', '<token>', 'oauth2accesstoken', token].map((user) =>
      attempt(`Authorization: Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`),
    ),
  ),
  withRequest('two Authorization headers, the good one last', (_, token) => [
    attempt(BAD, bearer(token)),
    attempt('Authorization: Basic YTpi', bearer(token)),
    attempt('authorization: Bearer', bearer(token)),
  ]),
  withRequest(
    'two Authorization headers, the good one first',
    (_, token) => [attempt(bearer(token), BAD), attempt(bearer(token), 'Authorization: Basic YTpi')],
    { accepted: 'the first one counts, as with registry:2; what is behind it opens nothing' },
  ),
  withRequest('a header line that HTTP does not allow', (_, token) => [
    attempt(`Authorization : Bearer ${token}`),
    attempt(`Authorization: Bearer ${token}\u0000`),
    attempt(`Authorization\u0000: Bearer ${token}`),
    attempt(`X: y\rAuthorization: Bearer ${token}`),
  ]),
  withRequest('a header line that is folded', (_, token) => attempt(`Authorization: Bearer\r\n ${token}`), {
    real: { accepts: true, why: 'Go unfolds it; RFC 9112, section 5.2 lets a server refuse it' },
  }),
  withRequest('a token of 20,000 characters', (forge) =>
    attempt(bearer(`${forge.signed()}${'A'.repeat(20_000)}`)),
  ),
  withRequest(
    'a header of 40,000 characters',
    (forge) => attempt(bearer(`${forge.signed()}${'A'.repeat(40_000)}`)),
    {
      status: 431,
    },
  ),
  withRequest('a token for one repository at another', (forge) => {
    const token = bearer(
      forge.signed({ access: [{ type: 'repository', name: REPOSITORY, actions: ['*'] }] }),
    );
    const at = `/v2/${OTHER_REPOSITORY}`;
    return [
      ...[`GET ${at}/tags/list`, `GET ${at}/manifests/v1`, `GET ${at}/blobs/${DIGEST}`],
      ...[`DELETE ${at}/manifests/${DIGEST}`, `DELETE ${at}/blobs/${DIGEST}`, `POST ${at}/blobs/uploads/`],
      ...['GET /v2/_catalog', `PUT ${at}/manifests/v1`, `PATCH ${at}/blobs/uploads/x`],
      ...[`GET /v2/${OTHER_REPOSITORY}/tags/list?name=${REPOSITORY}`, `GET /v2/${REPOSITORY}2/tags/list`],
    ].map((line) => target(line, token));
  }),
  withRequest('a mount from a repository that the token does not let pull from', (forge) =>
    [
      `?mount=${DIGEST}&from=${OTHER_REPOSITORY}`,
      `?from=${OTHER_REPOSITORY}&mount=${DIGEST}`,
      `?mount=${DIGEST}&from=${OTHER_REPOSITORY}&from=${REPOSITORY}`,
    ].flatMap((query) =>
      [ACCESS, [...ACCESS, { type: 'repository', name: OTHER_REPOSITORY, actions: ['push', 'delete'] }]].map(
        (access) => target(`POST /v2/${REPOSITORY}/blobs/uploads/${query}`, bearer(forge.signed({ access }))),
      ),
    ),
  ),
  withRequest('a token that lets pull, for what it takes more', (forge) => {
    const token = bearer(
      forge.signed({ access: [{ type: 'repository', name: REPOSITORY, actions: ['pull'] }] }),
    );
    const at = `/v2/${REPOSITORY}`;
    return [
      ...[`POST ${at}/blobs/uploads/`, `PUT ${at}/manifests/v1`, `DELETE ${at}/manifests/${DIGEST}`],
      ...[`DELETE ${at}/blobs/${DIGEST}`, `POST ${at}/blobs/uploads/?_method=GET`],
    ].flatMap((line) => [
      target(line, token),
      target(line, token, 'X-HTTP-Method-Override: GET', 'X-Original-Method: GET'),
    ]);
  }),
  withRequest('the catalog with less than its action', (forge) =>
    [
      [{ type: 'registry', name: 'catalog', actions: ['pull', 'push'] }],
      [{ type: 'repository', name: 'catalog', actions: ['*'] }],
      [{ type: 'registry', name: '*', actions: ['*'] }],
      [{ type: 'registry(plugin)', name: 'catalog', actions: ['*'] }],
    ].map((access) => target('GET /v2/_catalog', bearer(forge.signed({ access })))),
  ),
  withRequest('what the same service gives out, and is no token of a registry', ({ trusted }) =>
    ['dckr_pat_x', ...Object.values(trusted.otherSecrets ?? {})].map((secret) => attempt(bearer(secret))),
  ),
];
