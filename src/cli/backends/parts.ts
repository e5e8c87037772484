import type { Authorizer } from '../../auth/authorizer.ts';
import type { PasswordChecker } from '../../auth/identity/password-checker.ts';
import type { IdentityProvider } from '../../auth/identity/provider.ts';
import type { Throttle } from '../../auth/throttle.ts';
import type { AccessSettings, BackendSettings } from '../../config/auth-backends-schema.ts';
import type { ConfigDocument } from '../../config/document.ts';
import type { Endpoint } from '../../http/app.ts';
import type { Index } from '../../index/index.ts';
import type { Clock, Logger, Metrics } from '../../ports.ts';

/** What the sections about accounts and rules are made with. */
export interface BackendDependencies {
  /** Whose root has the sections. */
  readonly document: ConfigDocument;
  /** Where something is kept between starts; undefined where the configuration names no place for it. */
  readonly index: Index | undefined;
  readonly passwords: PasswordChecker;
  /** undefined: nobody is ever held up. */
  readonly throttle: Throttle | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A section about accounts, put together. */
export interface IdentityPart {
  readonly provider: IdentityProvider;
  /** Pages for a browser. */
  readonly endpoints?: readonly (readonly [string, Endpoint])[];
}

/**
 * Puts one section about accounts together; undefined where it was not written.
 * @throws ConfigError
 */
export type IdentityBuilder = (
  settings: BackendSettings,
  deps: BackendDependencies,
) => IdentityPart | undefined | Promise<IdentityPart | undefined>;

/**
 * Puts one section about rules together; undefined where it was not written.
 * @throws ConfigError
 */
export type AccessBuilder = (
  settings: AccessSettings,
  deps: BackendDependencies,
) => Authorizer | undefined | Promise<Authorizer | undefined>;
