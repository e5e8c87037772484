import type { Credentials } from '../auth/identity/provider.ts';

const BASIC = /^basic +(\S+)$/i;

/** Longer ones are nobody's, and would only cost time. */
export const MAX_CREDENTIAL_CHARACTERS = 1024;

/**
 * Reads an Authorization header. RFC 7617, section 2: the part before the first colon is the user.
 * @returns undefined where there is none of this scheme
 */
export function basicCredentials(header: string | undefined): Credentials | 'malformed' | undefined {
  const encoded = header === undefined ? undefined : BASIC.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? 'malformed' : { account: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Whether somebody can have such credentials at all. */
export function isTooLong({ account, password }: Credentials): boolean {
  return Math.max(account.length, password.length) > MAX_CREDENTIAL_CHARACTERS;
}
