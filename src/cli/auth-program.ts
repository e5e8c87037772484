import { type Authorizer, OWN_NAMESPACE } from '../auth/authorizer.ts';
import { GuardedTokens, type LoginGuard } from '../auth/guarded-tokens.ts';
import type { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { Source } from '../auth/source.ts';
import { TokenIssuer } from '../auth/token/issue.ts';
import { fixedKey, KeyRing, type KeySource } from '../auth/token/key-ring.ts';
import { Logins } from '../auth/token/logins.ts';
import { TokenService } from '../auth/token-service.ts';
import type { LoadedAuth } from '../config/docker-auth.ts';
import { createApp, type Endpoint } from '../http/app.ts';
import { readyEndpoint } from '../http/health.ts';
import type { App } from '../http/message.ts';
import type { RequestMetrics } from '../http/request-metrics.ts';
import { withKnownAddress } from '../http/token/known-address.ts';
import { DEFAULT_TRUSTED, TrustedProxies } from '../http/trusted-proxies.ts';
import type { Index } from '../index/index.ts';
import type { AccessLog, Clock, Logger, Metrics } from '../ports.ts';
import { statesOf } from './auth-sight.ts';
import { wireBackends } from './backends/backends.ts';
import { openTokenDatabase } from './backends/token-database.ts';
import type { Closable } from './generations.ts';
import { ownAccountParts } from './own-accounts.ts';
import type { InUse } from './reloading.ts';
import { commonEndpoints, tokenEndpoints } from './token-endpoints.ts';
import { signingKeyFrom } from './token-parts.ts';

/** What outlives a change of the configuration. */
export interface AuthSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
  /** undefined: requests are not counted. */
  readonly requestMetrics: RequestMetrics | undefined;
  /** undefined: nothing is kept between starts. */
  readonly index: Index | undefined;
  /** Remembers right passwords, by hashes that a change makes unreachable. */
  readonly passwords: PasswordChecker;
  readonly guard: LoginGuard;
  /** Entries of the audit log that were lost; undefined where there is none. */
  readonly auditDrops: (() => Readonly<Record<string, number>>) | undefined;
}

/** A token service that answers requests, as one state of the configuration asks for it. */
export interface AuthProgram extends InUse, Closable {
  readonly app: App;
  readonly loaded: LoadedAuth;
  /** What is asked for accounts and rules, as the configuration names it. */
  readonly sources: readonly Source[];
  /** `/readyz`, for the debug server too. */
  readonly ready: Endpoint;
  /** Those of the configuration. */
  readonly authorizers: readonly Authorizer[];
  /** Begins to ask what is outside of this process. Resolves after the first try of each; never rejects. */
  start(): Promise<void>;
}

/** As docker_auth sends it. */
const HSTS = { 'Strict-Transport-Security': 'max-age=63072000; includeSubDomains' };

/**
 * Puts together what a docker_auth configuration asks for, and connects to nothing yet.
 * @param file where it was read
 * @param before the program whose place it takes
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireAuth(
  file: string,
  loaded: LoadedAuth,
  surroundings: AuthSurroundings,
  before?: AuthProgram,
): Promise<AuthProgram> {
  const { config, document } = loaded;
  const { clock, log, accessLog, index, passwords } = surroundings;
  const { server: settings, token } = config;
  const keys = await keysOf(loaded, surroundings);
  const backends = await wireBackends(config, {
    ...{ ...surroundings, document, openTokenDatabase, before: before?.authorizers },
    throttle: surroundings.guard.throttle,
  });
  const own =
    index &&
    ownAccountParts(index, { passwords, clock, log, metrics: surroundings.metrics }, backends.authorizers);
  const logins = index && new Logins({ index: index.logins, clock, log, lifetimes: token.refresh });
  const tokens = new TokenService({
    providers: own === undefined ? backends.providers : [...backends.providers, own.provider],
    authorizers:
      own?.authorizers ?? (backends.authorizers.length === 0 ? [OWN_NAMESPACE] : backends.authorizers),
    complete: own?.complete,
    revocations: index?.revocations,
    issuer: new TokenIssuer({
      issuer: token.issuer,
      key: keys.source,
      lifetimeSeconds: token.expirationSeconds,
      clock,
    }),
    logins,
  });
  const service = new GuardedTokens(tokens, surroundings.guard);
  const { realAddress } = settings;
  const located = ([path, endpoint]: readonly [string, Endpoint]): readonly [string, Endpoint] =>
    realAddress === undefined || endpoint.name !== 'token'
      ? [path, endpoint]
      : [path, withKnownAddress(endpoint, realAddress.header)];
  const ready = readyEndpoint({
    checks: [
      { name: 'signing key', check: async () => void keys.source.current() },
      ...(index === undefined ? [] : [{ name: 'index', check: () => index.ping() }]),
    ],
    log,
    sources: () => statesOf(backends.sources),
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
      ...tokenEndpoints(service, keys.source, token.issuer).map(located),
      ...backends.endpoints,
    ]),
  });
  return {
    ...{ app, loaded, ready, sources: backends.sources, files: [file, ...loaded.files] },
    ...{ authorizers: backends.rules, start: backends.start },
    async close() {
      keys.stop();
      await logins?.flush();
      await own?.close();
      await backends.close();
    },
  };
}

/** The configured pair, which is read again with the configuration when it changes, or keys of the index. */
async function keysOf(
  { config: { token }, document }: LoadedAuth,
  { index, clock, log }: AuthSurroundings,
): Promise<{ source: KeySource; stop: () => void }> {
  if (token.pair !== undefined || index === undefined) {
    if (token.pair === undefined) throw new Error('there is nothing to sign tokens with');
    const key = await signingKeyFrom(document, token, token.pair);
    return { source: fixedKey(key), stop: () => undefined };
  }
  const overlapMs = Math.max(token.rotation.overlapMs, token.expirationSeconds * 1000);
  const rotation = { ...token.rotation, overlapMs };
  const ring = await KeyRing.open({ index: index.signingKeys, clock, log, rotation });
  return { source: ring, stop: () => ring.stop() };
}
