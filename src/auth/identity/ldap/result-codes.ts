/** What an answer of a directory means (RFC 4511 §4.1.9, appendix A). */
const WORDS: ReadonlyMap<number, string> = new Map([
  [1, 'operationsError (Active Directory says so where a search needs a bind first)'],
  [3, 'timeLimitExceeded'],
  [4, 'sizeLimitExceeded: there are more entries than it gives'],
  [8, 'strongerAuthRequired: it wants TLS; write tls: starttls, or ldaps://'],
  [10, 'a referral to another directory, which is not followed'],
  [11, 'adminLimitExceeded'],
  [13, 'confidentialityRequired: it wants TLS; write tls: starttls, or ldaps://'],
  [18, 'inappropriateMatching: it does not know the matching rule'],
  [19, 'constraintViolation'],
  [32, 'noSuchObject: there is nothing of that name'],
  [34, 'invalidDNSyntax: that is no distinguished name'],
  [48, 'inappropriateAuthentication'],
  [49, 'invalidCredentials'],
  [50, 'insufficientAccessRights'],
  [51, 'busy'],
  [52, 'unavailable'],
  [53, 'unwillingToPerform'],
]);

/** A result for the log: its name, and what the directory says of it. */
export function wordsOf(code: number, diagnosis: string): string {
  const name = WORDS.get(code) ?? `result ${code}`;
  const printable = diagnosis.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return printable === '' ? name : `${name} (${printable.slice(0, 300)})`;
}

/** Another directory may answer. */
export function isBusy(code: number): boolean {
  return code === 51 || code === 52;
}

/**
 * Nobody gets in with this name and password: they are wrong (49), the name is none (32, 34), the entry has no password
 * (48), or it is locked, which directories say in different ways (19, 53).
 */
export function isRefusedLogin(code: number): boolean {
  return [19, 32, 34, 48, 49, 53].includes(code);
}
