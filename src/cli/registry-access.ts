import type { RegistryAuthSettings } from '../config/registry-auth-settings.ts';
import { OPEN_ACCESS, TokenAccess } from '../http/v2/access.ts';
import { SillyAccess } from '../http/v2/silly-access.ts';
import type { AccessDependencies, RegistryAccess } from './access-parts.ts';
import { builtinAuth } from './builtin-auth.ts';
import { htpasswdAccess } from './htpasswd-access.ts';
import { OWN_SERVICE } from './own-tokens.ts';
import { foreignTokens } from './token-access.ts';
import { tokenEndpoints } from './token-endpoints.ts';

async function builtinTokens(
  { settings }: Extract<RegistryAuthSettings, { kind: 'builtin' }>,
  deps: AccessDependencies,
): Promise<RegistryAccess> {
  const auth = await builtinAuth(settings, deps.document.scope(['auth', 'builtin']), deps);
  const control = new TokenAccess({
    verifier: auth.verifier,
    ...(auth.revoked && { revoked: auth.revoked }),
    service: OWN_SERVICE,
    realm: (request) => `${deps.urls.baseOf(request)}/auth/token`,
  });
  return {
    control,
    endpoints: tokenEndpoints(auth.service, auth.keys, auth.issuer),
    builtin: auth,
  };
}

/**
 * Puts together what `auth` in the configuration asks for. The caller stops its watch.
 * @throws ConfigError where a file or a rule is of no use
 */
export async function registryAccess(
  settings: RegistryAuthSettings,
  deps: AccessDependencies,
): Promise<RegistryAccess> {
  switch (settings.kind) {
    case 'token':
      return foreignTokens(settings, deps);
    case 'builtin':
      return builtinTokens(settings, deps);
    case 'htpasswd':
      return htpasswdAccess(settings, deps);
    case 'silly':
      deps.log.warn(
        'auth: silly is for tests of clients: whoever sends any Authorization header may pull, push and delete',
      );
      return { control: new SillyAccess(settings), endpoints: [] };
    case 'none':
      deps.log.warn(
        'no authentication is configured: whoever reaches this registry may pull, push and delete',
      );
      return { control: OPEN_ACCESS, endpoints: [] };
  }
}
