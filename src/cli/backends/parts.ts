import type { Authorizer } from '../../auth/authorizer.ts';
import type { PasswordChecker } from '../../auth/identity/password-checker.ts';
import type { IdentityProvider } from '../../auth/identity/provider.ts';
import type { TokenDatabase } from '../../auth/login/token-database.ts';
import type { Throttle } from '../../auth/throttle.ts';
import type { AccessSettings, BackendSettings } from '../../config/auth-backends-schema.ts';
import type { ConfigDocument } from '../../config/document.ts';
import type { TokenDatabaseSettings } from '../../config/token-database-schema.ts';
import type { Endpoint } from '../../http/app.ts';
import type { Index } from '../../index/index.ts';
import type { Clock, Logger, Metrics } from '../../ports.ts';

/** A token database, and what has to be known of it. */
export interface OpenedDatabase {
  readonly database: TokenDatabase;
  /**
   * How long an answer may be remembered, in milliseconds; 0 where asking costs little. For so long a password may go
   * on that was revoked.
   */
  readonly rememberMs: number;
  /** docker_auth may have written to it. */
  readonly mayHoldLegacy: boolean;
}

/**
 * Opens the token database of a section.
 * @throws ConfigError, Failure
 */
export type OpenTokenDatabase = (
  section: string,
  settings: TokenDatabaseSettings,
  deps: BackendDependencies,
) => Promise<OpenedDatabase>;

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
  /** Opens what a section keeps its logins by a browser in. */
  readonly openTokenDatabase: OpenTokenDatabase;
  /** The rules in use until now, where others are to take their place. */
  readonly before?: readonly Authorizer[] | undefined;
}

/** A section about accounts, put together. */
export interface IdentityPart {
  readonly provider: IdentityProvider;
  /** Pages for a browser. */
  readonly endpoints?: readonly (readonly [string, Endpoint])[];
  /** See `AccessPart`. */
  readonly start?: () => Promise<void>;
}

/** A section about rules, put together. */
export interface AccessPart {
  readonly authorizer: Authorizer;
  /** Begins to ask what is outside of this process, before anybody needs it. Resolves after the first try; never rejects. */
  readonly start?: () => Promise<void>;
}

/**
 * Puts one section about accounts together; undefined where it was not written. Connects to nothing.
 * @throws ConfigError
 */
export type IdentityBuilder = (
  settings: BackendSettings,
  deps: BackendDependencies,
) => IdentityPart | undefined | Promise<IdentityPart | undefined>;

/**
 * Puts one section about rules together; undefined where it was not written. Connects to nothing.
 * @throws ConfigError
 */
export type AccessBuilder = (
  settings: AccessSettings,
  deps: BackendDependencies,
) => AccessPart | undefined | Promise<AccessPart | undefined>;
