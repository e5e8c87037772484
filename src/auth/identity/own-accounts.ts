import { randomUUID } from 'node:crypto';
import type { AccountIndex } from '../../index/accounts.ts';
import type { PasswordChecker } from './password-checker.ts';
import { hashPassword } from './password-hash.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from './provider.ts';

/** The accounts in Berth's own index. Each login asks the index, so that a change counts at once, on every replica. */
export class OwnAccounts implements IdentityProvider {
  readonly name = 'accounts';
  readonly #accounts: AccountIndex;
  readonly #passwords: PasswordChecker;
  #standIn: Promise<string> | undefined;

  constructor(accounts: AccountIndex, passwords: PasswordChecker) {
    this.#accounts = accounts;
    this.#passwords = passwords;
  }

  async authenticate({ account, password }: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    const record = await this.#accounts.find(account);
    if (record === undefined) {
      await this.pretend({ account, password });
      return 'no-match';
    }
    const isRight = await this.#passwords.check(account, record.passwordHash, password);
    return isRight ? { account, labels: {}, isAdmin: record.isAdmin } : 'wrong-password';
  }

  /** Without a version: the index ends the logins of an account together with its password. */
  async lookup(account: string): Promise<Standing | 'gone'> {
    const record = await this.#accounts.find(account);
    if (record === undefined) return 'gone';
    return { identity: { account, labels: {}, isAdmin: record.isAdmin }, version: undefined };
  }

  async pretend({ account, password }: Credentials): Promise<void> {
    this.#standIn ??= hashPassword(randomUUID());
    await this.#passwords.pretend(account, await this.#standIn, password);
  }
}
