import type { AccountChange, AccountKind, AccountRecord } from '../../index/accounts.ts';
import type { Page } from '../../index/tags.ts';
import { hashPassword } from '../identity/password-hash.ts';
import { type ManagerParts, unknownAccount } from './manager.ts';
import { parseAccountName } from './names.ts';
import { AccountProblem } from './problem.ts';
import { isAccessToken } from './secrets.ts';

const MAX_PASSWORD_CHARACTERS = 1_000;

/** @throws AccountProblem */
function parsePassword(password: string): string {
  if (password === '') throw new AccountProblem('invalid', 'a password cannot be empty');
  if (password.length > MAX_PASSWORD_CHARACTERS) {
    throw new AccountProblem('invalid', `a password has at most ${MAX_PASSWORD_CHARACTERS} characters`);
  }
  if (isAccessToken(password)) {
    throw new AccountProblem('invalid', 'what looks like an access token cannot be a password');
  }
  return password;
}

/** Accounts of people; also what is the same for those of robots. */
export class Users {
  readonly #parts: ManagerParts;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  /** @throws AccountProblem */
  async add(name: string, password: string, isAdmin: boolean): Promise<void> {
    const { index, clock } = this.#parts;
    const account = {
      name: parseAccountName(name),
      passwordHash: await hashPassword(parsePassword(password)),
      isAdmin,
    };
    if (await index.accounts.create(account, clock.now())) return;
    throw new AccountProblem('exists', `the account "${name}" exists already`);
  }

  /** @throws AccountProblem */
  async find(name: string): Promise<AccountRecord> {
    return (await this.#parts.index.accounts.find(name)) ?? unknownAccount(name);
  }

  list(page: Page, kind?: AccountKind): Promise<AccountRecord[]> {
    return this.#parts.index.accounts.list(page, kind);
  }

  /** @throws AccountProblem */
  async setPassword(name: string, password: string): Promise<void> {
    const { index, clock } = this.#parts;
    const { kind } = await this.find(name);
    if (kind === 'robot') {
      throw new AccountProblem('invalid', `"${name}" is a robot, which has no password; rotate its token`);
    }
    const hash = await hashPassword(parsePassword(password));
    if (!(await index.accounts.setPassword(name, hash, clock.now()))) unknownAccount(name);
  }

  /** @throws AccountProblem */
  async setDisabled(name: string, isDisabled: boolean, force: boolean): Promise<void> {
    const { index, clock } = this.#parts;
    check(name, await index.accounts.setDisabled(name, isDisabled, clock.now(), force));
  }

  /** @throws AccountProblem */
  async remove(name: string, force: boolean): Promise<void> {
    const { index, clock } = this.#parts;
    check(name, await index.accounts.remove(name, clock.now(), force));
  }
}

/** @throws AccountProblem */
function check(name: string, change: AccountChange): void {
  if (change === 'unknown') unknownAccount(name);
  if (change === 'last-admin') {
    throw new AccountProblem(
      'last-admin',
      `"${name}" is the last administrator who can log in; nobody could manage anything any more`,
    );
  }
}
