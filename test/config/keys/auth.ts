import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import { type KeyCase, type KeyCases, ONLY_3 } from './case.ts';

const TOKEN = 'realm: https://auth.example.com/auth, service: s, issuer: i, rootcertbundle: /ssl/bundle.pem';

/** A parameter of `auth.token`, in the place of the one in `TOKEN` or beside it. */
function token(name: string, value: string, setting: string, is: unknown): KeyCase {
  const others = TOKEN.split(', ').filter((pair) => !pair.startsWith(`${name}:`));
  return {
    yaml: `auth: {token: {${[...others, `${name}: ${value}`].join(', ')}}}`,
    setting: ({ auth }) => (auth.kind === 'token' ? Reflect.get(auth, setting) : undefined),
    is,
    wrong: [
      `auth: {token: {${[...others, `${name}: [x]`].join(', ')}}}`,
      new RegExp(`auth\\.token\\.${name}`),
    ],
  };
}

/** A parameter of `auth.htpasswd` or `auth.silly` beside the others that it needs. */
function parameter(kind: 'htpasswd' | 'silly', others: string, name: string, value: string): KeyCase {
  return {
    yaml: `auth: {${kind}: {${others}, ${name}: ${value}}}`,
    setting: ({ auth }) => (auth.kind === kind ? Reflect.get(auth, name) : undefined),
    is: value,
    wrong: [`auth: {${kind}: {${others}, ${name}: [x]}}`, new RegExp(`auth\\.${kind}\\.${name}`)],
  };
}

const HASH = `$2y$10$${'x'.repeat(53)}`;

function builtin(yaml: string, setting: (settings: Builtin) => unknown, is: unknown): KeyCase {
  return {
    yaml: `auth: {builtin: {${yaml}}}`,
    setting: ({ auth }) => (auth.kind === 'builtin' ? setting(auth.settings) : undefined),
    is,
  };
}

type Builtin = Extract<RegistryConfig['auth'], { kind: 'builtin' }>['settings'];

function match(name: string, value: unknown): KeyCase {
  const rule = `{match: {${name}: ${JSON.stringify(value)}}, actions: [pull]}`;
  return builtin(`acl: [${rule}]`, ({ acl }) => plain(Reflect.get(acl?.[0]?.match ?? {}, name)), value);
}

const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);

export const authKeys: KeyCases = {
  'auth.none': {
    yaml: 'auth: none',
    setting: (config) => config.auth.kind,
    is: 'none',
    isDefault: true,
    wrong: ['auth: nobody', /unknown key "nobody" under "auth"/],
  },
  'auth.token.realm': token('realm', 'https://a.example.com', 'realm', 'https://a.example.com'),
  'auth.token.service': token('service', 'Docker registry', 'service', 'Docker registry'),
  'auth.token.issuer': token('issuer', 'Acme auth server', 'issuer', 'Acme auth server'),
  'auth.token.rootcertbundle': token('rootcertbundle', '/ssl/other.pem', 'rootCertBundle', '/ssl/other.pem'),
  'auth.token.jwks': { ...token('jwks', '/ssl/keys.json', 'jwks', '/ssl/keys.json'), verdict: ONLY_3 },
  'auth.token.signingalgorithms': {
    ...token('signingalgorithms', '[RS256, ES256]', 'signingAlgorithms', ['RS256', 'ES256']),
    verdict: ONLY_3,
    wrong: [`auth: {token: {${TOKEN}, signingalgorithms: [RS255]}}`, /auth\.token\.signingalgorithms/],
  },
  'auth.htpasswd.realm': parameter('htpasswd', 'path: /passwords', 'realm', 'Registry'),
  'auth.htpasswd.path': parameter('htpasswd', 'realm: r', 'path', '/passwords'),
  'auth.htpasswd.anonymous': parameter('htpasswd', 'realm: r, path: /passwords', 'anonymous', 'pull'),
  'auth.silly.realm': parameter('silly', 'service: s', 'realm', 'https://auth.example.com/'),
  'auth.silly.service': parameter('silly', 'realm: r', 'service', 'silly service'),
  'auth.token.autoredirect': token('autoredirect', 'true', 'autoRedirect', true),
  'auth.token.autoredirectpath': token('autoredirectpath', '/auth', 'autoRedirectPath', '/auth'),
  'auth.builtin.users.<name>.password': builtin(
    `users: {alice: {password: "${HASH}"}}`,
    ({ users }) => users?.get('alice')?.password?.reveal(),
    HASH,
  ),
  'auth.builtin.users.<name>.labels': builtin(
    `users: {alice: {password: "${HASH}", labels: {team: [a, b]}}}`,
    ({ users }) => users?.get('alice')?.labels.get('team'),
    ['a', 'b'],
  ),
  'auth.builtin.acl[].match.account': match('account', 'alice'),
  'auth.builtin.acl[].match.type': match('type', 'repository'),
  'auth.builtin.acl[].match.name': match('name', 'team/*'),
  'auth.builtin.acl[].match.service': match('service', 'berth'),
  'auth.builtin.acl[].match.ip': match('ip', '10.0.0.0/8'),
  'auth.builtin.acl[].match.labels': match('labels', { team: 'a' }),
  'auth.builtin.acl[].actions': builtin(
    'acl: [{match: {}, actions: [pull, push]}]',
    ({ acl }) => acl?.[0]?.actions,
    ['pull', 'push'],
  ),
  'auth.builtin.acl[].comment': builtin(
    'acl: [{match: {}, actions: [], comment: no}]',
    ({ acl }) => acl?.[0]?.comment,
    'no',
  ),
  'auth.builtin.token.issuer': builtin('token: {issuer: me}', ({ token: { issuer } }) => issuer, 'me'),
  'auth.builtin.token.expiration': builtin(
    'token: {expiration: 60}',
    ({ token: { expirationSeconds } }) => expirationSeconds,
    60,
  ),
  'auth.builtin.token.certificate': builtin(
    'token: {certificate: /c.pem, key: /k.pem}',
    ({ token: { certificate } }) => certificate,
    '/c.pem',
  ),
  'auth.builtin.token.key': builtin(
    'token: {certificate: /c.pem, key: /k.pem}',
    ({ token: { key } }) => key,
    '/k.pem',
  ),
  'auth.builtin.token.disable_legacy_key_id': builtin(
    'token: {disable_legacy_key_id: true}',
    ({ token: { disableLegacyKeyId } }) => disableLegacyKeyId,
    true,
  ),
  'auth.builtin.token.x5c': builtin('token: {x5c: false}', ({ token: { x5c } }) => x5c, false),
};
