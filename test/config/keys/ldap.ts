import type { LdapAuthSettings } from '../../../src/config/ldap-auth-settings.ts';
import { builtin } from './auth.ts';
import type { KeyCase, KeyCases } from './case.ts';

const NEEDED = { addr: '"ldaps://ldap.example.com"', filter: `"(uid=\${account})"` };

/** `ldap_auth` with these keys, in the place of those that are needed or beside them. */
function yamlOf(keys: Readonly<Record<string, string>>): string {
  const pairs = Object.entries({ ...NEEDED, ...keys }).map(([key, value]) => `${key}: ${value}`);
  return `ldap_auth: {${pairs.join(', ')}}`;
}

function ldap(
  keys: Readonly<Record<string, string>>,
  setting: (settings: LdapAuthSettings) => unknown,
  is: unknown,
  wrong?: readonly [keys: Readonly<Record<string, string>>, message: RegExp],
): KeyCase {
  const found = builtin(
    yamlOf(keys),
    ({ ldap_auth: settings }) => (settings === undefined ? undefined : setting(settings)),
    is,
  );
  if (wrong === undefined) return found;
  return { ...found, wrong: [`auth: {builtin: {${yamlOf(wrong[0])}}}`, wrong[1]] };
}

const label = (keys: string) => ({ labels: `{team: {${keys}}}` });
const groups = (keys: string) => ({
  groups: `{base: "ou=groups", filter: "(member=\${dn})"${keys === '' ? '' : `, ${keys}`}}`,
});
const account = { placeholder: 'account' };

/** Keys of `auth.builtin.ldap_auth`. */
export const ldapKeys: KeyCases = Object.fromEntries(
  Object.entries({
    addr: ldap(
      { addr: '"one:389, ldaps://two"', tls: '""' },
      ({ addresses }) => addresses,
      [
        { host: 'one', port: 389, tls: 'none' },
        { host: 'two', port: 636, tls: 'always' },
      ],
      [{ addr: 'ldapi://x' }, /"auth\.builtin\.ldap_auth\.addr" begins with ldapi:\/\//],
    ),
    tls: ldap(
      { addr: '["[::1]:1389", two]', tls: 'starttls' },
      ({ addresses }) => addresses,
      [
        { host: '::1', port: 1389, tls: 'starttls' },
        { host: 'two', port: 389, tls: 'starttls' },
      ],
      [{ tls: 'maybe' }, /tls" must be one of none, always, starttls, not maybe/],
    ),
    insecure_tls_skip_verify: ldap(
      { insecure_tls_skip_verify: 'true' },
      ({ isVerified }) => isVerified,
      false,
    ),
    ca_certificate: ldap({ ca_certificate: '/ca.pem' }, ({ caCertificate }) => caCertificate, '/ca.pem'),
    bind_dn: ldap(
      { bind_dn: '"cn=berth"', bind_password_file: '/secret' },
      ({ bindDn }) => bindDn,
      'cn=berth',
      [{ bind_dn: '"cn=berth"' }, /bind_dn" needs bind_password_file/],
    ),
    bind_password_file: ldap(
      { bind_dn: '"cn=berth"', bind_password_file: '/secret' },
      ({ bindPasswordFile }) => bindPasswordFile,
      '/secret',
      [{ bind_password_file: '/secret' }, /bind_password_file" needs bind_dn/],
    ),
    initial_bind_as_user: ldap(
      { bind_dn: `"uid=\${account}"`, initial_bind_as_user: 'true' },
      ({ initialBindAsUser }) => initialBindAsUser,
      true,
      [
        { bind_dn: '"cn=berth"', initial_bind_as_user: 'true' },
        /bind_dn" needs \$\{account\} with initial_bind_as_user/,
      ],
    ),
    base: ldap({ base: '"dc=example"' }, ({ base }) => base, 'dc=example'),
    filter: ldap(
      { filter: `"(uid=\${account})"` },
      ({ filter }) => filter,
      { kind: 'equal', attribute: 'uid', value: [account] },
      [{ filter: '"(objectClass=person)"' }, /filter" has no \$\{account\}: it would find the same entry/],
    ),
    'labels.<name>.attribute': ldap(
      label('attribute: memberOf'),
      ({ labels }) => labels.get('team')?.attribute,
      'memberOf',
      [label('attribute: "member of"'), /attribute" must be the name of an attribute/],
    ),
    'labels.<name>.parse_cn': ldap(
      label('attribute: a, parse_cn: true'),
      ({ labels }) => labels.get('team')?.parseCn,
      true,
    ),
    'labels.<name>.lower_case': ldap(
      label('attribute: a, lower_case: true'),
      ({ labels }) => labels.get('team')?.lowerCase,
      true,
    ),
    'groups.base': ldap(groups(''), (settings) => settings.groups?.base, 'ou=groups'),
    'groups.filter': ldap(
      groups(''),
      (settings) => settings.groups?.filter,
      { kind: 'equal', attribute: 'member', value: [{ placeholder: 'dn' }] },
      [{ groups: '{base: x, filter: "(cn=x)"}' }, /groups\.filter" has neither \$\{dn\} nor \$\{account\}/],
    ),
    'groups.attribute': ldap(
      groups('attribute: description'),
      (settings) => settings.groups?.attribute,
      'description',
    ),
    'groups.label': ldap(groups('label: teams'), (settings) => settings.groups?.label, 'teams'),
    'groups.nested': ldap(groups('nested: in_chain'), (settings) => settings.groups?.nested, 'in_chain', [
      { groups: `{base: x, filter: "(memberUid=\${account})", nested: true}` },
      /groups\.filter" has no \$\{dn\}, by which groups of groups are found/,
    ]),
    max_connections: ldap({ max_connections: '3' }, ({ maxConnections }) => maxConnections, 3),
    idle_timeout: ldap({ idle_timeout: '5s' }, ({ idleMs }) => idleMs, 5_000),
    connect_timeout: ldap({ connect_timeout: '1s' }, ({ connectTimeoutMs }) => connectTimeoutMs, 1_000, [
      { connect_timeout: '0s' },
      /connect_timeout" must be more than 0/,
    ]),
    operation_timeout: ldap(
      { operation_timeout: '1s' },
      ({ operationTimeoutMs }) => operationTimeoutMs,
      1_000,
    ),
  }).map(([key, found]) => [`auth.builtin.ldap_auth.${key}`, found]),
);
