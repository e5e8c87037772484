import { withGroups } from '../auth/accounts/own-groups.ts';
import { CompiledPatterns } from '../auth/accounts/patterns.ts';
import { roleAuthorizer } from '../auth/accounts/role-authorizer.ts';
import { LastUses } from '../auth/accounts/uses.ts';
import { type Authorizer, OWN_NAMESPACE } from '../auth/authorizer.ts';
import { OwnAccounts } from '../auth/identity/own-accounts.ts';
import type { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { Identity, IdentityProvider } from '../auth/identity/provider.ts';
import { watchAuthorizer, watchProvider } from '../auth/watched.ts';
import type { Index } from '../index/index.ts';
import type { Clock, Logger, Metrics } from '../ports.ts';

/** The part that accounts, groups and roles of Berth's own have in a token service. */
export interface OwnAccountParts {
  /** To be asked after all others. */
  readonly provider: IdentityProvider;
  /** The same, for who only wants to know: asking is no login, and none is noted. */
  readonly unnoted: IdentityProvider;
  /** Adds the groups that somebody is in. */
  readonly complete: (who: Identity) => Promise<Identity>;
  /** Configured rules, and roles behind them; without any, roles and each account's own namespace. */
  readonly behind: (configured: readonly Authorizer[]) => readonly Authorizer[];
  /** Notes what is not noted yet. */
  close(): Promise<void>;
}

export function ownAccountParts(
  { accounts, accessTokens, groups, roles }: Index,
  deps: {
    readonly passwords: PasswordChecker;
    readonly clock: Clock;
    readonly log: Logger;
    readonly metrics: Metrics;
  },
): OwnAccountParts {
  const { passwords, clock, log, metrics } = deps;
  const uses = new LastUses({ index: accounts, clock, log });
  const patterns = new CompiledPatterns();
  const ownRules = (rules: Authorizer): Authorizer => watchAuthorizer(rules, metrics).authorizer;
  return {
    provider: watchProvider(new OwnAccounts({ accounts, accessTokens, passwords, clock, uses }), metrics)
      .provider,
    unnoted: new OwnAccounts({ accounts, accessTokens, passwords, clock, uses: undefined }),
    complete: (who) => withGroups(groups, who),
    behind: (configured) =>
      configured.length === 0
        ? [ownRules(roleAuthorizer(roles, patterns, OWN_NAMESPACE))]
        : [...configured, ownRules(roleAuthorizer(roles, patterns))],
    close: () => uses.flush(),
  };
}
