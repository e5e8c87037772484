import type { Authorizer } from '../auth/authorizer.ts';
import { AccessExplainer } from '../auth/explain/access-explainer.ts';
import type { LoginGuard } from '../auth/guarded-tokens.ts';
import type { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { Source } from '../auth/source.ts';
import type { TokenServiceParts } from '../auth/token-service.ts';
import type { BackendSettings } from '../config/auth-backends-schema.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Endpoint } from '../http/app.ts';
import type { Index } from '../index/index.ts';
import type { Clock, Logger, Metrics } from '../ports.ts';
import { wireBackends } from './backends/backends.ts';
import { openTokenDatabase } from './backends/token-database.ts';
import type { Closable } from './generations.ts';
import { ownAccountParts } from './own-accounts.ts';

/** The accounts and rules of one state of `auth.builtin`. */
export interface BuiltinGeneration extends Closable {
  readonly parts: Pick<TokenServiceParts, 'providers' | 'complete'>;
  readonly authorizers: readonly Authorizer[];
  readonly explainer: AccessExplainer;
  readonly sources: readonly Source[];
  readonly pages: ReadonlyMap<string, Endpoint>;
  /** Those of the configuration, as they were made. */
  readonly rules: readonly Authorizer[];
  /** Begins to ask what is outside of this process. Resolves after the first try of each; never rejects. */
  start(): Promise<void>;
}

/** What outlives a change of the configuration. */
interface Surroundings {
  readonly index: Index;
  readonly passwords: PasswordChecker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly guard: LoginGuard;
  readonly before: BuiltinGeneration | undefined;
}

/**
 * Puts accounts and rules together, and connects to nothing yet.
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireGeneration(
  settings: BackendSettings,
  document: ConfigDocument,
  { index, passwords, clock, log, metrics, guard, before }: Surroundings,
): Promise<BuiltinGeneration> {
  const backends = await wireBackends(settings, {
    ...{ document, index, passwords, clock, log, metrics, openTokenDatabase },
    ...{ throttle: guard.throttle, before: before?.rules },
  });
  const own = ownAccountParts(index, { passwords, clock, log, metrics });
  const { complete } = own;
  const authorizers = own.behind(backends.authorizers);
  return {
    parts: { providers: [...backends.providers, own.provider], complete },
    authorizers,
    explainer: new AccessExplainer({
      ...{ providers: [...backends.providers, own.unnoted], authorizers, complete, index, clock },
    }),
    ...{ sources: backends.sources, rules: backends.rules, start: backends.start },
    pages: new Map(backends.endpoints),
    async close() {
      await own.close();
      await backends.close();
    },
  };
}
