import type { Filter, Placeholder, Template } from '../auth/identity/ldap/filter.ts';
import { placeholdersOf } from '../auth/identity/ldap/filter.ts';
import type { GroupSearch } from '../auth/identity/ldap/groups.ts';
import type { LabelSource } from '../auth/identity/ldap/labels.ts';
import { ATTRIBUTE, FilterSyntaxError, parseFilter } from '../auth/identity/ldap/parse-filter.ts';
import { type LdapTls, parseLdapAddress } from './ldap-address.ts';
import { checkTransport, checkWho } from './ldap-auth-checks.ts';
import type { LdapAuthSettings } from './ldap-auth-settings.ts';
import { formatPath } from './node.ts';
import { namesFile, optional, required, type Type, withDefault } from './schema.ts';
import { bool, duration, int, nonEmptyText, oneOf, text } from './types-scalar.ts';
import { list, map, placeOfKey, refine, section } from './types-section.ts';

/** Text of which `""` is as good as nothing, as in docker_auth. */
const mayBeEmpty: Type<string> = {
  ...text,
  decode: (node, at) => text.decode(node, at) || undefined,
};

const hostNames = list({ ...nonEmptyText, name: 'address' });
const addresses: Type<readonly string[]> = {
  name: 'address, several with commas between, or list of addresses',
  shape: hostNames.shape,
  decode(node, at) {
    if (node.kind === 'list') return hostNames.decode(node, at);
    return nonEmptyText
      .decode(node, at)
      ?.split(',')
      .map((each) => each.trim());
  },
};

const tlsWords = oneOf(['none', 'always', 'starttls']);
const tls: Type<LdapTls> = {
  ...tlsWords,
  decode: (node, at) => (node.kind === 'scalar' && node.text === '' ? undefined : tlsWords.decode(node, at)),
};

function filterWith(known: readonly Placeholder[]): Type<Filter<Template>> {
  return refine(nonEmptyText, (written, at) => {
    try {
      return parseFilter(written, known);
    } catch (error) {
      if (!(error instanceof FilterSyntaxError)) throw error;
      at.report(`${at.name} ${error.message}`);
      return undefined;
    }
  });
}

const attribute: Type<string> = refine(nonEmptyText, (name, at) => {
  if (ATTRIBUTE.test(name)) return name;
  at.report(`${at.name} must be the name of an attribute, such as memberOf`);
  return undefined;
});

/** A time that is not nothing. */
const time: Type<number> = refine(duration, (ms, at) => {
  if (ms > 0) return ms;
  at.report(`${at.name} must be more than 0`);
  return undefined;
});

const label: Type<LabelSource> = refine(
  section({
    attribute: required(attribute, 'The attribute whose values become those of the label.'),
    parse_cn: withDefault(bool, 'Of a distinguished name, take the first common name (`cn`) only.', false),
    lower_case: withDefault(bool, 'Put the values in lower case.', false),
  }),
  (value) => ({
    attribute: value.attribute,
    parseCn: value.parse_cn,
    lowerCase: value.lower_case,
  }),
);

const NESTED = { false: 'no', true: 'search', in_chain: 'in_chain' } as const;
const groups: Type<GroupSearch> = refine(
  section({
    base: required(nonEmptyText, 'Where groups are, at any depth below.'),
    filter: required(
      filterWith(['dn', 'account']),
      `Finds the groups of an account: \`(member=\${dn})\`, or \`(memberUid=\${account})\`.`,
    ),
    attribute: withDefault(attribute, 'The attribute of a group that becomes a value of the label.', 'cn'),
    label: withDefault(nonEmptyText, 'The label that holds the groups.', 'groups'),
    nested: withDefault(
      oneOf(['false', 'true', 'in_chain']),
      'Find groups of groups, too, up to ten levels: `true` searches for each level, `in_chain` leaves it to Active Directory (LDAP_MATCHING_RULE_IN_CHAIN).',
      'false',
    ),
  }),
  ({ nested, ...value }, at, node) => {
    const found = placeholdersOf(value.filter);
    const place = placeOfKey(node, 'filter', at);
    if (found.size === 0) {
      at.report(
        `"${formatPath([...at.path, 'filter'])}" has neither \${dn} nor \${account}: every account would be in every group`,
        place,
      );
    } else if (nested !== 'false' && !found.has('dn')) {
      at.report(
        `"${formatPath([...at.path, 'filter'])}" has no \${dn}, by which groups of groups are found`,
        place,
      );
    }
    return { ...value, nested: NESTED[nested] };
  },
);

/** `ldap_auth` of a docker_auth file. */
export const ldapAuth: Type<LdapAuthSettings> = refine(
  section({
    addr: required(
      addresses,
      'The directory, `HOST:PORT`, `ldap://HOST` or `ldaps://HOST`; several, the first that is in reach is asked.',
    ),
    tls: optional(
      tls,
      'TLS from the start (`always`), asked for on a connection without (`starttls`), or not at all; `always` with port 636 and with ldaps, otherwise `none`.',
    ),
    insecure_tls_skip_verify: withDefault(bool, 'Take any certificate of the directory.', false),
    ca_certificate: namesFile(
      optional(mayBeEmpty, "PEM file with the authorities that the directory's certificate may come from."),
    ),
    bind_dn: optional(
      mayBeEmpty,
      `Who searches; nobody if left out. With \`initial_bind_as_user\`, the name that an account binds with, with \`\${account}\`.`,
    ),
    bind_password_file: namesFile(optional(mayBeEmpty, 'File with the password of `bind_dn`.')),
    initial_bind_as_user: withDefault(
      bool,
      'Accounts bind as `bind_dn` and search for themselves: no account of its own is needed.',
      false,
    ),
    base: withDefault(text, 'Where accounts are, at any depth below.', ''),
    filter: required(filterWith(['account']), `Finds the one entry of an account: \`(uid=\${account})\`.`),
    labels: optional(map(label), 'Labels that rules can match, by their name.'),
    groups: optional(groups, "Berth's own: a search for the groups of an account."),
    max_connections: withDefault(
      int({ min: 1, max: 1_000 }),
      "Berth's own: most connections to one directory; one login uses one.",
      10,
    ),
    idle_timeout: withDefault(
      time,
      "Berth's own: a connection that nobody needs ends after it.",
      60_000,
      '1m',
    ),
    connect_timeout: withDefault(
      time,
      "Berth's own: how long a connection, TLS included, may take.",
      5_000,
      '5s',
    ),
    operation_timeout: withDefault(
      time,
      "Berth's own: how long one answer of a directory may take.",
      10_000,
      '10s',
    ),
  }),
  (value, at, node): LdapAuthSettings => {
    const found = value.addr.map((address) => {
      const parsed = parseLdapAddress(address, value.tls);
      if ('wrong' in parsed)
        at.report(`"${formatPath([...at.path, 'addr'])}" ${parsed.wrong}`, placeOfKey(node, 'addr', at));
      return parsed;
    });
    const settings: LdapAuthSettings = {
      addresses: found.flatMap((address) => ('wrong' in address ? [] : [address])),
      isVerified: !value.insecure_tls_skip_verify,
      caCertificate: value.ca_certificate,
      bindDn: value.bind_dn,
      bindPasswordFile: value.bind_password_file,
      initialBindAsUser: value.initial_bind_as_user,
      base: value.base,
      filter: value.filter,
      labels: value.labels ?? new Map(),
      groups: value.groups,
      maxConnections: value.max_connections,
      idleMs: value.idle_timeout,
      connectTimeoutMs: value.connect_timeout,
      operationTimeoutMs: value.operation_timeout,
    };
    checkWho(settings, at, node);
    checkTransport(settings, at, node);
    return settings;
  },
);
