import { type Authorizer, orOwnNamespace } from '../auth/authorizer.ts';
import type { LoginGuard } from '../auth/guarded-tokens.ts';
import type { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { Source } from '../auth/source.ts';
import { Logins } from '../auth/token/logins.ts';
import { TokenService } from '../auth/token-service.ts';
import type { LoadedAuth } from '../config/docker-auth.ts';
import type { Endpoint } from '../http/app.ts';
import type { RequestMetrics } from '../http/request-metrics.ts';
import type { Index } from '../index/index.ts';
import type { AccessLog, Clock, Logger, Metrics } from '../ports.ts';
import { AuthKeys } from './auth-keys.ts';
import { wireServices } from './auth-services.ts';
import { type Rules, wireBackends } from './backends/backends.ts';
import { openTokenDatabase } from './backends/token-database.ts';
import { ownAccountParts } from './own-accounts.ts';

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

/** What a configuration that takes the place of another takes over from it. */
export interface RulesAndKeys {
  readonly keys: AuthKeys;
  /** Of all services. */
  readonly rules: readonly Authorizer[];
  readonly rulesByService: ReadonlyMap<string, Rules>;
}

/** A token service, and what is published beside it. */
export interface AuthTokens {
  readonly tokens: TokenService;
  readonly inUse: RulesAndKeys;
  /** What is asked for accounts and rules, as the configuration names it. */
  readonly sources: readonly Source[];
  /** Pages of the providers, and the keys of each service. */
  readonly endpoints: readonly (readonly [string, Endpoint])[];
  /** Begins to ask what is outside of this process. Resolves after the first try of each; never rejects. */
  start(): Promise<void>;
  /** Lets go of connections, once nobody logs in any more. */
  close(): Promise<void>;
}

/**
 * Puts together what a docker_auth configuration says of accounts, rules, registries and keys, and connects to nothing
 * yet.
 * @param before what was in use until now
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireTokens(
  loaded: LoadedAuth,
  surroundings: AuthSurroundings,
  before: RulesAndKeys | undefined,
): Promise<AuthTokens> {
  const { config, document } = loaded;
  const { clock, log, metrics, index, passwords } = surroundings;
  const opened: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.toReversed()) await one();
  };
  try {
    const keys = await AuthKeys.open(loaded, surroundings, before?.keys);
    opened.push(() => keys.stop());
    const deps = { ...surroundings, openTokenDatabase, throttle: surroundings.guard.throttle };
    const backends = await wireBackends(config, { ...deps, document, before: before?.rules });
    opened.push(() => backends.close());
    const own = index && ownAccountParts(index, { passwords, clock, log, metrics });
    if (own !== undefined) opened.push(() => own.close());
    const logins = index && new Logins({ index: index.logins, clock, log, lifetimes: config.token.refresh });
    if (logins !== undefined) opened.push(() => logins.flush());
    const named = await wireServices(
      loaded,
      {
        keys,
        before: before?.rulesByService,
        shared: backends.authorizers,
        behind: own?.behind ?? orOwnNamespace,
      },
      deps,
    );
    opened.push(() => named.close());
    const tokens = new TokenService({
      providers: own === undefined ? backends.providers : [...backends.providers, own.provider],
      services: named.services,
      complete: own?.complete,
      revocations: index?.revocations,
      logins,
    });
    return {
      tokens,
      inUse: { keys, rules: backends.rules, rulesByService: named.rules },
      sources: [...backends.sources, ...[...named.rules.values()].flatMap(({ sources }) => sources)],
      endpoints: [...named.endpoints, ...backends.endpoints],
      async start() {
        await Promise.all([backends.start(), named.start()]);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
