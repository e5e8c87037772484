import type { Authorizer } from '../auth/authorizer.ts';
import { anyService, namedServices, rulesOfService, type Service, type Services } from '../auth/services.ts';
import { TokenIssuer } from '../auth/token/issue.ts';
import type { LoadedAuth } from '../config/docker-auth.ts';
import type { Endpoint } from '../http/app.ts';
import type { AuthKeys } from './auth-keys.ts';
import { lifetimesOf } from './auth-lifetimes.ts';
import { type Rules, wireRules } from './backends/backends.ts';
import type { BackendDependencies } from './backends/parts.ts';
import { keySetEndpoint } from './token-endpoints.ts';

const NOTHING = async (): Promise<void> => undefined;

/** The registries that tokens are made for. */
export interface AuthServices {
  readonly services: Services;
  /** Where the keys of each are published. */
  readonly endpoints: readonly (readonly [string, Endpoint])[];
  /** Those that services have of their own. */
  readonly rules: ReadonlyMap<string, Rules>;
  /** Begins to ask what is outside of this process. Resolves after the first try of each; never rejects. */
  start(): Promise<void>;
  /** Lets go of connections, once nothing is asked any more. */
  close(): Promise<void>;
}

/**
 * The services that are named, each with its rules, or else whatever registry asks.
 * @param shared the rules of all that have none of their own
 * @param behind adds what comes after configured rules
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireServices(
  { config, document }: Pick<LoadedAuth, 'config' | 'document'>,
  parts: {
    readonly keys: AuthKeys;
    readonly shared: readonly Authorizer[];
    readonly behind: (configured: readonly Authorizer[]) => readonly Authorizer[];
    /** Those of the configuration before, whose place the new ones take. */
    readonly before: ReadonlyMap<string, Rules> | undefined;
  },
  deps: Omit<BackendDependencies, 'document' | 'before'>,
): Promise<AuthServices> {
  const { token } = config;
  const { keys, shared, behind } = parts;
  const { clock } = deps;
  if (config.services === undefined) {
    const issuer = new TokenIssuer({
      issuer: token.issuer,
      key: keys.shared,
      ...lifetimesOf(token, undefined),
      clock,
    });
    const services = anyService({ issuer, authorizers: behind(shared) });
    return { services, endpoints: [], rules: new Map(), ...{ start: NOTHING, close: NOTHING } };
  }
  const own = new Map<string, Rules>();
  const close = async (): Promise<void> => {
    await Promise.all([...own.values()].map((rules) => rules.close()));
  };
  const found: Service[] = [];
  try {
    for (const [name, settings] of config.services) {
      let rules = shared;
      if (settings.rules !== undefined) {
        const scope = document.scope(['services', name]);
        // Never those of all services or of another: until there are any, nothing is decided.
        const before = parts.before?.get(name)?.rules;
        const wired = await wireRules(
          settings.rules,
          { ...deps, document: scope, before },
          `services.${name}.`,
        );
        own.set(name, wired);
        rules = wired.authorizers.map((authorizer) => rulesOfService(name, authorizer));
      }
      const issuer = new TokenIssuer({
        issuer: settings.issuer ?? token.issuer,
        key: keys.of(name),
        ...lifetimesOf(token, settings),
        clock,
      });
      found.push({ name, issuer, authorizers: behind(rules) });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const endpoints = found.map(({ name }) => [keySetPath(name), keySetEndpoint(keys.of(name))] as const);
  return {
    ...{ services: namedServices(found), endpoints, rules: own, close },
    async start() {
      await Promise.all([...own.values()].map((rules) => rules.start()));
    },
  };
}

/** Of one service; as it is compared, without percent encoding. */
function keySetPath(service: string): string {
  return `/services/${service}/jwks.json`;
}
