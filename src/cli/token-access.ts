import { type KeySet, readKeySet } from '../auth/token/jwks.ts';
import { readCertificates } from '../auth/token/signing-key.ts';
import { TrustedKeys } from '../auth/token/trust.ts';
import { TokenVerifier } from '../auth/token/verify.ts';
import type { TokenAuthSettings } from '../config/registry-auth-settings.ts';
import type { HttpRequest } from '../http/message.ts';
import { TokenAccess } from '../http/v2/access.ts';
import type { AccessDependencies, RegistryAccess } from './access-parts.ts';
import { readNamedFile, usingFile } from './key-files.ts';
import { watchFiles } from './watched-files.ts';

/**
 * `auth.token`: tokens of a foreign issuer, by its certificates, its JWK set or both. The files are read again when they
 * change; a key that is gone then accepts nothing any more.
 * @throws ConfigError
 */
export async function foreignTokens(
  settings: TokenAuthSettings,
  deps: AccessDependencies,
): Promise<RegistryAccess> {
  const { realm, service, issuer, autoRedirect, autoRedirectPath, signingAlgorithms } = settings;
  const { urls, clock, log } = deps;
  const verifier = new TokenVerifier({
    keys: await trustedKeys(settings, deps),
    issuer,
    audience: service,
    clock,
    algorithms: signingAlgorithms,
  });
  // registry:2 always writes https there; registry:3 lets a proxy say otherwise.
  const redirected = (request: HttpRequest): string =>
    `${request.forwarded?.scheme ?? 'https'}://${urls.hostOf(request)}${autoRedirectPath}`;
  return {
    control: new TokenAccess({ verifier, service, realm: autoRedirect ? redirected : () => realm }),
    endpoints: [],
    watch: await watchFiles({
      files: [settings.rootCertBundle, settings.jwks].filter((file) => file !== undefined),
      what: 'the keys that may sign tokens',
      log,
      reload: async () => verifier.replaceKeys(await trustedKeys(settings, deps)),
    }),
  };
}

async function trustedKeys(
  { rootCertBundle, jwks }: TokenAuthSettings,
  deps: AccessDependencies,
): Promise<TrustedKeys> {
  const { document, clock } = deps;
  const roots =
    rootCertBundle === undefined
      ? []
      : await read(deps, ['auth', 'token', 'rootcertbundle'], rootCertBundle, readCertificates);
  if (jwks === undefined) return TrustedKeys.create(roots, [], clock);
  const path = ['auth', 'token', 'jwks'];
  const { keys, remarks } = await read<KeySet>(deps, path, jwks, readKeySet);
  for (const reason of remarks) {
    deps.log.warn('a key set has something odd', { file: jwks, named: document.describe(path), reason });
  }
  return TrustedKeys.create(roots, [], clock, keys);
}

function read<T>(
  { document }: AccessDependencies,
  path: readonly string[],
  file: string,
  parse: (text: string) => T,
): Promise<T> {
  const text = readNamedFile(document, path, file);
  return usingFile(document, path, file, () => parse(text));
}
