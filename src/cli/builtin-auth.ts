import { OWN_NAMESPACE } from '../auth/authorizer.ts';
import { OwnAccounts } from '../auth/identity/own-accounts.ts';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { IdentityProvider } from '../auth/identity/provider.ts';
import type { SigningKey } from '../auth/token/signing-key.ts';
import type { BuiltinAuthSettings } from '../config/auth-settings.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Index } from '../index/index.ts';
import type { Clock, Logger } from '../ports.ts';
import { type OwnTokens, ownKeys, ownTokens } from './own-tokens.ts';
import { aclFrom, signingKeyFrom, staticUsers } from './token-parts.ts';

const DEFAULT_ISSUER = 'berth';
const DEFAULT_LIFETIME_SECONDS = 900;

/** A token service of the registry's own, with what is published of it. */
export interface BuiltinAuth extends OwnTokens {
  readonly keys: readonly SigningKey[];
  readonly issuer: string;
}

interface Dependencies {
  readonly index: Index;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Puts together what `auth: builtin` asks for: accounts of the configuration and of the index, and rules.
 * @param document the section `auth.builtin`, for the places of mistakes
 * @throws ConfigError
 */
export async function builtinAuth(
  settings: BuiltinAuthSettings,
  document: ConfigDocument,
  { index, clock, log }: Dependencies,
): Promise<BuiltinAuth> {
  const { certificate, key } = settings.token;
  const keys =
    certificate !== undefined && key !== undefined
      ? [await signingKeyFrom(document, settings.token, { certificate, key })]
      : await ownKeys(index, clock);
  const issuer = settings.token.issuer ?? DEFAULT_ISSUER;
  const passwords = new PasswordChecker(clock);
  const providers: IdentityProvider[] = [new OwnAccounts(index.accounts, passwords)];
  if (settings.users !== undefined) providers.unshift(staticUsers(settings.users, passwords));
  const authorizers = [settings.acl === undefined ? OWN_NAMESPACE : aclFrom(document, settings.acl, log)];
  const lifetimeSeconds = settings.token.expirationSeconds ?? DEFAULT_LIFETIME_SECONDS;
  const tokens = await ownTokens({ providers, authorizers, issuer, keys, lifetimeSeconds, clock });
  return { ...tokens, keys, issuer };
}
