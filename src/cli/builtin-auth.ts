import { X509Certificate } from 'node:crypto';
import { OWN_NAMESPACE } from '../auth/authorizer.ts';
import { OwnAccounts } from '../auth/identity/own-accounts.ts';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { IdentityProvider } from '../auth/identity/provider.ts';
import { TokenIssuer } from '../auth/token/issue.ts';
import { generateKeyPem, type SigningKey, signingKeyOf } from '../auth/token/signing-key.ts';
import { TrustedKeys } from '../auth/token/trust.ts';
import { TokenVerifier } from '../auth/token/verify.ts';
import { TokenService } from '../auth/token-service.ts';
import type { BuiltinAuthSettings } from '../config/auth-settings.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Index } from '../index/index.ts';
import type { Clock, Logger } from '../ports.ts';
import { aclFrom, signingKeyFrom, staticUsers } from './token-parts.ts';

/** The name by which the built-in token service knows its registry. */
export const BUILTIN_SERVICE = 'berth';
const DEFAULT_ISSUER = 'berth';
const DEFAULT_LIFETIME_SECONDS = 900;

/** A token service and a verifier that belong together. */
export interface BuiltinAuth {
  readonly service: TokenService;
  readonly verifier: TokenVerifier;
  readonly keys: readonly SigningKey[];
  readonly issuer: string;
}

interface Dependencies {
  readonly index: Index;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The key that the index holds; the first process to ask makes it. */
export async function ownKeys({
  index,
  clock,
}: Pick<Dependencies, 'index' | 'clock'>): Promise<SigningKey[]> {
  const records = await index.signingKeys.list();
  if (records.length > 0) return Promise.all(records.map(({ privateKeyPem }) => signingKeyOf(privateKeyPem)));
  const privateKeyPem = generateKeyPem();
  const { keyId } = await signingKeyOf(privateKeyPem);
  const kept = await index.signingKeys.createFirst({ id: keyId, privateKeyPem, createdAtMs: clock.now() });
  return Promise.all(kept.map((record) => signingKeyOf(record.privateKeyPem)));
}

/** One's own certificates are trusted as they are: tokens may carry them. */
function certificatesOf(chain: readonly string[] = []): X509Certificate[] {
  return chain.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
}

/**
 * Puts together what `auth: builtin` asks for: accounts of the configuration and of the index, and rules.
 * @param document the section `auth.builtin`, for the places of mistakes
 * @throws ConfigError
 */
export async function builtinAuth(
  settings: BuiltinAuthSettings,
  document: ConfigDocument,
  deps: Dependencies,
): Promise<BuiltinAuth> {
  const { clock, log, index } = deps;
  const { certificate, key } = settings.token;
  const keys =
    certificate !== undefined && key !== undefined
      ? [await signingKeyFrom(document, settings.token, { certificate, key })]
      : await ownKeys(deps);
  const [current] = keys;
  if (current === undefined) throw new Error('the index holds no signing key after one was made');
  const issuer = settings.token.issuer ?? DEFAULT_ISSUER;
  const passwords = new PasswordChecker(clock);
  const providers: IdentityProvider[] = [new OwnAccounts(index.accounts, passwords)];
  if (settings.users !== undefined) providers.unshift(staticUsers(settings.users, passwords));
  const authorizers = [settings.acl === undefined ? OWN_NAMESPACE : aclFrom(document, settings.acl, log)];
  const lifetimeSeconds = settings.token.expirationSeconds ?? DEFAULT_LIFETIME_SECONDS;
  return {
    keys,
    issuer,
    service: new TokenService({
      providers,
      authorizers,
      issuer: new TokenIssuer({ issuer, key: current, lifetimeSeconds, clock }),
      onlyAudience: BUILTIN_SERVICE,
    }),
    verifier: new TokenVerifier({
      keys: await TrustedKeys.create(
        keys.flatMap(({ certificateChain }) => certificatesOf(certificateChain)),
        keys.map(({ publicKey }) => publicKey),
        clock,
      ),
      issuer,
      audience: BUILTIN_SERVICE,
      clock,
    }),
  };
}
