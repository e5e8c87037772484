import {
  SignInRefused,
  UpstreamGone,
  type UpstreamLogin,
  type UpstreamTokens,
  withTokens,
} from './upstream.ts';

/** Somebody who is not in the organization or group that is wanted. The message is for that person. */
export class NotAMember extends Error {}

type Login = (access: string, tokens: UpstreamTokens) => Promise<UpstreamLogin>;

/**
 * The login with tokens that were granted just now, for a service that has no ID tokens.
 * @param title the service, for the person
 * @throws SignInRefused where the account will not do
 */
export async function firstLogin(
  title: string,
  tokens: UpstreamTokens,
  login: Login,
): Promise<UpstreamLogin> {
  try {
    return await login(tokens.access ?? '', tokens);
  } catch (error) {
    if (error instanceof NotAMember) throw new SignInRefused(error.message);
    if (error instanceof UpstreamGone) throw new SignInRefused(`${title} did not say who you are.`);
    throw error;
  }
}

/**
 * The login with what was kept of an earlier one. Tokens that were exchanged on the way are kept also where it fails.
 * @param exchange trades the refresh token; undefined where the access token will do
 * @throws UpstreamGone where the account will not do any more
 */
export async function laterLogin(
  tokens: UpstreamTokens,
  exchange: (() => Promise<UpstreamTokens>) | undefined,
  login: Login,
): Promise<UpstreamLogin> {
  const current =
    exchange === undefined
      ? tokens
      : await exchange().catch((error: unknown) => {
          throw error instanceof SignInRefused ? new UpstreamGone('its refresh token has ended') : error;
        });
  if (current.access === undefined) throw new UpstreamGone('nothing is kept to ask it with');
  try {
    return await login(current.access, current).catch(withTokens({ ...current, subject: tokens.subject }));
  } catch (error) {
    throw error instanceof NotAMember ? new UpstreamGone(error.message) : error;
  }
}
