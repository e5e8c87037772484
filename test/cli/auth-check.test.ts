import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `berth auth --check` as a process: every fault with its place and what to write instead. */

const HASH = '$2y$10$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const WEAK = HASH.replace('$10$', '$05$');
const HEAD = `server: {addr: "127.0.0.1:0", certificate: server.pem, key: server.key}
token: {issuer: here, expiration: 900}
`;
const REST = `users: {alice: {password: "${HASH}"}}
acl: [{match: {account: alice}, actions: ["*"]}]
`;

/** What is wrong in a file after `HEAD`: place, key, advice. */
type Fault = readonly [yaml: string, place: string, key: string, advice: RegExp];

const ERRORS: Readonly<Record<string, Fault>> = {
  'an unknown key': [`${REST}acls: []\n`, '5:1', 'acls', /unknown key "acls"; did you mean "acl"/],
  'a rule without match': [
    'users: {}\nacl: [{actions: [pull]}]\n',
    '4:7',
    'acl[0]',
    /"acl\[0\]\.match" is required; write match: \{\} for/,
  ],
  'a rule without actions': [
    'users: {}\nacl: [{match: {}}]\n',
    '4:7',
    'acl[0]',
    /"acl\[0\]\.actions" is required; write actions: \["pull"\]/,
  ],
  'a condition that is not known': [
    'users: {}\nacl: [{match: {team: x}, actions: []}]\n',
    '4:16',
    'acl[0].match.team',
    /the rule then applies to everyone; known are account/,
  ],
  'a malformed glob': [
    'users: {}\nacl: [{match: {name: "a["}, actions: []}]\n',
    '4:22',
    'acl[0].match.name',
    /\[ is never closed: write \]/,
  ],
  'a malformed regex': [
    'users: {}\nacl: [{match: {name: "/a(/"}, actions: []}]\n',
    '4:22',
    'acl[0].match.name',
    /not a regex in Go's RE2 syntax/,
  ],
  'a placeholder that is not known': [
    `users: {}\nacl: [{match: {name: "\${accont}/*"}, actions: []}]\n`,
    '4:22',
    'acl[0].match.name',
    /is not a placeholder: write one of/,
  ],
  'a malformed glob of a service': [
    `${REST}services: {a: {acl: [{match: {name: "a["}, actions: []}]}}\n`,
    '5:37',
    'services.a.acl[0].match.name',
    /\[ is never closed: write \]/,
  ],
  'a service whose certificate is not there': [
    `${REST}services: {a: {certificate: none.pem, key: none.key}}\n`,
    '5:29',
    'services.a.certificate',
    /none\.pem/,
  ],
  'a key of a service that is not known': [
    `${REST}services: {a: {isuer: x}}\n`,
    '5:16',
    'services.a.isuer',
    /unknown key "isuer".*did you mean "issuer"/,
  ],
  'an address that is none': [
    'users: {}\nacl: [{match: {ip: "10.0/8"}, actions: []}]\n',
    '4:20',
    'acl[0].match.ip',
    /write for example 192\.168\.0\.1/,
  ],
  'an account without password': [
    'users: {bob: {}}\nacl: []\n',
    '3:9',
    'users.bob',
    /docker_auth would accept any for it; write password/,
  ],
  'a password that is no hash': [
    'users: {bob: {password: hunter2}}\nacl: []\n',
    '3:25',
    'users.bob',
    /htpasswd -nB bob makes one/,
  ],
  'no rules': ['users: {}\n', 'bad.yml', '', /"acl" is missing; write acl: \[\]/],
  'no key to sign with': [
    'users: {}\nacl: []\n',
    '2:1',
    '',
    /nothing to sign tokens with; write certificate and key/,
  ],
  server: [`${REST}`, '1:44', 'server.certificate', /cannot read none\.pem: it does not exist/],
  data: [`data: server.pem\n${REST}`, '3:7', 'data', /cannot use the data folder server\.pem/],
  audit: [`${REST}audit: {file: no/audit.log}\n`, '5:15', 'audit.file', /cannot write no\/audit\.log/],
  throttle: [`${REST}throttle: {delay: soon}\n`, '5:19', 'throttle.delay', /duration/],
  workload_identity: [
    `${REST}workload_identity: {audience: x, issuers: {}, isuers: {}}\n`,
    '5:47',
    'workload_identity.isuers',
    /did you mean "issuers"/,
  ],
  ext_auth: [
    `ext_auth: {command: ./none}\n${REST}`,
    '3:21',
    'ext_auth.command',
    /no program \.\/none that may be run; write its path/,
  ],
  ext_authz: [
    `ext_authz: {command: ./none}\n${REST}`,
    '3:22',
    'ext_authz.command',
    /no program \.\/none that may be run; write its path/,
  ],
  google_auth: [
    `google_auth: {client_id: x, client_secret_file: none, redirect_url: "https://a.example/google_auth", level_token_db: {path: x}}\n${REST}`,
    '3:49',
    'google_auth.client_secret_file',
    /cannot read none: it does not exist/,
  ],
  github_auth: [
    `github_auth: {client_id: x, client_secret: y, organization: z}\n${REST}`,
    '3:1',
    'github_auth',
    /no place for its logins; write data:/,
  ],
  oidc_auth: [
    `oidc_auth: {issuer: id.example, client_id: x, client_secret: y, redirect_url: "https://a.example/oidc_auth", level_token_db: {path: x}}\n${REST}`,
    '3:21',
    'oidc_auth.issuer',
    /must be an address such as https/,
  ],
  gitlab_auth: [
    `gitlab_auth: {client_id: x, redirect_uri: "https://a.example/gitlab_auth", level_token_db: {path: x}}\n${REST}`,
    '3:1',
    'gitlab_auth',
    /no client_secret; write it, or client_secret_file/,
  ],
  ldap_auth: [
    `ldap_auth: {addr: "ldap.example:636", tls: always, base: "dc=x", filter: "(uid=\${account})", bind_dn: "cn=b", bind_password_file: none}\n${REST}`,
    '3:131',
    'ldap_auth.bind_password_file',
    /cannot read none: it does not exist/,
  ],
  mongo_auth: [
    `mongo_auth: {dial_info: {addrs: [a], database: d, username: u, password_file: none}, collection: c}\n${REST}`,
    '3:79',
    'mongo_auth.dial_info.password_file',
    /cannot read none: it does not exist/,
  ],
  acl_mongo: [
    `acl_mongo: {dial_info: {addrs: [], database: d}, collection: c, cache_ttl: 1m}\n${REST}`,
    '3:25',
    'acl_mongo.dial_info',
    /"addrs" is empty; write \[host:27017\]/,
  ],
  xorm_auth: [
    `xorm_auth: {database_type: sqlite, conn_string: x}\n${REST}`,
    '3:28',
    'xorm_auth.database_type',
    /sqlite3/,
  ],
  acl_xorm: [
    `acl_xorm: {database_type: mysql, conn_string: "what?", cache_ttl: 1m}\n${REST}`,
    '3:47',
    'acl_xorm',
    /no slash before the name of the database: user:password@tcp/,
  ],
  plugin_authn: [
    `plugin_authn: {plugin_path: plugin.mjs}\n${REST}`,
    '3:29',
    'plugin_authn.plugin_path',
    /plugin\.mjs cannot be used: it exports no function "authenticate"/,
  ],
  plugin_authz: [
    `plugin_authz: {plugin_path: none.mjs}\n${REST}`,
    '3:29',
    'plugin_authz.plugin_path',
    /none\.mjs cannot be used: it does not exist/,
  ],
  casbin_authz: [
    `casbin_authz: {model_path: model.conf, policy_path: policy.csv}\n${REST}`,
    '3:53',
    'casbin_authz.policy_path',
    /policy\.csv:2 cannot be used: it has 2 fields after p, not 7/,
  ],
  http_auth: [
    `http_auth: {url: "https://a.example", ca_certificate: plugin.mjs}\n${REST}`,
    '3:55',
    'http_auth.ca_certificate',
    /holds no certificate; PEM is expected/,
  ],
  http_authz: [
    `http_authz: {url: "https://a.example", header_files: {Authorization: none}}\n${REST}`,
    '3:70',
    'http_authz.header_files.Authorization',
    /cannot read none: it does not exist/,
  ],
};

const WARNINGS: Readonly<Record<string, Fault>> = {
  'a rule that can never be reached': [
    'users: {}\nacl: [{match: {}, actions: []}, {match: {name: x}, actions: []}]\n',
    '4:33',
    'acl[1]',
    /never reached: the one at .*:4:7 matches whatever it would; write it before/,
  ],
  'a weak hash': [
    `users: {bob: {password: "${WEAK}"}}\nacl: []\n`,
    '3:25',
    'users.bob',
    /cost of 5 and is quick to guess; htpasswd -nBC 12 bob makes a better one/,
  ],
  'a forgotten $': [
    'users: {}\nacl: [{match: {name: "{labels:team}/*"}, actions: []}]\n',
    '4:22',
    'acl[0].match.name',
    /is plain text: write \$\{labels:team\}/,
  ],
  'a * among actions': [
    'users: {}\nacl: [{match: {}, actions: [pull, "*"]}]\n',
    '4:19',
    'acl[0].actions',
    /grants everything only when it is alone: write actions/,
  ],
  'a section that is never asked': [
    `ext_authz: {command: ./program}\nplugin_authz: {plugin_path: rules.mjs}\n${REST}`,
    '4:1',
    'plugin_authz',
    /never asked: ext_authz .* decides everything; remove one/,
  ],
};

interface Option {
  readonly key: string;
  readonly place: string;
  readonly verdict: string;
  readonly notes: readonly string[];
}

describe('berth auth --check', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
    const pair = selfSigned();
    const model = `[request_definition]
r = account, type, name, service, ip, action, labels
[policy_definition]
p = account, type, name, service, ip, action, labels
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.account == p.account
`;
    const files = {
      'server.pem': pair.certificate,
      'server.key': pair.key,
      'plugin.mjs': 'export const other = 1;\n',
      'rules.mjs': 'export async function authorize() { return []; }\n',
      'model.conf': model,
      'policy.csv': '# one\np, a, b\n',
      'good.yml': `${HEAD}${REST}`,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place.folder, name), text);
    writeFileSync(join(place.folder, 'program'), '#!/bin/sh\n', { mode: 0o755 });
  });
  afterAll(() => place.clear());

  async function check(name: string, [yaml]: Fault): Promise<{ code: number | null; options: Option[] }> {
    const file = `${name.replaceAll(/\W/g, '-')}.yml`;
    const head = name === 'server' ? HEAD.replace('server.pem', 'none.pem') : HEAD;
    const alone = name === 'no key to sign with' ? head.replace(/, certificate.*\}/, '}') : head;
    writeFileSync(join(place.folder, file), `${alone}${yaml}`);
    const { code, stdout, stderr } = await place.run(['auth', '--check', '--json', file]);
    expect(stderr).toBe('');
    const options = JSON.parse(stdout.replaceAll(file, 'bad.yml')).options;
    return { code, options };
  }

  describe('an error, and exit code 1', () => {
    it.each(Object.entries(ERRORS))('%s', { timeout: 30_000 }, async (name, fault) => {
      const [, at, key, advice] = fault;
      const { code, options } = await check(name, fault);
      const errors = options.filter(({ verdict }) => verdict === 'not-supported');
      expect(errors).toContainEqual(
        expect.objectContaining({
          ...{ key, place: at.includes('bad') ? at : `bad.yml:${at}` },
          notes: [expect.stringMatching(advice)],
        }),
      );
      expect(code).toBe(1);
    });
  });

  describe('a warning, and exit code 0', () => {
    it.each(Object.entries(WARNINGS))('%s', { timeout: 30_000 }, async (name, fault) => {
      const [, at, key, advice] = fault;
      const { code, options } = await check(name, fault);
      expect(options).toContainEqual(
        expect.objectContaining({
          ...{ key, place: `bad.yml:${at}`, verdict: 'works-differently' },
          notes: [expect.stringMatching(advice)],
        }),
      );
      expect(code).toBe(0);
    });
  });

  it('for people, every fault of a file at once, by place, and nothing is made', {
    timeout: 30_000,
  }, async () => {
    const yaml = `${HEAD.replace('key: server.key', 'key: none.key')}data: state
users:
  bob: {}
  eve: {password: "${WEAK}"}
acl:
  - {match: {name: "a[", account: "/(/"}, actions: [pull]}
  - {match: {name: "b["}}
  - {match: {}, actions: [pull]}
  - {match: {name: c}, actions: [pull]}
`;
    writeFileSync(join(place.folder, 'many.yml'), yaml);
    const { code, stdout, stderr } = await place.run(['auth', '--check', 'many.yml']);
    expect([code, stderr]).toEqual([1, '']);
    const places = [...stdout.matchAll(/^ {2}many\.yml:(\d+:\d+) /gm)].map(([, found]) => found);
    expect(places).toEqual(['1:61', '5:3', '8:20', '8:35', '9:5', '6:19', '11:5']);
    expect(stdout).toContain('none.key: it does not exist');
    expect(stdout).toMatch(/^Errors: 5\. Warnings: 2\. To be changed: 5\.$/m);
    expect(existsSync(join(place.folder, 'state'))).toBe(false);
  });

  it('exit codes: 0 all is well, 1 for a warning with --strict, 2 it cannot be read', {
    timeout: 30_000,
  }, async () => {
    writeFileSync(join(place.folder, 'weak.yml'), `${HEAD}users: {bob: {password: "${WEAK}"}}\nacl: []\n`);
    writeFileSync(join(place.folder, 'tab.yml'), 'server:\n\taddr: x\n');
    const [good, weak, strict, none, tab] = await Promise.all([
      place.run(['auth', '--check', 'good.yml']),
      place.run(['auth', '--check', 'weak.yml']),
      place.run(['auth', '--check', '--strict', 'weak.yml']),
      place.run(['auth', '--check', 'none.yml']),
      place.run(['auth', '--check', 'tab.yml']),
    ]);
    expect([good, weak, strict, none, tab].map(({ code }) => code)).toEqual([0, 0, 1, 2, 2]);
    expect(good.stdout).toMatch(/Errors: 0\. Warnings: 0\. berth auth can start with it\./);
    expect(none.stderr).toBe('berth: none.yml: cannot be read: there is no such file\n');
    expect(tab.stderr).toMatch(/tab\.yml:2:/);
  });
});
