import type { Authorizer } from './authorizer.ts';
import type { TokenIssuer } from './token/issue.ts';

/** How tokens for a registry are made. */
export interface ServiceParts {
  readonly issuer: TokenIssuer;
  /** Asked in this order; the first one that decides decides. */
  readonly authorizers: readonly Authorizer[];
}

/** A registry that tokens are made for. */
export interface Service extends ServiceParts {
  /** Byte for byte what registries call it in `service` and expect as `aud`. */
  readonly name: string;
}

/** The registries that tokens are made for. */
export interface Services {
  /**
   * @param name what the client was told to ask for; empty where it did not say
   * @returns undefined where no tokens are made for it
   */
  find(name: string): Service | undefined;
}

/** Whatever is asked for, alike, as by docker_auth. */
export function anyService(parts: ServiceParts): Services {
  return { find: (name) => ({ ...parts, name }) };
}

/** One alone, which is also meant where nothing was said. */
export function onlyService(service: Service): Services {
  return { find: (name) => (name === '' || name === service.name ? service : undefined) };
}

/** Those that are listed. */
export function namedServices(services: readonly Service[]): Services {
  const byName = new Map(services.map((service) => [service.name, service]));
  return { find: (name) => byName.get(name) };
}

/** The same rules, which say for the operator that they are those of one service. */
export function rulesOfService(service: string, authorizer: Authorizer): Authorizer {
  return {
    name: authorizer.name,
    async authorize(who, wanted, context) {
      const verdict = await authorizer.authorize(who, wanted, context);
      if (verdict === 'no-match') return verdict;
      return { ...verdict, rule: `service ${JSON.stringify(service)}: ${verdict.rule}` };
    },
    close: async () => authorizer.close?.(),
  };
}
