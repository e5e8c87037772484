import { createHash } from 'node:crypto';

/** The code challenge of a verifier, by the method S256 (RFC 7636, section 4.2). */
export function codeChallenge(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier).digest('base64url');
}
