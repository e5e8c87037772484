import { ISSUER, SERVICE } from './accounts.ts';

/** A registry that runs. */
export interface Registry {
  readonly port: number;
  output(): string;
  stop(): Promise<void>;
}

/** The walkthrough's step 5: the five variables that tie a registry to a token service. */
export function tokenEnvironment(realm: string, bundle: string): Record<string, string> {
  return {
    REGISTRY_AUTH: 'token',
    REGISTRY_AUTH_TOKEN_REALM: realm,
    REGISTRY_AUTH_TOKEN_SERVICE: SERVICE,
    REGISTRY_AUTH_TOKEN_ISSUER: ISSUER,
    REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: bundle,
  };
}
