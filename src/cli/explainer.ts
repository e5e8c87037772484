import { type Authorizer, orOwnNamespace } from '../auth/authorizer.ts';
import { AccessExplainer } from '../auth/explain/access-explainer.ts';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import { rulesOfService } from '../auth/services.ts';
import type { AccessSettings, BackendSettings } from '../config/auth-backends-schema.ts';
import { type LoadedAuth, loadAuthConfig } from '../config/docker-auth.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Index } from '../index/index.ts';
import { NO_LOG, NO_METRICS, SYSTEM_CLOCK } from '../ports.ts';
import { type AccountOptions, assertOnePlace } from './account-data.ts';
import { wireBackends, wireRules } from './backends/backends.ts';
import { openTokenDatabase } from './backends/token-database.ts';
import { loadConfiguration, openConfiguredState } from './configuration.ts';
import { Failure } from './failure.ts';
import { ownAccountParts } from './own-accounts.ts';
import { openExistingState, openStateIfMade } from './state.ts';

interface Written<S> {
  readonly settings: S;
  readonly document: ConfigDocument;
}

/** What is to be explained by. */
export interface ExplainerOptions extends AccountOptions {
  /** The registry; needed where the token service knows several. */
  readonly service?: string;
}

interface Source {
  readonly backends: Written<BackendSettings> | undefined;
  /** Those that the service has of its own, in the place of all others. */
  readonly rules?: (Written<AccessSettings> & { readonly service: string }) | undefined;
  readonly index: Index | undefined;
}

/**
 * Explains by a configuration, beside a registry or token service that runs or alone. What the configuration names is
 * asked as for a token: databases, directories, programs and services.
 * @throws ConfigError, Failure
 */
export async function withExplainer<T>(
  options: ExplainerOptions,
  action: (explainer: AccessExplainer) => Promise<T>,
): Promise<T> {
  const { backends: written, rules, index } = await openSource(options);
  const deps = {
    passwords: new PasswordChecker(SYSTEM_CLOCK),
    clock: SYSTEM_CLOCK,
    log: NO_LOG,
    metrics: NO_METRICS,
  };
  const opened: { close(): Promise<void> }[] = index === undefined ? [] : [index];
  try {
    const all = { ...deps, index, throttle: undefined, openTokenDatabase };
    const backends =
      written && (await wireBackends(written.settings, { ...all, document: written.document }));
    if (backends !== undefined) opened.push(backends);
    const ofService = rules && (await wireRules(rules.settings, { ...all, document: rules.document }));
    if (ofService !== undefined) opened.push(ofService);
    const configured: readonly Authorizer[] =
      rules === undefined || ofService === undefined
        ? (backends?.authorizers ?? [])
        : ofService.authorizers.map((one) => rulesOfService(rules.service, one));
    const own = index && ownAccountParts(index, deps);
    const explainer = new AccessExplainer({
      providers: [...(backends?.providers ?? []), ...(own === undefined ? [] : [own.unnoted])],
      authorizers: (own?.behind ?? orOwnNamespace)(configured),
      complete: own?.complete,
      ...{ index, clock: SYSTEM_CLOCK },
    });
    return await action(explainer);
  } finally {
    for (const one of opened.toReversed()) await one.close();
  }
}

async function openSource(options: ExplainerOptions): Promise<Source> {
  assertOnePlace(options);
  const { config: file, authConfig, data } = options;
  if (data !== undefined) return { backends: undefined, index: (await openExistingState(data)).index };
  if (authConfig !== undefined) {
    const loaded = loadAuthConfig(authConfig);
    const { config, document } = loaded;
    const rules = rulesOf(loaded, options);
    // Before the first start there are no accounts but those of the configuration.
    const state = config.data === undefined ? undefined : await openStateIfMade(config.data);
    return { backends: { settings: config, document }, rules, index: state?.index };
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

/** @throws Failure where it is not clear which registry is meant */
function rulesOf(
  { config, document }: LoadedAuth,
  { service = '', authConfig }: ExplainerOptions,
): Source['rules'] {
  if (config.services === undefined) return undefined;
  const found = config.services.get(service);
  if (found === undefined) {
    const what = service === '' ? 'say for which registry' : `there is no service ${JSON.stringify(service)}`;
    const known = [...config.services.keys()].join(', ');
    throw new Failure(`${what}; ${authConfig} knows --service ${known}`);
  }
  if (found.rules === undefined) return undefined;
  return { service, settings: found.rules, document: document.scope(['services', service]) };
}
