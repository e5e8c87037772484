import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hashPassword, verifyPassword } from '../auth/identity/password-hash.ts';
import type { AccountIndex } from '../index/accounts.ts';
import { Failure, reasonOf } from './failure.ts';

/** The account that the first start makes. */
export const ADMIN = 'admin';

/** How the program is called, for messages that tell what to type. */
export const COMMAND = process.env['BERTH_COMMAND'] ?? 'berth';

/** 144 random bits in characters that need no quoting in a shell. */
export function randomPassword(): string {
  // A dash in front would make it look like an option.
  return randomBytes(18).toString('base64url').replace(/^-/, 'x');
}

/**
 * The administrator's password that the environment asks for: `BERTH_ADMIN_PASSWORD`, or the content of the file
 * named by `BERTH_ADMIN_PASSWORD_FILE` without the line's end.
 * @throws Failure where both are set, or the file cannot be read
 */
export function passwordFromEnvironment(env: NodeJS.ProcessEnv): string | undefined {
  const direct = env['BERTH_ADMIN_PASSWORD'] || undefined;
  const file = env['BERTH_ADMIN_PASSWORD_FILE'] || undefined;
  if (direct !== undefined && file !== undefined) {
    throw new Failure('BERTH_ADMIN_PASSWORD and BERTH_ADMIN_PASSWORD_FILE are both set; keep one of them');
  }
  if (file === undefined) return direct;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read BERTH_ADMIN_PASSWORD_FILE ${file}: ${reasonOf(error)}`, { cause: error });
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new Failure(`BERTH_ADMIN_PASSWORD_FILE ${file} is empty`);
  return password;
}

/** What became of the administrator at a start. */
export type AdminOutcome =
  /** `password` is undefined where the environment gave it. */
  | { readonly kind: 'created'; readonly password: string | undefined }
  /** `name` is an administrator's; undefined where there is none any more. */
  | { readonly kind: 'existing'; readonly name: string | undefined };

/**
 * Makes sure that there is an administrator, and that its password is the one that the environment asks for. Several
 * processes may do so at the same time on a new folder; one of them creates the account.
 */
export async function ensureAdmin(
  accounts: AccountIndex,
  wanted: string | undefined,
  atMs: number,
): Promise<AdminOutcome> {
  const existing = await accounts.find(ADMIN);
  if (existing !== undefined) {
    if (wanted !== undefined && !(await verifyPassword(existing.passwordHash, wanted))) {
      await accounts.setPassword(ADMIN, await hashPassword(wanted), atMs);
    }
    return { kind: 'existing', name: ADMIN };
  }
  // Without an account of this name, but with others: somebody removed it, and means it.
  if (wanted === undefined && !(await accounts.isEmpty())) {
    return { kind: 'existing', name: await accounts.firstAdmin() };
  }
  const password = wanted ?? randomPassword();
  const account = { name: ADMIN, passwordHash: await hashPassword(password), isAdmin: true };
  if (!(await accounts.create(account, atMs))) return ensureAdmin(accounts, wanted, atMs);
  return { kind: 'created', password: wanted === undefined ? password : undefined };
}
