import { OWN_NAMESPACE } from '../auth/authorizer.ts';
import type { LoginGuard } from '../auth/guarded-tokens.ts';
import type { PasswordChecker } from '../auth/identity/password-checker.ts';
import { Logins } from '../auth/token/logins.ts';
import { TokenService } from '../auth/token-service.ts';
import type { LoadedAuth } from '../config/docker-auth.ts';
import type { Endpoint } from '../http/app.ts';
import type { Index } from '../index/index.ts';
import type { AccessLog, Clock, Logger, Metrics } from '../ports.ts';
import { AuthKeys } from './auth-keys.ts';
import { wireServices } from './auth-services.ts';
import { wireBackends } from './backends/backends.ts';
import { ownAccountParts } from './own-accounts.ts';

/** What outlives a change of the configuration. */
export interface AuthSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
  /** undefined: nothing is kept between starts. */
  readonly index: Index | undefined;
  /** Remembers right passwords, by hashes that a change makes unreachable. */
  readonly passwords: PasswordChecker;
  readonly guard: LoginGuard;
}

/** A token service, and what is published beside it. */
export interface AuthTokens {
  readonly tokens: TokenService;
  readonly keys: AuthKeys;
  /** Pages of the providers, and the keys of each service. */
  readonly endpoints: readonly (readonly [string, Endpoint])[];
  /** Lets go of connections, once nobody logs in any more. */
  close(): Promise<void>;
}

/**
 * Puts together what a docker_auth configuration says of accounts, rules, registries and keys.
 * @param former see `AuthKeys`
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireTokens(
  loaded: LoadedAuth,
  surroundings: AuthSurroundings,
  former: AuthKeys | undefined,
): Promise<AuthTokens> {
  const { config, document } = loaded;
  const { clock, log, index, passwords } = surroundings;
  const opened: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.toReversed()) await one();
  };
  try {
    const keys = await AuthKeys.open(loaded, surroundings, former);
    opened.push(() => keys.stop());
    const deps = { ...surroundings, throttle: surroundings.guard.throttle };
    const backends = await wireBackends(config, { ...deps, document });
    opened.push(() => backends.close());
    const own = index && ownAccountParts(index, { passwords, clock, log });
    if (own !== undefined) opened.push(() => own.close());
    const logins = index && new Logins({ index: index.logins, clock, log, lifetimes: config.token.refresh });
    if (logins !== undefined) opened.push(() => logins.flush());
    const named = await wireServices(
      loaded,
      {
        keys,
        shared: backends.authorizers,
        behind: own?.behind ?? ((configured) => (configured.length === 0 ? [OWN_NAMESPACE] : configured)),
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
    return { tokens, keys, endpoints: [...named.endpoints, ...backends.endpoints], close };
  } catch (error) {
    await close();
    throw error;
  }
}
