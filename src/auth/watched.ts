import type { Access } from '../oci/scope.ts';
import type { Metrics } from '../ports.ts';
import type { AccessContext, Authorizer, Verdict } from './authorizer.ts';
import type { Identity, IdentityProvider, Standing } from './identity/provider.ts';
import { RememberedProvider } from './identity/remembered.ts';
import { RememberedAuthorizer } from './remembered-authorizer.ts';
import { Source, type SourceOutcome } from './source.ts';

/** The same provider, and how it is seen from outside. Where answers are remembered, what is behind is watched. */
export function watchProvider(
  provider: IdentityProvider,
  metrics: Metrics,
): { readonly provider: IdentityProvider; readonly source: Source } {
  const source = new Source(provider.name, metrics, provider.ping?.bind(provider));
  if (!(provider instanceof RememberedProvider)) return { provider: watched(provider, source), source };
  provider.watch((inner) => watched(inner, source), source);
  return { provider, source };
}

/** The same authorizer, as with {@link watchProvider}. @param name of the source */
export function watchAuthorizer(
  authorizer: Authorizer,
  metrics: Metrics,
  name = authorizer.name,
): { readonly authorizer: Authorizer; readonly source: Source } {
  const source = new Source(name, metrics, authorizer.ping?.bind(authorizer));
  if (!(authorizer instanceof RememberedAuthorizer)) {
    return { authorizer: watchedRules(authorizer, source), source };
  }
  authorizer.watch((inner) => watchedRules(inner, source), source);
  return { authorizer, source };
}

function watched(provider: IdentityProvider, source: Source): IdentityProvider {
  const { name, lookup, exchange, anonymous, ping } = provider;
  return {
    name,
    authenticate: (credentials) =>
      source.ask('authenticate', outcomeOfLogin, () => provider.authenticate(credentials)),
    // Counted where it puts the question of a login to what is watched; else nobody is asked.
    pretend: (credentials) => provider.pretend(credentials),
    ...(anonymous && { anonymous: () => anonymous.call(provider) }),
    ...(lookup && {
      lookup: (account: string) =>
        source.ask('lookup', outcomeOfLookup, () => lookup.call(provider, account)),
    }),
    ...(exchange && {
      exchange: (assertion: string) =>
        source.ask('exchange', outcomeOfLogin, () => exchange.call(provider, assertion)),
    }),
    ...(ping && { ping: () => ping.call(provider) }),
    close: async () => provider.close?.(),
  };
}

function watchedRules(authorizer: Authorizer, source: Source): Authorizer {
  const { name, explain, ping } = authorizer;
  return {
    name,
    authorize: (who, wanted, context) =>
      source.ask('authorize', outcomeOfRules, () => authorizer.authorize(who, wanted, context)),
    // An operator who asks is no client.
    ...(explain && {
      explain: (who: Identity, wanted: Access, context: AccessContext) =>
        explain.call(authorizer, who, wanted, context),
    }),
    ...(ping && { ping: () => ping.call(authorizer) }),
    close: async () => authorizer.close?.(),
  };
}

function outcomeOfLogin(answer: Identity | 'no-match' | 'wrong-password'): SourceOutcome {
  return typeof answer === 'string' ? answer : 'match';
}

function outcomeOfLookup(answer: Standing | 'gone'): SourceOutcome {
  return answer === 'gone' ? 'gone' : 'match';
}

function outcomeOfRules(verdict: Verdict): SourceOutcome {
  if (verdict === 'no-match') return 'no-match';
  return verdict.granted.length > 0 ? 'granted' : 'denied';
}
