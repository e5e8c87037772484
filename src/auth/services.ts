import type { Authorizer, Verdict } from './authorizer.ts';
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
  const named = (verdict: Verdict): Verdict =>
    verdict === 'no-match'
      ? verdict
      : { ...verdict, rule: `service ${JSON.stringify(service)}: ${verdict.rule}` };
  const { name, explain } = authorizer;
  return {
    name,
    authorize: async (who, wanted, context) => named(await authorizer.authorize(who, wanted, context)),
    ...(explain && {
      explain: async (...asked: Parameters<typeof explain>) => {
        const explained = await explain.apply(authorizer, asked);
        return { ...explained, verdict: named(explained.verdict) };
      },
    }),
  };
}
