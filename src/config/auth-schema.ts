import { checkHash, checkPair, checkWeakHashes } from './auth-checks.ts';
import type { AclRuleSettings, UserSettings } from './auth-settings.ts';
import { optional, required, type Type, withDefault } from './schema.ts';
import { berthTokenFields } from './token-schema.ts';
import { bool, int, nonEmptyText, secretText, text } from './types-scalar.ts';
import { list, map, placeOfKey, refine, section } from './types-section.ts';

/** docker_auth's own sections, used by its dialect and by `auth.builtin` of the registry's. */

const user: Type<UserSettings> = refine(
  section({
    password: optional(secretText, 'Bcrypt hash of the password; `htpasswd -nB ACCOUNT` makes one.'),
    labels: optional(map(list(text)), 'Labels that rules can match, each with its values.'),
  }),
  (value, at, node) => {
    checkHash(value.password, at, node);
    return { password: value.password, labels: value.labels ?? new Map() };
  },
);

/** `users`: account → password and labels; the empty name is whoever does not log in. */
export const users: Type<ReadonlyMap<string, UserSettings>> = refine(
  map(user, (account) =>
    account === ''
      ? 'account "" (anonymous) has no value, and docker_auth would then refuse it; write "": {}'
      : `account "${account}" has no value; give it a password, or remove it`,
  ),
  checkWeakHashes,
);

const WIDENS = 'docker_auth ignores it, and the rule then applies to everyone';

const match = section(
  {
    account: optional(
      text,
      'Account name: a glob, or a regular expression between slashes; "" is anonymous.',
    ),
    type: optional(text, 'Kind of thing, `repository` or `registry`: glob or regular expression.'),
    name: optional(text, 'Repository name: glob or regular expression.'),
    service: optional(text, 'The service that asked: glob or regular expression.'),
    ip: optional(text, 'Address of the client, or a network such as 10.0.0.0/8.'),
    labels: optional(
      map(text),
      'Labels of the account, each with a pattern that one of its values must match.',
    ),
  },
  { unknownKey: unknownMatchKey, refuseNull: (key) => `"${key}" has no value; ${WIDENS}` },
);

function unknownMatchKey(key: string, known: readonly string[]): string {
  const [name = '', value] = key.split(/:(.*)/s);
  if (value !== undefined && known.includes(name)) {
    return `no space after the colon, so YAML reads ${key} as one key; ${WIDENS}; write ${name}: ${value}`;
  }
  return `unknown key "${key}" in match; ${WIDENS}; known are ${known.join(', ')}`;
}

const rule: Type<AclRuleSettings> = refine(
  section({
    match: required(match, 'What a request must be for this rule to decide it; `{}` is everything.'),
    actions: required(
      list(nonEmptyText),
      'What is granted of what was asked: `["*"]` is all of it, `[]` is nothing.',
    ),
    comment: optional(text, 'For people.'),
  }),
  (value, at, node) => {
    if (value.actions.length > 1 && value.actions.includes('*')) {
      at.notice(
        `${at.name}: "*" grants everything only when it is the only action; among others it grants ` +
          'nothing but an action of that name',
        placeOfKey(node, 'actions', at),
      );
    }
    return value;
  },
);

/** `acl`: rules in order; the first one that matches decides. */
export const acl: Type<readonly AclRuleSettings[]> = list(rule);

export const EXPIRATION = 'Life of a token in seconds.';
export const ISSUER = 'Name in the `iss` claim; the registry compares it.';

/** What has another life than `expiration` says. */
export const expirationByAction = optional(
  map(int({ min: 1, unit: 'seconds' })),
  "Berth's own: life in seconds of tokens that grant an action, such as `{push: 3600}`; of several such actions the shortest counts.",
);

/** The keys of `token` that say what signs. */
export const keyFields = {
  certificate: optional(nonEmptyText, 'PEM file with the certificate of the signing key.'),
  key: optional(nonEmptyText, 'PEM file with the signing key.'),
  disable_legacy_key_id: withDefault(
    bool,
    'Put the RFC 7638 thumbprint (registry:3) in `kid` in place of the libtrust fingerprint (registry:2).',
    false,
  ),
  x5c: withDefault(bool, 'Put the certificate in the token, which registry 2 and 3 both verify.', true),
};

/** `token` of a docker_auth file. */
export const token = refine(
  section({
    issuer: required(nonEmptyText, ISSUER),
    expiration: required(int({ min: 1, unit: 'seconds' }), EXPIRATION),
    expiration_by_action: expirationByAction,
    ...keyFields,
    ...berthTokenFields,
  }),
  checkPair,
);
