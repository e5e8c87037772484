import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { SigningKey } from './keys.ts';

/** Issuer and audience that both servers are configured with: the names of the walkthrough. */
export const ISSUER = 'Acme auth server';
/** See {@link ISSUER}. */
export const SERVICE = 'Docker registry';

/** A token for pull and push on one repository, as docker_auth would issue it: `kid`, no `x5c`. */
export function signToken(key: SigningKey, repository: string): Promise<string> {
  return sign(key, { type: 'repository', name: repository, actions: ['pull', 'push'] });
}

/** A token for the list of all repositories. */
export function signCatalogToken(key: SigningKey): Promise<string> {
  return sign(key, { type: 'registry', name: 'catalog', actions: ['*'] });
}

/** A token for Berth's admin API. */
export function signAdminToken(key: SigningKey): Promise<string> {
  return sign(key, { type: 'registry', name: 'admin', actions: ['*'] });
}

async function sign(
  key: SigningKey,
  access: { readonly type: string; readonly name: string; readonly actions: readonly string[] },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ access: [access] })
    .setProtectedHeader({ typ: 'JWT', alg: 'ES256', kid: key.kid })
    .setIssuer(ISSUER)
    .setSubject('bench')
    .setAudience(SERVICE)
    .setIssuedAt(now)
    .setNotBefore(now - 10)
    .setExpirationTime(now + 3600)
    .setJti(randomUUID())
    .sign(key.privateKey);
}
