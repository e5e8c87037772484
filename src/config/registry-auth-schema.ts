import { builtin } from './builtin-schema.ts';
import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import type { RegistryAuthSettings } from './registry-auth-settings.ts';
import { token } from './registry-token-schema.ts';
import { namesFile, onlyIn, optional, required, type Type } from './schema.ts';
import { oneOf, strictText } from './types-scalar.ts';
import { expandShorthand, placeOfKey, refine, section } from './types-section.ts';

/** `auth.htpasswd`: the original's keys, and `anonymous`. */
const htpasswd = section(
  {
    realm: required(strictText, 'What clients are told that the password is for.'),
    path: namesFile(
      required(
        strictText,
        'Password file with bcrypt entries, read again when it changes; a missing one is made, with one account.',
      ),
    ),
    anonymous: onlyIn(
      'berth',
      optional(oneOf(['pull']), 'What callers without an account may do; otherwise nothing.'),
    ),
  },
  { go: 'map' },
);

const silly = section(
  {
    realm: required(strictText, 'URL that the challenge names.'),
    service: required(strictText, 'Service that the challenge names.'),
  },
  { go: 'map' },
);

/** An unset variable of a compose file must not open a registry to the world. */
export const EMPTY_AUTH =
  '"auth" is empty, which registry:2 takes as open to everybody; write auth: none if it shall be';

/** `auth`: exactly one kind. */
export const auth: Type<RegistryAuthSettings> = refine(
  section(
    {
      builtin: onlyIn(
        'berth',
        optional(builtin, "Berth's own accounts and tokens; the content is docker_auth's."),
      ),
      token: optional(token, 'Tokens of another service.'),
      none: optional(section({}, { go: 'map' }), 'Everybody may do everything.'),
      htpasswd: optional(htpasswd, 'Accounts of a password file.'),
      silly: optional(silly, 'For tests: any Authorization header lets in.'),
    },
    { go: 'map', shorthand: true, unknownKey: kubernetesKey },
  ),
  (value, at, node): RegistryAuthSettings => {
    checkOne(at, node);
    if (value.builtin !== undefined) return { kind: 'builtin', settings: value.builtin };
    if (value.htpasswd !== undefined) return { kind: 'htpasswd', ...value.htpasswd };
    if (value.silly !== undefined) return { kind: 'silly', ...value.silly };
    return value.token ?? { kind: 'none' };
  },
);

/** registry:2 has none when nothing is written, and picks any when several kinds are. */
function checkOne(at: Decoding, node: ConfigNode): void {
  const section = expandShorthand(node);
  const kinds = section.kind === 'map' ? [...section.entries.keys()] : [];
  if (kinds.length === 0) at.report(EMPTY_AUTH);
  const second = kinds[1];
  if (second === undefined) return;
  const [first] = kinds;
  at.report(
    `"auth" must have exactly one kind and has ${kinds.join(' and ')}; remove one, ` +
      `or set REGISTRY_AUTH=${second} to replace ${first}`,
    placeOfKey(section, second, at),
  );
}

/** A Kubernetes Service named `registry-auth` puts `REGISTRY_AUTH_PORT` and more into every pod. */
function kubernetesKey(key: string): string | undefined {
  if (!/^(port|service|tcp|host)$/.test(key)) return undefined;
  return (
    `unknown key "${key}" under "auth"; if Kubernetes made this variable for a Service, set ` +
    'enableServiceLinks: false in the pod'
  );
}
