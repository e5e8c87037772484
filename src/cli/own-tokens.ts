import { X509Certificate } from 'node:crypto';
import type { Authorizer } from '../auth/authorizer.ts';
import { GuardedTokens, type LoginGuard } from '../auth/guarded-tokens.ts';
import { onlyService, type Services } from '../auth/services.ts';
import { TokenIssuer } from '../auth/token/issue.ts';
import type { KeySource } from '../auth/token/key-ring.ts';
import { longestLifetimeSeconds, type TokenLifetimes } from '../auth/token/lifetime.ts';
import type { Logins } from '../auth/token/logins.ts';
import { Revoked } from '../auth/token/revoked.ts';
import type { SigningKey } from '../auth/token/signing-key.ts';
import { TrustedKeys } from '../auth/token/trust.ts';
import { TokenVerifier } from '../auth/token/verify.ts';
import type { TokenAnswers, TokenServiceParts } from '../auth/token-service.ts';
import { UPLOAD_GRACE_MS } from '../http/v2/access.ts';
import type { RevocationIndex } from '../index/revocations.ts';
import type { Clock } from '../ports.ts';

/** The name by which a token service of the registry's own knows it. */
export const OWN_SERVICE = 'berth';

/** A token service and a verifier that belong together. */
export interface OwnTokens {
  readonly service: TokenAnswers;
  readonly verifier: TokenVerifier;
  /** Undefined where nothing is ever revoked. */
  readonly revoked: Revoked | undefined;
}

/** The parts of a token service beside accounts and rules. */
export interface CommonParts extends Pick<TokenServiceParts, 'logins' | 'revocations'> {
  /** The one registry, by these rules. */
  readonly servicesBy: (authorizers: readonly Authorizer[]) => Services;
}

/** What they are made from. */
export interface OwnTokensOptions {
  /** Makes what answers from what is given here. */
  readonly service: (common: CommonParts) => TokenAnswers;
  /** The `iss` of tokens. Those of another issuer mean nothing here, even if they have the same key. */
  readonly issuer: string;
  readonly keys: KeySource;
  readonly lifetimes: TokenLifetimes;
  readonly logins: Logins | undefined;
  readonly clock: Clock;
  /** What watches over logins. */
  readonly guard: LoginGuard;
  /** Undefined where nothing is ever revoked. */
  readonly revocations?: RevocationIndex;
}

/** One's own certificates are trusted as they are: tokens may carry them. */
function certificatesOf({ certificateChain = [] }: SigningKey): X509Certificate[] {
  return certificateChain.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
}

/** Makes a token service for this registry alone, and what accepts its tokens. */
export async function ownTokens(options: OwnTokensOptions): Promise<OwnTokens> {
  const { issuer, keys, lifetimes, logins, clock, guard, revocations } = options;
  const trusted = async (): Promise<TrustedKeys> => {
    const published = keys.published();
    const publicKeys = published.map(({ publicKey }) => publicKey);
    return TrustedKeys.create(published.flatMap(certificatesOf), publicKeys, clock);
  };
  const verifier = new TokenVerifier({ keys: await trusted(), issuer, audience: OWN_SERVICE, clock });
  keys.onChange?.(async () => verifier.replaceKeys(await trusted()));
  const signs = new TokenIssuer({ issuer, key: keys, ...lifetimes, clock });
  const service = options.service({
    servicesBy: (authorizers) => onlyService({ name: OWN_SERVICE, issuer: signs, authorizers }),
    logins,
    revocations,
  });
  return {
    service: new GuardedTokens(service, guard),
    verifier,
    revoked:
      revocations &&
      new Revoked({
        index: revocations,
        clock,
        // An upload may go on with a token for longer than that lives.
        lifetimeMs: longestLifetimeSeconds(lifetimes) * 1000 + UPLOAD_GRACE_MS,
      }),
  };
}
