import { readCertificates } from '../auth/token/signing-key.ts';
import { TrustedKeys } from '../auth/token/trust.ts';
import { TokenVerifier } from '../auth/token/verify.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { RegistryAuthSettings } from '../config/registry-config.ts';
import type { Endpoint } from '../http/app.ts';
import type { ExternalUrl } from '../http/external-url.ts';
import type { HttpRequest } from '../http/message.ts';
import { type AccessControl, OPEN_ACCESS, TokenAccess } from '../http/v2/access.ts';
import type { Index } from '../index/index.ts';
import type { Clock, Logger } from '../ports.ts';
import { BUILTIN_SERVICE, type BuiltinAuth, builtinAuth } from './builtin-auth.ts';
import { readNamedFile, usingFile } from './key-files.ts';
import { tokenEndpoints } from './token-endpoints.ts';

/** What the configured kind of authentication brings along. */
export interface RegistryAccess {
  readonly control: AccessControl;
  readonly endpoints: readonly [string, Endpoint][];
  /** The token service of its own, where there is one. */
  readonly builtin?: BuiltinAuth;
}

/** What it is made from. */
export interface AccessDependencies {
  readonly index: Index;
  readonly document: ConfigDocument;
  readonly urls: ExternalUrl;
  readonly clock: Clock;
  readonly log: Logger;
}

async function foreignTokens(
  settings: Extract<RegistryAuthSettings, { kind: 'token' }>,
  { document, urls, clock }: AccessDependencies,
): Promise<RegistryAccess> {
  const { realm, service, issuer, rootCertBundle, autoRedirect, autoRedirectPath } = settings;
  const path = ['auth', 'token', 'rootcertbundle'];
  const pem = readNamedFile(document, path, rootCertBundle);
  const roots = await usingFile(document, path, rootCertBundle, () => readCertificates(pem));
  const keys = await TrustedKeys.create(roots, [], clock);
  // registry:2 always writes https there; registry:3 lets a proxy say otherwise.
  const redirected = (request: HttpRequest): string =>
    `${request.forwarded?.scheme ?? 'https'}://${urls.hostOf(request)}${autoRedirectPath}`;
  const control = new TokenAccess({
    verifier: new TokenVerifier({ keys, issuer, audience: service, clock }),
    service,
    realm: autoRedirect ? redirected : () => realm,
  });
  return { control, endpoints: [] };
}

async function ownTokens(
  { settings }: Extract<RegistryAuthSettings, { kind: 'builtin' }>,
  deps: AccessDependencies,
): Promise<RegistryAccess> {
  const auth = await builtinAuth(settings, deps.document.scope(['auth', 'builtin']), deps);
  const control = new TokenAccess({
    verifier: auth.verifier,
    service: BUILTIN_SERVICE,
    realm: (request) => `${deps.urls.baseOf(request)}/auth/token`,
  });
  return { control, endpoints: tokenEndpoints(auth.service, auth.keys, auth.issuer), builtin: auth };
}

/**
 * Puts together what `auth` in the configuration asks for.
 * @throws ConfigError where a certificate or a rule is of no use
 */
export async function registryAccess(
  settings: RegistryAuthSettings,
  deps: AccessDependencies,
): Promise<RegistryAccess> {
  switch (settings.kind) {
    case 'token':
      return foreignTokens(settings, deps);
    case 'builtin':
      return ownTokens(settings, deps);
    case 'none':
      deps.log.warn(
        'no authentication is configured: whoever reaches this registry may pull, push and delete',
      );
      return { control: OPEN_ACCESS, endpoints: [] };
  }
}
