import { text } from 'node:stream/consumers';
import { hashPassword } from '../../auth/identity/password-hash.ts';
import type { AccountIndex } from '../../index/accounts.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { COMMAND, randomPassword } from '../passwords.ts';

// The name stands in front of the account's repositories, and so follows the grammar of a repository's name.
const ACCOUNT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const MAX_ACCOUNT_CHARACTERS = 64;

/** What the account commands have in common. */
export interface UserOptions {
  /** The registry's config.yml, where it has one: it says where the data are. */
  readonly config?: string;
  readonly passwordStdin?: boolean;
}

async function withAccounts<T>(
  options: UserOptions & { mayCreate?: boolean },
  action: (accounts: AccountIndex) => Promise<T>,
): Promise<T> {
  const { index } = await openConfiguredState(options.config, options);
  try {
    return await action(index.accounts);
  } finally {
    await index.close();
  }
}

/** The password for an account: the first line of standard input, or a random one, which is then printed. */
async function choosePassword(options: UserOptions): Promise<{ password: string; isRandom: boolean }> {
  if (options.passwordStdin !== true) return { password: randomPassword(), isRandom: true };
  const password = (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? '';
  if (password === '') throw new Failure('there is no password on standard input');
  return { password, isRandom: false };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function noSuchAccount(name: string): Failure {
  return new Failure(
    `there is no account ${JSON.stringify(name)}; ${COMMAND} user list shows those that there are`,
  );
}

/** `berth user add NAME` */
export async function addUser(name: string, options: UserOptions & { admin?: boolean }): Promise<void> {
  if (!ACCOUNT.test(name) || name.length > MAX_ACCOUNT_CHARACTERS) {
    throw new Failure(
      `${JSON.stringify(name)} cannot be an account: use at most ${MAX_ACCOUNT_CHARACTERS} lower-case letters and digits, joined by ".", "_" or "-"`,
    );
  }
  const { password, isRandom } = await choosePassword(options);
  const account = { name, passwordHash: await hashPassword(password), isAdmin: options.admin === true };
  if (
    !(await withAccounts({ ...options, mayCreate: true }, (accounts) => accounts.create(account, Date.now())))
  ) {
    throw new Failure(
      `the account "${name}" exists already; ${COMMAND} user passwd ${name} changes its password`,
    );
  }
  say(`Created the account "${name}"${account.isAdmin ? ', an administrator' : ''}.`);
  if (isRandom) say(`Its password is shown only this once: ${password}`);
}

/** `berth user passwd NAME` */
export async function changePassword(name: string, options: UserOptions): Promise<void> {
  const { password, isRandom } = await choosePassword(options);
  const hash = await hashPassword(password);
  if (!(await withAccounts(options, (accounts) => accounts.setPassword(name, hash, Date.now())))) {
    throw noSuchAccount(name);
  }
  say(`Changed the password of "${name}"; a running registry knows it at once.`);
  if (isRandom) say(`The new password is shown only this once: ${password}`);
}

/** `berth user remove NAME` */
export async function removeUser(name: string, options: UserOptions): Promise<void> {
  if (!(await withAccounts(options, (accounts) => accounts.remove(name)))) throw noSuchAccount(name);
  say(`Removed the account "${name}". Its repositories stay; tokens that it holds end when they expire.`);
}

/** `berth user list` */
export async function listUsers(options: UserOptions): Promise<void> {
  const accounts = await withAccounts(options, (index) => index.list());
  if (accounts.length === 0) say('There are no accounts.');
  for (const { name, isAdmin } of accounts) say(isAdmin ? `${name}\tadministrator` : name);
}
