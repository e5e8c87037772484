import { createHash } from 'node:crypto';
import type { PasswordChecker } from './password-checker.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from './provider.ts';

/** An entry of docker_auth's `users`. */
export interface StaticUser {
  /** A bcrypt hash; undefined only for the entry `""`, which lets callers in without credentials. */
  readonly passwordHash: string | undefined;
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** Any bcrypt hash of the wanted cost: what it was made of plays no part, only the time that it takes. */
const STAND_IN = 'LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';

/** The accounts of the configuration file. Names are compared exactly, in case too, as docker_auth does. */
export class StaticUsers implements IdentityProvider {
  readonly name = 'users';
  readonly #users: ReadonlyMap<string, StaticUser>;
  readonly #passwords: PasswordChecker;
  readonly #standIn: string;

  constructor(users: ReadonlyMap<string, StaticUser>, passwords: PasswordChecker) {
    this.#users = users;
    this.#passwords = passwords;
    const costs = [...users.values()].map((user) => Number(user.passwordHash?.slice(4, 6) ?? 0));
    this.#standIn = `$2y$${String(Math.max(5, ...costs)).padStart(2, '0')}$${STAND_IN}`;
  }

  async authenticate({ account, password }: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    const user = this.#users.get(account);
    if (user?.passwordHash === undefined) {
      await this.pretend({ account, password });
      return 'no-match';
    }
    const isRight = await this.#passwords.check(account, user.passwordHash, password);
    return isRight ? { account, labels: user.labels, isAdmin: false } : 'wrong-password';
  }

  async lookup(account: string): Promise<Standing | 'gone'> {
    const user = this.#users.get(account);
    if (user?.passwordHash === undefined) return 'gone';
    const version = createHash('sha256').update(user.passwordHash).digest('base64url');
    return { identity: { account, labels: user.labels, isAdmin: false }, version };
  }

  pretend({ account, password }: Credentials): Promise<void> {
    return this.#passwords.pretend(account, this.#standIn, password);
  }

  anonymous(): Identity | undefined {
    const user = this.#users.get('');
    return user && { account: '', labels: user.labels, isAdmin: false };
  }
}
