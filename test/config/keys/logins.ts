import type { LoginSettings } from '../../../src/config/login-schema.ts';
import { Secret } from '../../../src/config/secret.ts';
import type { KeyCase, KeyCases } from './case.ts';

/* docker_auth's sections about logins by a browser. */

/** What each section has to have, by key. */
const NEEDED = {
  oidc_auth: {
    issuer: 'https://id.example.com',
    redirect_url: 'https://berth.example.com/oidc_auth',
    client_id: 'berth',
    client_secret: 'secret',
  },
  github_auth: { client_id: 'berth', client_secret: 'secret' },
  gitlab_auth: {
    client_id: 'berth',
    client_secret: 'secret',
    redirect_uri: 'https://berth.example.com/gitlab_auth',
  },
  google_auth: {
    client_id: 'berth',
    client_secret: 'secret',
    redirect_url: 'https://berth.example.com/google_auth',
  },
} as const;

type Section = keyof typeof NEEDED;

function login(
  section: Section,
  written: Readonly<Record<string, unknown>>,
  setting: (settings: LoginSettings) => unknown,
  is: unknown,
): KeyCase {
  const whole: Record<string, unknown> = { ...NEEDED[section], ...written };
  if ('client_secret_file' in written) delete whole['client_secret'];
  return {
    yaml: `auth: {builtin: {${section}: ${JSON.stringify(whole)}}}`,
    setting: ({ auth }) => {
      const settings = auth.kind === 'builtin' ? auth.settings[section] : undefined;
      return settings && setting(settings);
    },
    is,
    // A key of Berth's own, in this dialect.
    verdict: 'works-differently',
  };
}

/** The same for a key that becomes a property of another name as it is. */
function plain(
  section: Section,
  key: string,
  property: string,
  value: unknown,
  is: unknown = value,
): KeyCase {
  return login(section, { [key]: value }, (settings) => Reflect.get(settings, property), is);
}

function redis(section: Section): KeyCases {
  const cases = [
    ['redis_options', 'addr', 'r.example.com:6379', 'addresses', ['r.example.com:6379']],
    ['redis_options', 'network', 'unix', 'isSocket', true],
    ['redis_options', 'db', 3, 'database', 3],
    ['redis_options', 'username', 'berth', 'username', 'berth'],
    ['redis_options', 'password', 'secret', 'password', 'secret'],
    ['redis_options', 'dialtimeout', '1s', 'connectTimeoutMs', 1_000],
    ['redis_options', 'readtimeout', '2s', 'timeoutMs', 2_000],
    ['redis_options', 'tlsconfig.servername', 'r', 'tls', { serverName: 'r', isUnverified: false }],
    ['redis_options', 'tlsconfig.insecureskipverify', true, 'tls', { isUnverified: true }],
    ['redis_cluster_options', 'addrs', ['a:1', 'b:2'], 'addresses', ['a:1', 'b:2']],
    ['redis_cluster_options', 'username', 'berth', 'username', 'berth'],
    ['redis_cluster_options', 'password', 'secret', 'password', 'secret'],
    ['redis_cluster_options', 'dialtimeout', '1s', 'connectTimeoutMs', 1_000],
    ['redis_cluster_options', 'readtimeout', '2s', 'timeoutMs', 2_000],
    ['redis_cluster_options', 'tlsconfig.servername', 'r', 'tls', { serverName: 'r', isUnverified: false }],
    ['redis_cluster_options', 'tlsconfig.insecureskipverify', true, 'tls', { isUnverified: true }],
  ] as const;
  return Object.fromEntries(
    cases.map(([options, key, value, property, is]) => {
      const [outer = '', inner] = key.split('.');
      const written = {
        ...(options === 'redis_cluster_options' && { addrs: ['x:1'] }),
        [outer]: inner === undefined ? value : { [inner]: value },
      };
      const setting = ({ database }: LoginSettings): unknown => {
        const found: unknown = Reflect.get(database, property);
        return found instanceof Secret ? found.reveal() : found;
      };
      return [
        `redis_token_db.${options}.${key}`,
        login(section, { redis_token_db: { [options]: written } }, setting, is),
      ];
    }),
  );
}

function gcs(section: Section): KeyCases {
  const whole = { bucket: 'acme-logins', client_secret_file: '/etc/berth/gcs.json' };
  const one = (property: string, is: string): KeyCase =>
    login(section, { gcs_token_db: whole }, ({ database }) => Reflect.get(database, property), is);
  return {
    'gcs_token_db.bucket': one('bucket', whole.bucket),
    'gcs_token_db.client_secret_file': one('keyFile', whole.client_secret_file),
  };
}

function common(section: Section): KeyCases {
  return Object.fromEntries(
    Object.entries({
      client_id: plain(section, 'client_id', 'clientId', 'other'),
      client_secret: login(
        section,
        { client_secret: 'other' },
        ({ clientSecret }) => clientSecret?.reveal(),
        'other',
      ),
      client_secret_file: plain(section, 'client_secret_file', 'clientSecretFile', '/etc/secret'),
      'level_token_db.path': login(
        section,
        { level_token_db: { path: '/var/tokens.ldb' } },
        ({ database }) => Reflect.get(database, 'path'),
        '/var/tokens.ldb',
      ),
      ...redis(section),
      ...gcs(section),
      http_timeout: plain(section, 'http_timeout', 'httpTimeoutMs', 7, 7_000),
      registry_url: plain(
        section,
        'registry_url',
        'registryUrl',
        'https://r.example.com:5000/',
        'r.example.com:5000',
      ),
      revalidate_after: plain(section, 'revalidate_after', 'revalidateAfterMs', '5m', 300_000),
      password_lifetime: plain(section, 'password_lifetime', 'passwordLifetimeMs', '24h', 86_400_000),
    }).map(([key, value]) => [`auth.builtin.${section}.${key}`, value]),
  );
}

const own =
  (section: Section) =>
  (key: string, property: string, value: unknown): KeyCases => ({
    [`auth.builtin.${section}.${key}`]: plain(section, key, property, value),
  });

const oidc = own('oidc_auth');
const github = own('github_auth');
const gitlab = own('gitlab_auth');
const google = own('google_auth');

export const loginKeys: KeyCases = {
  ...common('oidc_auth'),
  ...oidc('issuer', 'issuer', 'https://other.example.com'),
  ...oidc('redirect_url', 'redirectUrl', 'https://other.example.com/registry/oidc_auth'),
  ...oidc('user_claim', 'userClaim', 'preferred_username'),
  ...oidc('scopes', 'scopes', ['openid', 'groups']),
  ...oidc('labels_claims', 'labelClaims', ['groups', 'title']),
  ...oidc('label_claims', 'labelClaims', ['groups', 'title']),
  ...oidc('accept_unverified_email', 'acceptUnverifiedEmail', true),
  ...oidc('prompt', 'prompt', 'consent'),
  ...common('github_auth'),
  ...github('organization', 'organization', 'acme'),
  ...github('github_web_uri', 'webUrl', 'https://github.example.com'),
  ...github('github_api_uri', 'apiUrl', 'https://github.example.com/api/v3'),
  ...common('gitlab_auth'),
  ...gitlab('organization', 'organization', 'acme/platform'),
  ...gitlab('gitlab_web_uri', 'webUrl', 'https://gitlab.example.com'),
  ...gitlab('gitlab_api_uri', 'apiUrl', 'https://gitlab.example.com/api/v4'),
  ...gitlab('grant_type', 'grantType', 'authorization_code'),
  ...gitlab('redirect_uri', 'redirectUrl', 'https://other.example.com/gitlab_auth'),
  ...common('google_auth'),
  ...google('domain', 'domain', 'example.com'),
  ...google('redirect_url', 'redirectUrl', 'https://other.example.com/google_auth'),
};
