import { GuardedTokens } from '../auth/guarded-tokens.ts';
import type { LoadedAuth } from '../config/docker-auth.ts';
import { createApp, type Endpoint } from '../http/app.ts';
import { liveEndpoint } from '../http/health.ts';
import type { App } from '../http/message.ts';
import { withKnownAddress } from '../http/token/known-address.ts';
import { DEFAULT_TRUSTED, TrustedProxies } from '../http/trusted-proxies.ts';
import type { AuthKeys } from './auth-keys.ts';
import { type AuthSurroundings, wireTokens } from './auth-tokens.ts';
import type { Closable } from './generations.ts';
import type { InUse } from './reloading.ts';
import { commonEndpoints, tokenEndpoints } from './token-endpoints.ts';

/** A token service that answers requests, as one state of the configuration asks for it. */
export interface AuthProgram extends InUse, Closable {
  readonly app: App;
  readonly loaded: LoadedAuth;
  readonly keys: AuthKeys;
}

/** As docker_auth sends it. */
const HSTS = { 'Strict-Transport-Security': 'max-age=63072000; includeSubDomains' };

/**
 * Puts together what a docker_auth configuration asks for.
 * @param file where it was read
 * @param former what answers until then, whose tokens stay valid
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireAuth(
  file: string,
  loaded: LoadedAuth,
  surroundings: AuthSurroundings,
  former?: Pick<AuthProgram, 'keys'>,
): Promise<AuthProgram> {
  const { clock, log, accessLog } = surroundings;
  const { server: settings, token } = loaded.config;
  const { tokens, keys, endpoints, close } = await wireTokens(loaded, surroundings, former?.keys);
  const service = new GuardedTokens(tokens, surroundings.guard);
  const { realAddress } = settings;
  const located = ([path, endpoint]: readonly [string, Endpoint]): readonly [string, Endpoint] =>
    realAddress === undefined || endpoint.name !== 'token'
      ? [path, endpoint]
      : [path, withKnownAddress(endpoint, realAddress.header)];
  const app = createApp({
    log,
    clock,
    accessLog,
    metrics: undefined,
    proxies: new TrustedProxies(settings.trustedProxies ?? DEFAULT_TRUSTED, log, {
      key: 'server.trusted_proxies',
      addressHeader: realAddress?.header,
      maxEntries: realAddress?.maxEntries,
    }),
    isUnhealthy: () => false,
    prefix: settings.pathPrefix,
    headers: settings.hsts ? HSTS : {},
    v2: undefined,
    endpoints: new Map([
      ...commonEndpoints(token.issuer),
      ['/readyz', liveEndpoint()],
      ...tokenEndpoints(service, keys.shared, token.issuer).map(located),
      ...endpoints,
    ]),
  });
  return { app, loaded, keys, files: [file, ...loaded.files], close };
}
