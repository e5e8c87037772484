import { GuardedTokens } from '../auth/guarded-tokens.ts';
import type { Source } from '../auth/source.ts';
import type { LoadedAuth } from '../config/docker-auth.ts';
import { createApp, type Endpoint } from '../http/app.ts';
import { readyEndpoint } from '../http/health.ts';
import type { App } from '../http/message.ts';
import { withKnownAddress } from '../http/token/known-address.ts';
import { DEFAULT_TRUSTED, TrustedProxies } from '../http/trusted-proxies.ts';
import { statesOf } from './auth-sight.ts';
import { type AuthSurroundings, type RulesAndKeys, wireTokens } from './auth-tokens.ts';
import type { Closable } from './generations.ts';
import type { InUse } from './reloading.ts';
import { commonEndpoints, tokenEndpoints } from './token-endpoints.ts';

/** A token service that answers requests, as one state of the configuration asks for it. */
export interface AuthProgram extends InUse, Closable {
  readonly app: App;
  readonly loaded: LoadedAuth;
  /** What is asked for accounts and rules, as the configuration names it. */
  readonly sources: readonly Source[];
  /** `/readyz`, for the debug server too. */
  readonly ready: Endpoint;
  /** For the configuration that takes its place. */
  readonly inUse: RulesAndKeys;
  /** Begins to ask what is outside of this process. Resolves after the first try of each; never rejects. */
  start(): Promise<void>;
}

/** As docker_auth sends it. */
const HSTS = { 'Strict-Transport-Security': 'max-age=63072000; includeSubDomains' };

/**
 * Puts together what a docker_auth configuration asks for, and connects to nothing yet.
 * @param file where it was read
 * @param before the program whose place it takes: its tokens stay valid
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireAuth(
  file: string,
  loaded: LoadedAuth,
  surroundings: AuthSurroundings,
  before?: Pick<AuthProgram, 'inUse'>,
): Promise<AuthProgram> {
  const { clock, log, accessLog, index } = surroundings;
  const { server: settings, token } = loaded.config;
  const wired = await wireTokens(loaded, surroundings, before?.inUse);
  const { tokens, inUse, sources, endpoints, start, close } = wired;
  const service = new GuardedTokens(tokens, surroundings.guard);
  const { realAddress } = settings;
  const located = ([path, endpoint]: readonly [string, Endpoint]): readonly [string, Endpoint] =>
    realAddress === undefined || endpoint.name !== 'token'
      ? [path, endpoint]
      : [path, withKnownAddress(endpoint, realAddress.header)];
  const ready = readyEndpoint({
    checks: [
      { name: 'signing key', check: async () => inUse.keys.assertSigns() },
      ...(index === undefined ? [] : [{ name: 'index', check: () => index.ping() }]),
    ],
    log,
    sources: () => statesOf(sources),
    auditDrops: surroundings.auditDrops,
  });
  const app = createApp({
    log,
    clock,
    accessLog,
    requestMetrics: surroundings.requestMetrics,
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
      ['/readyz', ready],
      ...tokenEndpoints(service, inUse.keys.shared, token.issuer).map(located),
      ...endpoints,
    ]),
  });
  return { app, loaded, ready, sources, inUse, files: [file, ...loaded.files], start, close };
}
