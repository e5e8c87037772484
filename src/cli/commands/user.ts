import { text } from 'node:stream/consumers';
import type { AccountRecord } from '../../index/accounts.ts';
import { type AccountOptions, allPages, timeText, withAccounts } from '../account-data.ts';
import { Failure } from '../failure.ts';
import { COMMAND, randomPassword } from '../passwords.ts';
import { say } from '../say.ts';

/** What the account commands have in common. */
export interface UserOptions extends AccountOptions {
  readonly passwordStdin?: boolean;
  readonly force?: boolean;
}

/** The password for an account: the first line of standard input, or a random one, which is then printed. */
async function choosePassword(options: UserOptions): Promise<{ password: string; isRandom: boolean }> {
  if (options.passwordStdin !== true) return { password: randomPassword(), isRandom: true };
  const password = (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? '';
  if (password === '') throw new Failure('there is no password on standard input');
  return { password, isRandom: false };
}

/** `berth user add NAME` */
export async function addUser(name: string, options: UserOptions & { admin?: boolean }): Promise<void> {
  const { password, isRandom } = await choosePassword(options);
  const isAdmin = options.admin === true;
  await withAccounts(options, ({ users }) => users.add(name, password, isAdmin), { mayCreate: true });
  say(`Created the account "${name}"${isAdmin ? ', an administrator' : ''}.`);
  if (isRandom) say(`Its password is shown only this once: ${password}`);
}

/** `berth user passwd NAME` */
export async function changePassword(name: string, options: UserOptions): Promise<void> {
  const { password, isRandom } = await choosePassword(options);
  await withAccounts(options, ({ users }) => users.setPassword(name, password));
  say(`Changed the password of "${name}"; a running registry knows it at once.`);
  if (isRandom) say(`The new password is shown only this once: ${password}`);
}

/** `berth user remove NAME` */
export async function removeUser(name: string, options: UserOptions): Promise<void> {
  await withAccounts(options, ({ users }) => users.remove(name, options.force === true));
  say(`Removed the account "${name}". Its repositories stay; its tokens have ended.`);
}

/** `berth user disable NAME` */
export async function disableUser(name: string, options: UserOptions): Promise<void> {
  await withAccounts(options, ({ users }) => users.setDisabled(name, true, options.force === true));
  say(`Disabled the account "${name}": its tokens have ended, and nobody can log in to it.`);
  say(`${COMMAND} user enable ${name} lets it in again.`);
}

/** `berth user enable NAME` */
export async function enableUser(name: string, options: UserOptions): Promise<void> {
  await withAccounts(options, ({ users }) => users.setDisabled(name, false, false));
  say(`Enabled the account "${name}".`);
}

/** An account for people, with what is special about it. */
export function accountLine(account: AccountRecord, nowMs: number): string {
  const { name, isAdmin, isDisabled, expiresAtMs, usedAtMs } = account;
  const hasExpired = expiresAtMs !== undefined && expiresAtMs <= nowMs;
  return [
    name,
    ...(isAdmin ? ['administrator'] : []),
    ...(isDisabled ? ['disabled'] : []),
    ...(expiresAtMs === undefined ? [] : [`${hasExpired ? 'expired' : 'expires'} ${timeText(expiresAtMs)}`]),
    ...(usedAtMs === undefined ? [] : [`last used ${timeText(usedAtMs)}`]),
  ].join('\t');
}

/** An account for machines: everything but the hash. */
export function accountFields({ passwordHash: _, ...fields }: AccountRecord) {
  return fields;
}

/** `berth user list` */
export async function listUsers(options: UserOptions): Promise<void> {
  const { shown } = await import('../../http/api/json.ts');
  const nowMs = Date.now();
  const count = await withAccounts(options, ({ users }) =>
    allPages(
      (page) => users.list(page, 'user'),
      ({ name }) => name,
      (account) =>
        say(
          options.json === true ? JSON.stringify(shown(accountFields(account))) : accountLine(account, nowMs),
        ),
    ),
  );
  if (count === 0 && options.json !== true) say('There are no accounts.');
}
