import type { Credentials, Identity, IdentityProvider } from '../identity/provider.ts';
import { LoginRefused, type Logins, type LoginUse } from './logins.ts';

/** The credentials are wrong, or there are none and anonymous callers are refused. */
export class AuthenticationFailed extends Error {
  /** Whether it may be somebody who tries what is not theirs; else it was right once, or is of no use whatever it is. */
  readonly isGuess: boolean;

  constructor(message: string, { isGuess = true, ...options }: ErrorOptions & { isGuess?: boolean } = {}) {
    super(message, options);
    this.name = 'AuthenticationFailed';
    this.isGuess = isGuess;
  }
}

/** Somebody who is known, and who says so. */
export interface Known {
  readonly identity: Identity;
  readonly provider: IdentityProvider;
  /** The id of the login that was presented; undefined for credentials. */
  readonly login: string | undefined;
}

/**
 * Who a refresh token stands for. Where the provider can say what has become of the account, its word of today counts;
 * where it says that the account is gone or has another password, the login ends for good.
 * @throws AuthenticationFailed; what the provider throws where it cannot decide
 */
export async function resumeLogin(
  refreshToken: string,
  use: LoginUse,
  { providers, logins }: { providers: readonly IdentityProvider[]; logins: Logins | undefined },
): Promise<Known> {
  if (logins === undefined) {
    throw new AuthenticationFailed('this token service keeps no logins; log in with a password', {
      isGuess: false,
    });
  }
  const login = await logins.find(refreshToken, use).catch((cause: unknown) => {
    if (!(cause instanceof LoginRefused)) throw cause;
    throw new AuthenticationFailed(cause.message, { cause, isGuess: cause.isForged });
  });
  const { id, account, labels, isAdmin } = login;
  const provider = providers.find(({ name }) => name === login.provider);
  if (provider === undefined) {
    throw new AuthenticationFailed('the accounts that this login is of are no longer served; log in again', {
      isGuess: false,
    });
  }
  if (provider.lookup === undefined) {
    logins.used(id);
    return { identity: { account, labels, isAdmin }, provider, login: id };
  }
  const standing = await provider.lookup(account);
  if (standing === 'gone' || standing.version !== login.version) {
    await logins.end(id, standing === 'gone' ? 'the account is gone' : 'the password was changed');
    throw new AuthenticationFailed('this login has ended, since its account has changed; log in again', {
      isGuess: false,
    });
  }
  logins.used(id);
  return { identity: standing.identity, provider, login: id };
}

/**
 * Turns a password that was just checked into a login that is kept.
 * @returns undefined where this caller can have none
 */
export async function keepLogin(
  logins: Logins,
  { identity, provider }: Known,
  credentials: Credentials,
  use: LoginUse,
): Promise<{ id: string; token: string } | undefined> {
  const isPassword = (identity.proof ?? 'password') === 'password' && identity.untilMs === undefined;
  if (!isPassword || identity.account === '') return undefined;
  const standing = await provider.lookup?.(identity.account);
  if (standing === 'gone') return undefined;
  const from = { provider: provider.name, version: standing?.version, isChecked: standing !== undefined };
  const login = await logins.begin(identity, from, use);
  if (login === undefined || standing === undefined) return login;
  // The password may have been changed between the check and the beginning; whoever changed it then ended nothing.
  if (typeof (await provider.authenticate(credentials)) !== 'string') return login;
  await logins.end(login.id, 'the password was changed');
  return undefined;
}

/**
 * Who a token of a third party stands for.
 * @throws AuthenticationFailed; what the provider throws where it cannot decide
 */
export async function exchangeAssertion(
  assertion: string,
  providers: readonly IdentityProvider[],
): Promise<Known> {
  for (const provider of providers) {
    const answer = await provider.exchange?.(assertion);
    if (answer === undefined || answer === 'no-match') continue;
    if (answer !== 'wrong-password') return { identity: answer, provider, login: undefined };
    break;
  }
  throw new AuthenticationFailed('the token to be exchanged is not accepted here');
}
