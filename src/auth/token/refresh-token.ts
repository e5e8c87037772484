import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 16;
const SECRET_BYTES = 32;
const TOKEN = /^berth_rt_([0-9a-f]{32})\.([\w-]{43})$/;

/** The two halves of a refresh token: what finds the login, and what proves it. */
export interface RefreshToken {
  readonly id: string;
  readonly secret: string;
}

/** A new one. The prefix lets scanners for leaked secrets know it. */
export function newRefreshToken(): RefreshToken {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    secret: randomBytes(SECRET_BYTES).toString('base64url'),
  };
}

/** As the client keeps it; to the client it is opaque. */
export function formatRefreshToken({ id, secret }: RefreshToken): string {
  return `berth_rt_${id}.${secret}`;
}

/** @returns undefined for a text that is none */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** What is kept of the secret. It is random and long: a slow hash would add nothing. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether a secret is the one that was kept, in a time that does not tell how much of it is right. */
export function isSecret(secret: string, keptHash: string): boolean {
  const presented = Buffer.from(hashOfSecret(secret), 'hex');
  const kept = Buffer.from(keptHash, 'hex');
  return kept.length === presented.length && timingSafeEqual(presented, kept);
}
