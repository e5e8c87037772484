import { type Authorizer, OWN_NAMESPACE } from '../auth/authorizer.ts';
import { AccessExplainer } from '../auth/explain/access-explainer.ts';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { BackendSettings } from '../config/auth-backends-schema.ts';
import { loadAuthConfig } from '../config/docker-auth.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Index } from '../index/index.ts';
import { type Clock, NO_LOG, NO_METRICS } from '../ports.ts';
import { type AccountOptions, assertOnePlace } from './account-data.ts';
import { wireBackends } from './backends/backends.ts';
import { openTokenDatabase } from './backends/token-database.ts';
import { loadConfiguration, openConfiguredState } from './configuration.ts';
import { Failure } from './failure.ts';
import { ownAccountParts } from './own-accounts.ts';
import { openExistingState, openStateIfMade } from './state.ts';

const CLOCK: Clock = { now: Date.now };

interface Source {
  readonly backends: { readonly settings: BackendSettings; readonly document: ConfigDocument } | undefined;
  readonly index: Index | undefined;
}

/**
 * Explains by a configuration, beside a registry or token service that runs or alone. What the configuration names is
 * asked as for a token: databases, directories, programs and services.
 * @throws ConfigError, Failure
 */
export async function withExplainer<T>(
  options: AccountOptions,
  action: (explainer: AccessExplainer) => Promise<T>,
): Promise<T> {
  const { backends: written, index } = await openSource(options);
  const deps = { passwords: new PasswordChecker(CLOCK), clock: CLOCK, log: NO_LOG, metrics: NO_METRICS };
  try {
    const backends =
      written &&
      (await wireBackends(written.settings, {
        ...{ ...deps, document: written.document, index },
        ...{ throttle: undefined, openTokenDatabase },
      }));
    try {
      const configured: readonly Authorizer[] = backends?.authorizers ?? [];
      const own = index && ownAccountParts(index, deps, configured);
      const explainer = new AccessExplainer({
        providers: [...(backends?.providers ?? []), ...(own === undefined ? [] : [own.unnoted])],
        authorizers: own?.authorizers ?? (configured.length === 0 ? [OWN_NAMESPACE] : configured),
        complete: own?.complete,
        ...{ index, clock: CLOCK },
      });
      return await action(explainer);
    } finally {
      await backends?.close();
    }
  } finally {
    await index?.close();
  }
}

async function openSource(options: AccountOptions): Promise<Source> {
  assertOnePlace(options);
  const { config: file, authConfig, data } = options;
  if (data !== undefined) return { backends: undefined, index: (await openExistingState(data)).index };
  if (authConfig !== undefined) {
    const { config, document } = loadAuthConfig(authConfig);
    // Before the first start there are no accounts but those of the configuration.
    const state = config.data === undefined ? undefined : await openStateIfMade(config.data);
    return { backends: { settings: config, document }, index: state?.index };
  }
  const { config, document } = loadConfiguration(file);
  if (config.auth.kind !== 'builtin') {
    throw new Failure(
      `tokens for this registry come from elsewhere (auth: ${config.auth.kind}); name the configuration of the token service with --auth-config`,
    );
  }
  const backends = { settings: config.auth.settings, document: document.scope(['auth', 'builtin']) };
  return { backends, index: (await openConfiguredState(file)).index };
}
