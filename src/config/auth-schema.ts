import { checkHash, checkPair } from './auth-checks.ts';
import type { UserSettings } from './auth-settings.ts';
import { optional, required, type Type, withDefault } from './schema.ts';
import { berthTokenFields } from './token-schema.ts';
import { bool, int, nonEmptyText, secretText, text } from './types-scalar.ts';
import { list, map, refine, section } from './types-section.ts';

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
export const users: Type<ReadonlyMap<string, UserSettings>> = map(user, (account) =>
  account === ''
    ? 'account "" (anonymous) has no value, and docker_auth would then refuse it; write "": {}'
    : `account "${account}" has no value; give it a password, or remove it`,
);

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
