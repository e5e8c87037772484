import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { hash as hashBcrypt, verify as verifyBcrypt } from '@node-rs/bcrypt';
import { Slots } from '../slots.ts';

const runArgon2 = promisify(argon2);

/** RFC 9106, second recommended option, with the memory of OWASP's first: 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryKiB: 19_456, passes: 2, parallelism: 1, tagBytes: 32, saltBytes: 16 } as const;

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{16,88})$/;

const BCRYPT = /^\$2[abxy]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

// So many hashes at a time: each holds 19 MiB and a thread of the pool, which reading and writing need too. Those that
// wait behind so many are better told to come back.
const slots = new Slots({ maxRunning: 2, maxWaiting: 64 });

/** Hashes that are being computed, and those that wait for their turn. */
export function hashingLoad(): Slots['load'] {
  return slots.load;
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** Hashes a password for storage, as an Argon2id PHC string. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(PARAMETERS.saltBytes);
  const tag = await slots.run(() =>
    runArgon2('argon2id', {
      message: password,
      nonce,
      memory: PARAMETERS.memoryKiB,
      passes: PARAMETERS.passes,
      parallelism: PARAMETERS.parallelism,
      tagLength: PARAMETERS.tagBytes,
    }),
  );
  const { memoryKiB, passes, parallelism } = PARAMETERS;
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${unpadded(nonce)}$${unpadded(tag)}`;
}

/** What `htpasswd -B` writes unless told otherwise is 5; distribution makes its own entry with this. */
const BCRYPT_COST = 10;

/** Hashes a password for a file that other programs read, too: bcrypt, as `htpasswd -B` writes it. */
export function hashForHtpasswd(password: string): Promise<string> {
  return slots.run(() => hashBcrypt(password, BCRYPT_COST));
}

/** Whether a text is a bcrypt hash. */
export function isBcrypt(hash: string): boolean {
  return BCRYPT.test(hash);
}

/** A hash of which nobody has the password, to spend the time that another one would take. */
export const STAND_IN_HASH = '$2y$10$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';

/** Whether `verifyPassword` could find a password that matches. */
export function isKnownHash(hash: string): boolean {
  return isBcrypt(hash) || PHC.test(hash);
}

/** RFC 9106, section 3.1: at least one pass and one lane, and 8 KiB for each lane. */
function isPossible(memoryKiB: number, passes: number, parallelism: number): boolean {
  return passes >= 1 && parallelism >= 1 && memoryKiB >= 8 * parallelism;
}

/**
 * Whether the password is the one that was hashed. Takes Argon2id PHC strings and bcrypt (`$2a$`, `$2b$`, `$2y$`,
 * as docker_auth and htpasswd write them); anything else never matches.
 */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  if (isBcrypt(hash)) return slots.run(() => verifyBcrypt(password, hash).catch(() => false));
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(hash) ?? [];
  if (
    salt === undefined ||
    tag === undefined ||
    !isPossible(Number(memory), Number(passes), Number(parallelism))
  ) {
    return false;
  }
  const expected = Buffer.from(tag, 'base64');
  const actual = await slots.run(() =>
    runArgon2('argon2id', {
      message: password,
      nonce: Buffer.from(salt, 'base64'),
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      tagLength: expected.byteLength,
    }),
  );
  return timingSafeEqual(actual, expected);
}
