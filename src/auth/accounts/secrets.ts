import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** In front of every access token: by it a person, or a search for secrets in sources, knows what was found. */
const PREFIX = 'brt_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 32;
/** So many of these digits hold 256 bits. */
const LENGTH = 43;
const ACCESS_TOKEN = new RegExp(`^${PREFIX}[0-9A-Za-z]{${LENGTH}}$`);

/** An access token as it is made; nobody can read the secret again. */
export interface AccessTokenSecret {
  /** What its revocation is known by; no secret. */
  readonly id: string;
  /** `brt_` and 256 random bits in letters and digits: one word for whoever selects it, and nothing to quote. */
  readonly secret: string;
  /** What is kept of it. */
  readonly hash: string;
}

export function newAccessToken(): AccessTokenSecret {
  let rest = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`);
  let digits = '';
  for (let place = 0; place < LENGTH; place += 1) {
    digits = (DIGITS[Number(rest % 62n)] ?? '') + digits;
    rest /= 62n;
  }
  const secret = `${PREFIX}${digits}`;
  return { id: randomUUID(), secret, hash: hashAccessToken(secret) };
}

/** Whether a password is an access token by its looks; no account may have such a password. */
export function isAccessToken(password: string): boolean {
  return ACCESS_TOKEN.test(password);
}

/** SHA-256, in hex: what has 256 random bits cannot be guessed from that, however fast it is. */
export function hashAccessToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
