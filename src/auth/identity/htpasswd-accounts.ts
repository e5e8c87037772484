import type { PasswordChecker } from './password-checker.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from './provider.ts';
import { StaticUsers } from './static-users.ts';

/** The accounts of a password file, which may change while the program runs. */
export class HtpasswdAccounts implements IdentityProvider {
  readonly name = 'htpasswd';
  readonly #passwords: PasswordChecker;
  #hashes: ReadonlyMap<string, string> = new Map();
  #users: StaticUsers;

  constructor(passwords: PasswordChecker) {
    this.#passwords = passwords;
    this.#users = new StaticUsers(new Map(), passwords);
  }

  /** From the next request on these hashes hold, by account, and no others. */
  replace(hashes: ReadonlyMap<string, string>): void {
    const entries = [...hashes].map(
      ([account, passwordHash]) => [account, { passwordHash, labels: {} }] as const,
    );
    this.#users = new StaticUsers(new Map(entries), this.#passwords);
    this.#hashes = hashes;
  }

  has(account: string): boolean {
    return this.#hashes.has(account);
  }

  /** @throws TooManyLogins */
  authenticate(credentials: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    return this.#users.authenticate(credentials);
  }

  lookup(account: string): Promise<Standing | 'gone'> {
    return this.#users.lookup(account);
  }

  pretend(credentials: Credentials): Promise<void> {
    return this.#users.pretend(credentials);
  }

  /** Where callers without an account are let in at all, they are nobody. */
  anonymous(): Identity {
    return { account: '', labels: {}, isAdmin: false };
  }
}
