import { X509Certificate } from 'node:crypto';
import type { Authorizer } from '../auth/authorizer.ts';
import { GuardedTokens, type LoginGuard } from '../auth/guarded-tokens.ts';
import type { Identity, IdentityProvider } from '../auth/identity/provider.ts';
import { TokenIssuer } from '../auth/token/issue.ts';
import type { Logins } from '../auth/token/logins.ts';
import { Revoked } from '../auth/token/revoked.ts';
import { generateKeyPem, type SigningKey, signingKeyOf } from '../auth/token/signing-key.ts';
import { TrustedKeys } from '../auth/token/trust.ts';
import { TokenVerifier } from '../auth/token/verify.ts';
import { type TokenAnswers, TokenService } from '../auth/token-service.ts';
import type { Index } from '../index/index.ts';
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

/** What they are made from. */
export interface OwnTokensOptions {
  readonly providers: readonly IdentityProvider[];
  readonly authorizers: readonly Authorizer[];
  /** The `iss` of tokens. Those of another issuer mean nothing here, even if they have the same key. */
  readonly issuer: string;
  /** The first one signs, and each of them is accepted. */
  readonly keys: readonly SigningKey[];
  readonly lifetimeSeconds: number;
  /** See `TokenServiceParts`. */
  readonly complete?: (who: Identity) => Promise<Identity>;
  readonly logins: Logins | undefined;
  readonly clock: Clock;
  /** What watches over logins. */
  readonly guard: LoginGuard;
  /** Undefined where nothing is ever revoked. */
  readonly revocations?: RevocationIndex;
}

/** The keys that the index holds; the first process to ask makes one. */
export async function ownKeys(index: Index, clock: Clock): Promise<SigningKey[]> {
  const records = await index.signingKeys.list();
  if (records.length > 0) return Promise.all(records.map(({ privateKeyPem }) => signingKeyOf(privateKeyPem)));
  const privateKeyPem = generateKeyPem();
  const { keyId } = await signingKeyOf(privateKeyPem);
  const kept = await index.signingKeys.createFirst({ id: keyId, privateKeyPem, createdAtMs: clock.now() });
  return Promise.all(kept.map((record) => signingKeyOf(record.privateKeyPem)));
}

/** One's own certificates are trusted as they are: tokens may carry them. */
function certificatesOf({ certificateChain = [] }: SigningKey): X509Certificate[] {
  return certificateChain.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
}

/** Makes a token service for this registry alone, and what accepts its tokens. */
export async function ownTokens(options: OwnTokensOptions): Promise<OwnTokens> {
  const {
    providers,
    authorizers,
    issuer,
    keys,
    lifetimeSeconds,
    logins,
    clock,
    guard,
    revocations,
    complete,
  } = options;
  const [key] = keys;
  if (key === undefined) throw new Error('there is no key to sign tokens with');
  const trusted = await TrustedKeys.create(
    keys.flatMap(certificatesOf),
    keys.map(({ publicKey }) => publicKey),
    clock,
  );
  const service = new TokenService({
    providers,
    authorizers,
    issuer: new TokenIssuer({ issuer, key, lifetimeSeconds, clock }),
    onlyAudience: OWN_SERVICE,
    logins,
    revocations,
    complete,
  });
  return {
    service: new GuardedTokens(service, guard),
    verifier: new TokenVerifier({ keys: trusted, issuer, audience: OWN_SERVICE, clock }),
    revoked: revocations && new Revoked({ index: revocations, clock, lifetimeMs: lifetimeSeconds * 1000 }),
  };
}
