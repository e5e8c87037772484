import { builtin } from './auth-schema.ts';
import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import type { RegistryAuthSettings } from './registry-config.ts';
import { optional, required, type Type, unsupported, withDefault } from './schema.ts';
import { anything, bool, strictText } from './types-scalar.ts';
import { expandShorthand, placeOfKey, refine, section } from './types-section.ts';

const NOT_YET = 'this version of Berth knows builtin, token and none';

const token = section(
  {
    realm: required(strictText, 'URL of the token service.'),
    service: required(strictText, 'Name of this registry; must be the `aud` of tokens.'),
    issuer: required(strictText, 'Must be the `iss` of tokens.'),
    rootcertbundle: required(strictText, 'PEM file with the certificates that may sign tokens.'),
    autoredirect: withDefault(bool, 'The realm is the host that the client used.', false),
    autoredirectpath: withDefault(strictText, 'Path of the realm with autoredirect.', '/auth/token'),
    jwks: unsupported(anything, 'list the signing certificates in rootcertbundle'),
    signingalgorithms: unsupported(anything, 'the algorithm follows from the kind of key in rootcertbundle'),
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
      builtin: optional(builtin, "Berth's own accounts and tokens; the content is docker_auth's."),
      token: optional(token, 'Tokens of another service.'),
      none: optional(section({}, { go: 'map' }), 'Everybody may do everything.'),
      htpasswd: unsupported(anything, NOT_YET, { evenIfEmpty: true }),
      silly: unsupported(anything, NOT_YET, { evenIfEmpty: true }),
    },
    { go: 'map', shorthand: true, unknownKey: kubernetesKey },
  ),
  (value, at, node): RegistryAuthSettings => {
    checkOne(at, node);
    if (value.builtin !== undefined) return { kind: 'builtin', settings: value.builtin };
    if (value.token === undefined) return { kind: 'none' };
    return {
      kind: 'token',
      realm: value.token.realm,
      service: value.token.service,
      issuer: value.token.issuer,
      rootCertBundle: value.token.rootcertbundle,
      autoRedirect: value.token.autoredirect,
      autoRedirectPath: value.token.autoredirectpath,
    };
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
