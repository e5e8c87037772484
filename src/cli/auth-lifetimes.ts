import type { TokenLifetimes } from '../auth/token/lifetime.ts';
import type { AuthConfig } from '../config/docker-auth-schema.ts';
import type { ServiceSettings } from '../config/services-schema.ts';

/** How long the tokens of a service live, or those of all where it is not said. */
export function lifetimesOf(
  token: AuthConfig['token'],
  service: ServiceSettings | undefined,
): TokenLifetimes {
  return {
    lifetimeSeconds: service?.expirationSeconds ?? token.expirationSeconds,
    lifetimeSecondsByAction: service?.expirationSecondsByAction ?? token.expirationSecondsByAction,
  };
}
