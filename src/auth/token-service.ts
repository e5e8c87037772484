import type { RevocationIndex } from '../index/revocations.ts';
import { type Access, formatScope } from '../oci/scope.ts';
import { type AccessContext, type Authorizer, type Decision, NO_RULE, narrowed } from './authorizer.ts';
import type { Credentials, Identity, IdentityProvider } from './identity/provider.ts';
import type { Services } from './services.ts';
import { TooManyLogins } from './slots.ts';
import type { Logins, LoginUse } from './token/logins.ts';
import {
  AuthenticationFailed,
  exchangeAssertion,
  type Known,
  keepLogin,
  resumeLogin,
} from './token/refresh.ts';

/** A request for a token, read from whichever form it came in. */
export interface TokenRequest extends AccessContext {
  /** Undefined for an anonymous caller. */
  readonly credentials: Credentials | undefined;
  readonly scopes: readonly Access[];
  /** In place of credentials: what an earlier answer gave. */
  readonly refreshToken?: string | undefined;
  /** In place of credentials: a token of a third party, to be exchanged (RFC 8693). */
  readonly assertion?: string | undefined;
  /** Whether a refresh token is asked for. */
  readonly wantsRefreshToken?: boolean;
  /** The program that asks, as it calls itself; empty where it does not. */
  readonly clientId?: string;
  /** For the audit log. */
  readonly origin?: RequestOrigin;
}

/** Where a request came from, beside its address. */
export interface RequestOrigin {
  readonly requestId: string;
  readonly userAgent: string | undefined;
}

/** A token and what it is good for. */
export interface TokenAnswer {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly issuedAtMs: number;
  readonly subject: string;
  /** The granted scopes, as text; scopes of which nothing was granted are left out. */
  readonly scope: string;
  /** What was decided of each scope that was asked for, in their order; for the operator's eyes alone. */
  readonly decisions: readonly ScopeDecision[];
  /** Where one was asked for and this caller can have one: the same that was presented, or a new one. */
  readonly refreshToken: string | undefined;
  /** The id of the login that was used or begun. */
  readonly login: string | undefined;
  /** The name of the source of accounts that knew the caller. */
  readonly provider: string;
}

/** What answers token requests. */
export interface TokenAnswers {
  /** @throws AuthenticationFailed, UnknownService, TooManyLogins */
  answer(request: TokenRequest): Promise<TokenAnswer>;
}

/** A scope that was asked for, and what came of it. */
export interface ScopeDecision {
  readonly wanted: Access;
  /** Sorted. */
  readonly granted: readonly string[];
  /** See {@link Decision}. */
  readonly rule: string;
}

/** A token was asked for a registry that this service does not serve. */
export class UnknownService extends Error {
  constructor(service: string) {
    super(
      service === ''
        ? 'the request does not say for which registry the token is to be: its service is missing'
        : `this token service does not know the registry ${JSON.stringify(service.slice(0, 100))}; the service that a registry names has to be one that is configured here`,
    );
    this.name = 'UnknownService';
  }
}

export { AuthenticationFailed } from './token/refresh.ts';

/** What a token service is made of; providers are asked in this order. */
export interface TokenServiceParts {
  readonly providers: readonly IdentityProvider[];
  /** Which registries tokens are made for, and how. */
  readonly services: Services;
  /** Adds what is known here of somebody whom a provider knows: the groups of today. */
  readonly complete?: ((who: Identity) => Promise<Identity>) | undefined;
  /** Undefined where nothing is kept between starts: no refresh tokens then, as by docker_auth. */
  readonly logins?: Logins | undefined;
  /** Undefined where no registry would hear of it. */
  readonly revocations?: Pick<RevocationIndex, 'generation'> | undefined;
}

/**
 * Answers token requests: authenticate, authorize each scope, sign. That something was not granted is no error: the
 * token then says less (distribution, spec/auth/token.md).
 */
export class TokenService implements TokenAnswers {
  readonly #parts: TokenServiceParts;

  constructor(parts: TokenServiceParts) {
    this.#parts = parts;
  }

  /** @throws AuthenticationFailed, UnknownService */
  async answer(request: TokenRequest): Promise<TokenAnswer> {
    const service = this.#parts.services.find(request.service);
    if (service === undefined) throw new UnknownService(request.service);
    const { name: audience, issuer, authorizers } = service;
    // Before it is decided who asks: what is revoked meanwhile counts for this token too.
    const generation = await this.#parts.revocations?.generation();
    const use: LoginUse = { service: audience, clientId: request.clientId ?? '', address: request.address };
    const known = await this.#know(request, use);
    const identity = (await this.#parts.complete?.(known.identity)) ?? known.identity;
    const context = { ...request, service: audience };
    const decisions: ScopeDecision[] = [];
    for (const wanted of request.scopes) {
      const { granted, rule } = await authorize(identity, wanted, { authorizers, context });
      decisions.push({ wanted, granted: granted.toSorted(), rule });
    }
    const access = decisions.map(({ wanted, granted }): Access => ({ ...wanted, actions: granted }));
    const kept = await this.#keep(request, known, use);
    const issued = await issuer.issue({
      subject: identity.account,
      audience,
      access,
      generation,
      grant: identity.grant ?? kept?.id,
      untilMs: identity.untilMs,
    });
    return {
      ...issued,
      subject: identity.account,
      scope: access
        .filter(({ actions }) => actions.length > 0)
        .map(formatScope)
        .join(' '),
      decisions,
      refreshToken: kept?.token,
      login: kept?.id,
      provider: known.provider.name,
    };
  }

  /** @throws AuthenticationFailed */
  async #know({ credentials, refreshToken, assertion }: TokenRequest, use: LoginUse): Promise<Known> {
    const { providers, logins } = this.#parts;
    if (refreshToken !== undefined) return resumeLogin(refreshToken, use, { providers, logins });
    if (assertion !== undefined) return exchangeAssertion(assertion, providers);
    if (credentials !== undefined) return this.#authenticate(credentials);
    for (const provider of providers) {
      const identity = provider.anonymous?.();
      if (identity !== undefined) return { identity, provider, login: undefined };
    }
    throw new AuthenticationFailed('authentication required: log in first');
  }

  async #authenticate(credentials: Credentials): Promise<Known> {
    const { providers } = this.#parts;
    for (const [position, provider] of providers.entries()) {
      const answer = await provider.authenticate(credentials);
      if (answer === 'no-match') continue;
      if (answer !== 'wrong-password') return { identity: answer, provider, login: undefined };
      // An account that no provider knows asks all of them: how long an answer takes must not tell which it was.
      for (const later of providers.slice(position + 1)) {
        await later.pretend(credentials).catch((error: unknown) => {
          // One that is out of reach does not change an answer that is there.
          if (error instanceof TooManyLogins) throw error;
        });
      }
      break;
    }
    throw new AuthenticationFailed('wrong user name or password');
  }

  async #keep(
    { credentials, refreshToken, wantsRefreshToken }: TokenRequest,
    known: Known,
    use: LoginUse,
  ): Promise<{ id: string; token: string } | undefined> {
    const { logins } = this.#parts;
    if (refreshToken !== undefined && known.login !== undefined) {
      return { id: known.login, token: refreshToken };
    }
    if (wantsRefreshToken !== true || credentials === undefined || logins === undefined) return undefined;
    return keepLogin(logins, known, credentials, use);
  }
}

interface Asked {
  /** In the order of asking. */
  readonly authorizers: readonly Authorizer[];
  readonly context: AccessContext;
}

async function authorize(who: Identity, wanted: Access, asked: Asked): Promise<Decision> {
  return narrowed(who, wanted, await decide(who, wanted, asked));
}

async function decide(who: Identity, wanted: Access, { authorizers, context }: Asked): Promise<Decision> {
  for (const authorizer of authorizers) {
    const verdict = await authorizer.authorize(who, wanted, context);
    if (verdict !== 'no-match') return verdict;
  }
  return NO_RULE;
}
