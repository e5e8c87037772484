import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** A password that was made for somebody who signed in with a browser. Many of one account may hold at once. */
export interface GeneratedPassword {
  /** Stands in the password itself, so that only one hash has to be compared. */
  readonly id: string;
  /** SHA-256 in hex: the secret is random, and longer than anybody can guess. */
  readonly hash: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** To the hour; undefined: never. */
  readonly usedAtMs: number | undefined;
}

const ALPHABET = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const ID_CHARACTERS = 8;
/** 186 bits. */
const SECRET_CHARACTERS = 32;
/** One word for double clicks and for scanners of leaked secrets. */
const FORM = /^bl_([A-Za-z0-9]{8})_[A-Za-z0-9]{32}$/;

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

function hashOf(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

/** Makes a password. The text is to be shown once and kept nowhere. */
export function generatePassword(
  nowMs: number,
  lifetimeMs: number,
): { text: string; kept: GeneratedPassword } {
  const id = randomText(ID_CHARACTERS);
  const text = `bl_${id}_${randomText(SECRET_CHARACTERS)}`;
  const kept = {
    ...{ id, hash: hashOf(text), createdAtMs: nowMs, expiresAtMs: nowMs + lifetimeMs },
    usedAtMs: undefined,
  };
  return { text, kept };
}

/** By what the tokens that were issued for a password are revoked together. */
export function grantOf(id: string): string {
  return `bl_${id}`;
}

/** Whether a text can be such a password at all. */
export function isGenerated(password: string): boolean {
  return FORM.test(password);
}

/** Whether a text is one of these passwords, as far as its id tells. */
export function isAmong(passwords: readonly GeneratedPassword[], text: string): boolean {
  const id = FORM.exec(text)?.[1];
  return passwords.some((password) => password.id === id);
}

/** The one of an account's passwords that a text is; undefined where it is none, or an expired one. */
export function findPassword(
  passwords: readonly GeneratedPassword[],
  text: string,
  nowMs: number,
): GeneratedPassword | undefined {
  const id = FORM.exec(text)?.[1];
  const kept = id === undefined ? undefined : passwords.find((password) => password.id === id);
  if (kept === undefined || nowMs >= kept.expiresAtMs) return undefined;
  const actual = Buffer.from(hashOf(text), 'hex');
  const expected = Buffer.from(kept.hash, 'hex');
  return actual.byteLength === expected.byteLength && timingSafeEqual(actual, expected) ? kept : undefined;
}
