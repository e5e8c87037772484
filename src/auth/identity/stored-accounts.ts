import { createHash } from 'node:crypto';
import type { Logger } from '../../ports.ts';
import { Slots } from '../slots.ts';
import { Unreachable } from '../unreachable.ts';
import type { PasswordChecker } from './password-checker.ts';
import { isKnownHash, STAND_IN_HASH } from './password-hash.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from './provider.ts';
import { parseStoredLabels } from './stored-labels.ts';

/** An account as a database has it. */
export interface StoredAccount {
  /** Where it is, for the operator: `row 7 of xorm_user`. */
  readonly place: string;
  /** undefined where there is none. */
  readonly passwordHash: string | undefined;
  /** As stored. */
  readonly labels: unknown;
}

/** A table of accounts that is outside of this process. Each question has a time limit of its own. */
export interface AccountTable {
  /** The account of exactly this name. @throws Unreachable; Error where it cannot be read */
  find(account: string): Promise<StoredAccount | undefined>;
  /** The hash of any account, to see that the table can be read. @throws as `find` */
  sampleHash(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface StoredAccountsOptions {
  /** The section of the configuration: `xorm_auth`. */
  readonly name: string;
  readonly table: AccountTable;
  readonly passwords: PasswordChecker;
  readonly log: Logger;
}

/** How many questions are under way at a time, which is how many connections they need. */
export const MAX_QUESTIONS = 10;
const MAX_WAITING = 500;
/** How long whoever comes after a failure is told so without another try, in milliseconds. */
const REST_MS = 1_000;

/** The accounts of a database. Names are compared exactly, in case too, whatever the database makes of case. */
export class StoredAccounts implements IdentityProvider {
  readonly name: string;
  readonly #table: AccountTable;
  readonly #passwords: PasswordChecker;
  readonly #log: Logger;
  readonly #slots = new Slots({ maxRunning: MAX_QUESTIONS, maxWaiting: MAX_WAITING });
  /** As costly as the account that was seen last: an unknown one must take as long. */
  #standIn = STAND_IN_HASH;
  #failure: { readonly error: Unreachable; readonly untilMs: number } | undefined;

  constructor({ name, table, passwords, log }: StoredAccountsOptions) {
    this.name = name;
    this.#table = table;
    this.#passwords = passwords;
    this.#log = log;
  }

  /** Looks at the table, so that the log tells at the start what is wrong with it. Never rejects. */
  async probe(): Promise<void> {
    try {
      this.#noteCost(await this.#ask(() => this.#table.sampleHash()));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error('accounts cannot be read; logins that need them fail until they can', {
        provider: this.name,
        reason,
      });
    }
  }

  /** @throws Unreachable, TooManyLogins; Error where the account cannot be read */
  async authenticate(credentials: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    const { account, password } = credentials;
    // As docker_auth's xorm_auth: neither an account without a name nor an empty password is looked for.
    const found = account === '' || password === '' ? undefined : await this.#find(account);
    if (found === undefined) {
      await this.#passwords.pretend(account, this.#standIn, password);
      return 'no-match';
    }
    const { passwordHash } = found;
    if (passwordHash === undefined || !isKnownHash(passwordHash)) {
      this.#log.warn('an account cannot log in: its password is stored neither as bcrypt nor as Argon2id', {
        provider: this.name,
        account: found.place,
      });
      await this.#passwords.pretend(account, this.#standIn, password);
      return 'wrong-password';
    }
    this.#noteCost(passwordHash);
    if (!(await this.#passwords.check(account, passwordHash, password))) return 'wrong-password';
    return this.#identity(account, found);
  }

  async pretend(credentials: Credentials): Promise<void> {
    await this.authenticate(credentials);
  }

  /** The account as it stands now; `version` is another text once it has another password. */
  async lookup(account: string): Promise<Standing | 'gone'> {
    const found = account === '' ? undefined : await this.#find(account);
    if (found?.passwordHash === undefined || !isKnownHash(found.passwordHash)) return 'gone';
    const version = createHash('sha256').update(found.passwordHash).digest('base64url');
    return { identity: this.#identity(account, found), version };
  }

  async ping(): Promise<void> {
    await this.#ask(() => this.#table.sampleHash());
  }

  close(): Promise<void> {
    return this.#table.close();
  }

  #identity(account: string, found: StoredAccount): Identity {
    try {
      return { account, labels: parseStoredLabels(found.labels), isAdmin: false };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${this.name}: the labels of ${found.place} cannot be used: ${reason}`);
    }
  }

  #find(account: string): Promise<StoredAccount | undefined> {
    return this.#ask(() => this.#table.find(account));
  }

  /** While the database is away, those that wait shall not each wait for its time limit. */
  #ask<T>(question: () => Promise<T>): Promise<T> {
    return this.#slots.run(async () => {
      const failure = this.#failure;
      if (failure !== undefined && performance.now() < failure.untilMs) throw failure.error;
      try {
        const answer = await question();
        this.#failure = undefined;
        return answer;
      } catch (error) {
        if (error instanceof Unreachable) this.#failure = { error, untilMs: performance.now() + REST_MS };
        throw error;
      }
    });
  }

  #noteCost(hash: string | undefined): void {
    if (hash !== undefined && isKnownHash(hash)) this.#standIn = hash;
  }
}
