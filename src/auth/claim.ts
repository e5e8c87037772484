import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Claim } from './throttle.ts';
import { parseRefreshToken } from './token/refresh-token.ts';
import type { TokenRequest } from './token-service.ts';

/**
 * What a request for a token claims to be, for the throttle to count by; nothing of it is believed. A refresh token claims
 * to be the login whose id it has, a token of a third party the subject that it names, so that forged ones hold up
 * nobody who was let in before from the same address.
 * @returns undefined for an anonymous caller
 */
export function claimOf({ credentials, refreshToken, assertion }: TokenRequest): Claim | undefined {
  if (credentials !== undefined) return credentials;
  if (refreshToken !== undefined) {
    return { account: loginClaim(refreshToken), password: refreshToken, isGuessable: false };
  }
  if (assertion === undefined) return undefined;
  return { account: `subject ${subjectOf(assertion)}`, password: assertion, isGuessable: false };
}

/** What whoever is given this refresh token will claim to be. */
export function loginClaim(refreshToken: string): string {
  return `login ${parseRefreshToken(refreshToken)?.id ?? ''}`;
}

/** Hashed, since it may be long and is kept. */
function subjectOf(assertion: string): string {
  try {
    const { iss, sub } = decodeJwt(assertion);
    return createHash('sha256')
      .update(JSON.stringify([iss, sub]))
      .digest('base64');
  } catch {
    return '';
  }
}
