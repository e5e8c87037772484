import type { KeyObject, X509Certificate } from 'node:crypto';
import { expect } from 'vitest';
import type { PublishedKey } from '../../src/auth/token/jwks.ts';
import { TokenRejected, TrustedKeys } from '../../src/auth/token/trust.ts';
import { TokenVerifier } from '../../src/auth/token/verify.ts';
import type { StoppedClock } from './clock.ts';

export const ISSUER = 'Acme auth server';
export const SERVICE = 'Docker registry';
/** Stands in every token, and in no message. */
export const SECRET = 'hunter2';

/** The claims of a token that is good for five minutes; a change to undefined removes a claim. */
export function goodClaims(clock: StoppedClock, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    iss: ISSUER,
    sub: 'test',
    aud: SERVICE,
    exp: clock.seconds + 300,
    nbf: clock.seconds - 10,
    iat: clock.seconds,
    jti: SECRET,
    access: [{ type: 'repository', name: SECRET, actions: ['pull'] }],
    ...changes,
  };
}

/** A verifier that trusts these, as a registry with `rootcertbundle`, keys of its own and `jwks`. */
export async function verifierOf(
  clock: StoppedClock,
  trust: {
    readonly roots?: readonly X509Certificate[];
    readonly keys?: readonly KeyObject[];
    readonly published?: readonly PublishedKey[];
  },
): Promise<TokenVerifier> {
  const keys = await TrustedKeys.create(trust.roots ?? [], trust.keys ?? [], clock, trust.published);
  return new TokenVerifier({ keys, issuer: ISSUER, audience: SERVICE, clock });
}

/**
 * The message with which a token is refused. It is fit to be sent to whoever brought the token: short, and without
 * the claims or the signature.
 */
export async function rejectionOf(verifier: TokenVerifier, token: string): Promise<string> {
  const error: unknown = await verifier.verify(token).then(
    () => expect.unreachable('the token was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TokenRejected)) throw new Error('not a rejection', { cause: error });
  expect(error.name).toMatch(/^Token(Rejected|Expired)$/);
  expect(error.message.length).toBeLessThan(400);
  expect(error.message).not.toContain(SECRET);
  const signature = token.split('.')[2] ?? '';
  if (signature.length > 20) expect(error.message).not.toContain(signature.slice(0, 20));
  return error.message;
}
