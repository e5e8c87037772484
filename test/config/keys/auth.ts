import type { DialInfo } from '../../../src/config/mongo-schema.ts';
import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import { Secret } from '../../../src/config/secret.ts';
import type { KeyCase, KeyCases } from './case.ts';

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

/** A parameter of `auth.htpasswd` or `auth.silly`. */
function ofKind(kind: 'htpasswd' | 'silly', yaml: string, setting: string, is: unknown): KeyCase {
  return {
    yaml: `auth: {${kind}: {${yaml}}}`,
    setting: ({ auth }) => (auth.kind === kind ? Reflect.get(auth, setting) : undefined),
    is,
  };
}

const HASH = `$2y$10$${'x'.repeat(53)}`;

export function builtin(yaml: string, setting: (settings: Builtin) => unknown, is: unknown): KeyCase {
  return {
    yaml: `auth: {builtin: {${yaml}}}`,
    setting: ({ auth }) => (auth.kind === 'builtin' ? setting(auth.settings) : undefined),
    is,
    // A key of Berth's own.
    verdict: 'works-differently',
  };
}

type Builtin = Extract<RegistryConfig['auth'], { kind: 'builtin' }>['settings'];

function match(name: string, value: unknown): KeyCase {
  const rule = `{match: {${name}: ${JSON.stringify(value)}}, actions: [pull]}`;
  return builtin(`acl: [${rule}]`, ({ acl }) => plain(Reflect.get(acl?.[0]?.match ?? {}, name)), value);
}

const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);

/** A key of `workload_identity`: of an issuer, or of an identity. */
function workload(
  issuer: string,
  identity: string,
  setting: (found: Workload) => unknown,
  is: unknown,
): KeyCase {
  const identities = `identities: [{account: ci, ${identity}}]`;
  const yaml = `workload_identity: {audience: here, issuers: {x: {issuer: "https://i.example", ${issuer}${identities}}}}`;
  return builtin(yaml, ({ workload_identity: section }) => section && setting(section), is);
}

type Workload = NonNullable<Builtin['workload_identity']>;
const issuerOf = ({ issuers }: Workload) => issuers.get('x');
const identityOf = (section: Workload) => issuerOf(section)?.identities[0];

/** The keys of `xorm_auth` and `acl_xorm`. */
function xormKeys(name: 'xorm_auth' | 'acl_xorm', others: string): KeyCases {
  const written = (type: string, connection: string): string =>
    `${name}: {database_type: ${type}, conn_string: "${connection}"${others}}`;
  const file = { kind: 'sqlite3', file: 'a.db', mode: 'ro' };
  const target = (settings: Builtin): unknown => settings[name]?.target;
  return {
    [`auth.builtin.${name}.database_type`]: {
      ...builtin(written('sqlite3', 'file:a.db?mode=ro'), target, file),
      wrong: [
        `auth: {builtin: {${written('mariadb', 'u:p@/d')}}}`,
        /database_type": mariadb is not supported; write mysql/,
      ],
    },
    [`auth.builtin.${name}.conn_string`]: {
      ...builtin(
        written('mysql', 'u:p@tcp(h)/d'),
        (settings) => {
          const found = settings[name]?.target;
          return found?.kind === 'mysql' && [found.address, found.password.reveal()];
        },
        [{ host: 'h', port: 3306 }, 'p'],
      ),
      wrong: [
        `auth: {builtin: {${written('mysql', 'u:p@tcp(h:1)')}}}`,
        new RegExp(`the conn_string of "auth\\.builtin\\.${name}" cannot be used: there is no slash`),
      ],
    },
  };
}

/** The keys of `mongo_auth` and `acl_mongo`. */
function mongoKeys(name: 'mongo_auth' | 'acl_mongo', others: string): KeyCases {
  const written = (dialInfo: string, collection = 'c'): string =>
    `${name}: {dial_info: {${dialInfo}}, collection: ${collection}${others}}`;
  const LEAST = 'addrs: [h], database: d';
  const USER = `${LEAST}, username: u, password: p`;
  const dial = (
    dialInfo: string,
    key: keyof DialInfo,
    is: unknown,
    wrong: readonly [string, RegExp],
  ): KeyCase => ({
    ...builtin(
      written(dialInfo),
      (settings) => {
        const value = settings[name]?.dialInfo[key];
        return value instanceof Secret ? value.reveal() : value;
      },
      is,
    ),
    wrong: [`auth: {builtin: {${written(wrong[0])}}}`, wrong[1]],
  });
  const at = `auth.builtin.${name}.dial_info`;
  return {
    [`${at}.addrs`]: dial(
      'addrs: [h, "[::1]:5"], database: d',
      'addresses',
      ['h:27017', '[::1]:5'],
      [
        'addrs: ["mongodb://u:p@h"], database: d',
        /dial_info\.addrs\[0\]" must be host or host:port, such as/,
      ],
    ),
    [`${at}.timeout`]: dial(`${LEAST}, timeout: 3s`, 'timeoutMs', 3_000, [
      `${LEAST}, timeout: 3`,
      /has no unit/,
    ]),
    [`${at}.database`]: dial(LEAST, 'database', 'd', [
      'addrs: [h], database: a.b',
      /has no space, slash, dot/,
    ]),
    [`${at}.username`]: dial(USER, 'username', 'u', [`${LEAST}, username: u`, /neither "password" nor/]),
    [`${at}.password`]: dial(USER, 'password', 'p', [
      `${LEAST}, password: p`,
      /a password, but no "username"/,
    ]),
    [`${at}.password_file`]: {
      ...dial(`${LEAST}, username: u, password_file: /p`, 'passwordFile', '/p', [
        `${USER}, password_file: /p`,
        /"password" and "password_file" are both written/,
      ]),
    },
    [`${at}.enable_tls`]: dial(`${LEAST}, enable_tls: true`, 'tls', true, [
      `${LEAST}, enable_tls: 1`,
      /true or false/,
    ]),
    [`${at}.direct`]: dial(`${LEAST}, direct: true`, 'direct', true, [
      'addrs: [h, i], database: d, direct: true',
      /there are several in "addrs"/,
    ]),
    [`${at}.failfast`]: dial(`${LEAST}, failfast: true`, 'failFast', true, [
      `${LEAST}, failfast: 1`,
      /true or false/,
    ]),
    [`${at}.source`]: dial(`${LEAST}, source: s`, 'source', 's', [`${LEAST}, source: [s]`, /must be text/]),
    [`${at}.mechanism`]: dial(`${LEAST}, mechanism: PLAIN`, 'mechanism', 'PLAIN', [
      `${LEAST}, mechanism: MONGODB-CR`,
      /no server since MongoDB 4\.0 has it; write SCRAM-SHA-256/,
    ]),
    [`auth.builtin.${name}.collection`]: {
      ...builtin(written(LEAST, 'people'), (settings) => settings[name]?.collection, 'people'),
      wrong: [`auth: {builtin: {${name}: {dial_info: {${LEAST}}${others}}}}`, /collection" is required/],
    },
  };
}

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
  'auth.token.rootcertbundle': {
    ...token('rootcertbundle', '/ssl/other.pem', 'rootCertBundle', '/ssl/other.pem'),
    verdict: 'works-differently',
  },
  'auth.token.jwks': {
    ...token('jwks', '/ssl/keys.json', 'jwks', '/ssl/keys.json'),
    verdict: 'works-differently',
  },
  'auth.token.signingalgorithms': {
    ...token('signingalgorithms', '[ES256, RS256]', 'signingAlgorithms', ['ES256', 'RS256']),
    verdict: 'works-differently',
  },
  'auth.token.autoredirect': token('autoredirect', 'true', 'autoRedirect', true),
  'auth.token.autoredirectpath': token('autoredirectpath', '/auth', 'autoRedirectPath', '/auth'),
  'auth.htpasswd.realm': {
    ...ofKind('htpasswd', 'realm: Registry Realm, path: /p', 'realm', 'Registry Realm'),
    wrong: ['auth: {htpasswd: {path: /p}}', /"auth\.htpasswd\.realm" is required/],
  },
  'auth.htpasswd.path': {
    ...ofKind('htpasswd', 'realm: r, path: /etc/passwords', 'path', '/etc/passwords'),
    wrong: ['auth: {htpasswd: {realm: r}}', /"auth\.htpasswd\.path" is required/],
  },
  'auth.htpasswd.anonymous': {
    ...ofKind('htpasswd', 'realm: r, path: /p, anonymous: pull', 'anonymous', 'pull'),
    verdict: 'works-differently',
    wrong: [
      'auth: {htpasswd: {realm: r, path: /p, anonymous: push}}',
      /"auth\.htpasswd\.anonymous" must be pull, not push/,
    ],
  },
  'auth.silly.realm': {
    ...ofKind('silly', 'realm: "http://a/", service: s', 'realm', 'http://a/'),
    wrong: ['auth: {silly: {service: s}}', /"auth\.silly\.realm" is required/],
  },
  'auth.silly.service': {
    ...ofKind('silly', 'realm: "http://a/", service: s', 'service', 's'),
    wrong: ['auth: {silly: {realm: "http://a/", service: 5}}', /"auth\.silly\.service" must be text/],
  },
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
  'auth.builtin.workload_identity.audience': workload('', 'subject: me', ({ audience }) => audience, 'here'),
  'auth.builtin.workload_identity.issuers.<name>.issuer': {
    ...workload('', 'subject: me', (section) => issuerOf(section)?.issuer, 'https://i.example'),
    wrong: [
      'auth: {builtin: {workload_identity: {audience: a, issuers: {x: {issuer: "http://i.example", identities: []}}}}}',
      /must begin with https/,
    ],
  },
  'auth.builtin.workload_identity.issuers.<name>.jwks_url': {
    ...workload(
      'jwks_url: "https://k.example/", ',
      'subject: me',
      (section) => issuerOf(section)?.jwksUrl,
      'https://k.example/',
    ),
    wrong: [
      'auth: {builtin: {workload_identity: {audience: a, issuers: {x: {issuer: i, jwks_url: "https://u:p@k.example", identities: []}}}}}',
      /no user name or password/,
    ],
  },
  'auth.builtin.workload_identity.issuers.<name>.jwks_file': workload(
    'jwks_file: /keys.json, ',
    'subject: me',
    (section) => issuerOf(section)?.jwksFile,
    '/keys.json',
  ),
  'auth.builtin.workload_identity.issuers.<name>.identities[].account': workload(
    '',
    'subject: me',
    (section) => identityOf(section)?.account,
    'ci',
  ),
  'auth.builtin.workload_identity.issuers.<name>.identities[].subject': {
    ...workload('', 'subject: "repo:a/*"', (section) => identityOf(section)?.subject?.text, 'repo:a/*'),
    wrong: [
      'auth: {builtin: {workload_identity: {audience: a, issuers: {x: {issuer: "https://i", identities: [{account: ci, subject: "**"}]}}}}}',
      /is for whoever has a token of this issuer/,
    ],
  },
  'auth.builtin.workload_identity.issuers.<name>.identities[].claims': workload(
    '',
    'claims: {ref: main}',
    (section) => identityOf(section)?.claims.get('ref')?.text,
    'main',
  ),
  'auth.builtin.workload_identity.issuers.<name>.identities[].labels': workload(
    '',
    'subject: me, labels: {team: [a]}',
    (section) => identityOf(section)?.labels.get('team'),
    ['a'],
  ),
  'auth.builtin.workload_identity.issuers.<name>.identities[].label_claims': workload(
    '',
    'subject: me, label_claims: {team: groups}',
    (section) => plain(identityOf(section)?.labelClaims),
    { team: 'groups' },
  ),
  ...xormKeys('xorm_auth', ''),
  ...xormKeys('acl_xorm', ', cache_ttl: 1m'),
  'auth.builtin.acl_xorm.cache_ttl': {
    ...builtin(
      'acl_xorm: {database_type: sqlite3, conn_string: a.db, cache_ttl: 90s}',
      ({ acl_xorm: rules }) => rules?.cacheTtlMs,
      90_000,
    ),
    wrong: [
      'auth: {builtin: {acl_xorm: {database_type: sqlite3, conn_string: a.db, cache_ttl: 0}}}',
      /"auth\.builtin\.acl_xorm\.cache_ttl" is 0, with which docker_auth ends; write how often/,
    ],
  },
  ...mongoKeys('mongo_auth', ''),
  ...mongoKeys('acl_mongo', ', cache_ttl: 1m'),
  'auth.builtin.acl_mongo.cache_ttl': {
    ...builtin(
      'acl_mongo: {dial_info: {addrs: [h], database: d}, collection: c, cache_ttl: 90s}',
      ({ acl_mongo: rules }) => rules?.cacheTtlMs,
      90_000,
    ),
    wrong: [
      'auth: {builtin: {acl_mongo: {dial_info: {addrs: [h], database: d}, collection: c}}}',
      /"auth\.builtin\.acl_mongo\.cache_ttl" is required/,
    ],
  },
  'auth.builtin.token.issuer': builtin('token: {issuer: me}', ({ token: { issuer } }) => issuer, 'me'),
  'auth.builtin.token.expiration': builtin(
    'token: {expiration: 60}',
    ({ token: { expirationSeconds } }) => expirationSeconds,
    60,
  ),
  'auth.builtin.token.expiration_by_action': builtin(
    'token: {expiration_by_action: {push: 3600}}',
    ({ token: { expirationSecondsByAction } }) => plain(expirationSecondsByAction),
    { push: 3600 },
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
  'auth.builtin.token.rotation.every': {
    ...builtin('token: {rotation: {every: 72h}}', ({ token }) => token.rotation.everyMs, 259_200_000),
    wrong: ['auth: {builtin: {token: {rotation: {every: 25h}}}}', /"every" must be twice "overlap"/],
  },
  'auth.builtin.token.rotation.overlap': {
    ...builtin('token: {rotation: {overlap: 1h}}', ({ token }) => token.rotation.overlapMs, 3_600_000),
    wrong: ['auth: {builtin: {token: {rotation: {overlap: 1m}}}}', /"overlap" must be 10m at least/],
  },
  'auth.builtin.token.refresh.expiration': builtin(
    'token: {refresh: {expiration: 48h}}',
    ({ token }) => token.refresh.unusedMs,
    172_800_000,
  ),
  'auth.builtin.token.refresh.unchecked_expiration': builtin(
    'token: {refresh: {unchecked_expiration: 0}}',
    ({ token }) => token.refresh.uncheckedMs,
    0,
  ),
  'auth.builtin.token.x5c': builtin('token: {x5c: false}', ({ token: { x5c } }) => x5c, false),
};
