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

/** Tokens of platforms, presented as a password, are longer than any. */
export const MAX_ASSERTION_CHARACTERS = 16 * 1024;
const ASSERTION = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether somebody can have such credentials at all. */
export function isTooLong({ account, password }: Credentials): boolean {
  if (account.length > MAX_CREDENTIAL_CHARACTERS) return true;
  if (password.length <= MAX_CREDENTIAL_CHARACTERS) return false;
  return password.length > MAX_ASSERTION_CHARACTERS || !ASSERTION.test(password);
}
