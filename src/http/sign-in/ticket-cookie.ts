import { createHash } from 'node:crypto';

const LIFETIME_SECONDS = 600;
/** More than this is none of ours. */
const MAX_COOKIES = 100;

/** One for each sign-in that is under way, so that two tabs do not disturb each other. */
function nameOf(state: string): string {
  return `berth_sign_in_${createHash('sha256').update(state).digest('hex').slice(0, 16)}`;
}

function cookie(state: string, value: string, seconds: number, isSecure: boolean): string {
  // Lax, since the identity provider sends the browser back here.
  const parts = [`${nameOf(state)}=${value}`, 'Path=/', `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Lax'];
  return [...parts, ...(isSecure ? ['Secure'] : [])].join('; ');
}

/** The Set-Cookie that binds a sign-in to the browser in which it began. */
export function ticketCookie(state: string, ticket: string, isSecure: boolean): string {
  return cookie(state, ticket, LIFETIME_SECONDS, isSecure);
}

/** The Set-Cookie that ends it. */
export function clearTicketCookie(state: string, isSecure: boolean): string {
  return cookie(state, '', 0, isSecure);
}

/** What the browser kept for the sign-in with this state. */
export function ticketIn(header: string | undefined, state: string): string | undefined {
  const name = nameOf(state);
  for (const pair of (header ?? '').split(';', MAX_COOKIES)) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && value !== '') return value;
  }
  return undefined;
}
