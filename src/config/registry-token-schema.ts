import type { TokenAuthSettings } from './registry-auth-settings.ts';
import { onlyIn, optional, readAgain, required, type Type, withDefault } from './schema.ts';
import { bool, oneOf, strictText } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';

/** HMAC shares a secret with whoever verifies; a file of public keys has none, in the original neither. */
const HMAC = ['HS256', 'HS384', 'HS512'] as const;

/** The names that registry:3 knows (distribution, `registry/auth/token/token.go`). */
const ALGORITHMS = [
  ...(['EdDSA', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'] as const),
  ...HMAC,
] as const;

/** `auth.token`: what registry:2 and registry:3 know. */
export const token: Type<TokenAuthSettings> = refine(
  section(
    {
      realm: required(strictText, 'URL of the token service.'),
      service: required(strictText, 'Name of this registry; must be the `aud` of tokens.'),
      issuer: required(strictText, 'Must be the `iss` of tokens.'),
      rootcertbundle: readAgain(
        optional(
          strictText,
          'PEM file with the certificates that may sign tokens; read again when it changes. It or `jwks` must be there.',
        ),
      ),
      jwks: onlyIn(
        3,
        readAgain(
          optional(
            strictText,
            'File with a JWK set of the keys that may sign tokens; read again when it changes.',
          ),
        ),
      ),
      signingalgorithms: onlyIn(
        3,
        optional(
          list(oneOf(ALGORITHMS)),
          'Accept these algorithms only; otherwise all that suit the kind of key.',
        ),
      ),
      autoredirect: withDefault(bool, 'The realm is the host that the client used.', false),
      autoredirectpath: withDefault(strictText, 'Path of the realm with autoredirect.', '/auth/token'),
    },
    { go: 'map' },
  ),
  (value, at, node): TokenAuthSettings => {
    if (value.rootcertbundle === undefined && value.jwks === undefined) {
      at.report(`"auth.token" needs keys that may sign tokens: write rootcertbundle, jwks, or both`);
    }
    const asked = value.signingalgorithms ?? [];
    const useful = asked.filter((name) => !HMAC.some((hmac) => hmac === name));
    const place = placeOfKey(node, 'signingalgorithms', at);
    if (asked.length > 0 && useful.length === 0) {
      at.report('"auth.token.signingalgorithms" has HMAC alone, which never verifies a token here', place);
    } else if (useful.length < asked.length) {
      at.notice('"auth.token.signingalgorithms": HMAC (HS…) is never accepted, listed or not', place);
    }
    const path = value.autoredirectpath;
    return {
      kind: 'token',
      realm: value.realm,
      service: value.service,
      issuer: value.issuer,
      rootCertBundle: value.rootcertbundle,
      jwks: value.jwks,
      // An empty list restricts nothing, as in the original.
      signingAlgorithms: useful.length === 0 ? undefined : useful,
      autoRedirect: value.autoredirect,
      autoRedirectPath: path.startsWith('/') ? path : `/${path}`,
    };
  },
);
