import { USUAL_OVERLAP_MS } from '../../auth/accounts/robots.ts';
import { shown } from '../../http/api/json.ts';
import { type AccountOptions, allPages, lifetimeMs, timeText, withAccounts } from '../account-data.ts';
import { Failure } from '../failure.ts';
import { COMMAND } from '../passwords.ts';
import { say } from '../say.ts';
import { accountFields, accountLine } from './user.ts';

/** `berth robot add NAME` */
export async function addRobot(name: string, options: AccountOptions & { expires?: string }): Promise<void> {
  const lifetime = options.expires === undefined ? undefined : lifetimeMs('--expires', options.expires);
  const { secret } = await withAccounts(options, ({ robots }) => robots.add(name, lifetime), {
    mayCreate: true,
  });
  say(`Created the robot "${name}". It may do nothing until it is granted a role, such as`);
  say(`  ${COMMAND} role grant --account ${name} push 'team/**'`);
  say(`Its token, the password for docker login, is shown only this once: ${secret}`);
}

/** `berth robot rotate NAME` */
export async function rotateRobot(
  name: string,
  options: AccountOptions & { overlap?: string },
): Promise<void> {
  const overlap = options.overlap === undefined ? USUAL_OVERLAP_MS : lifetimeMs('--overlap', options.overlap);
  if (overlap === undefined) throw new Failure('--overlap never would leave the old token as it is');
  const { secret, othersEndAtMs } = await withAccounts(options, ({ robots }) => robots.rotate(name, overlap));
  say(
    overlap === 0
      ? `The robot "${name}" has a new token; what it had before has ended.`
      : `The robot "${name}" has a new token; what it had before ends at ${timeText(othersEndAtMs)}.`,
  );
  say(`The new token is shown only this once: ${secret}`);
}

/** `berth robot remove NAME` */
export async function removeRobot(name: string, options: AccountOptions): Promise<void> {
  await withAccounts(options, ({ robots }) => robots.remove(name));
  say(`Removed the robot "${name}"; its tokens have ended.`);
}

/** `berth robot list` */
export async function listRobots(options: AccountOptions): Promise<void> {
  const nowMs = Date.now();
  const count = await withAccounts(options, ({ users }) =>
    allPages(
      (page) => users.list(page, 'robot'),
      ({ name }) => name,
      (account) =>
        say(
          options.json === true ? JSON.stringify(shown(accountFields(account))) : accountLine(account, nowMs),
        ),
    ),
  );
  if (count === 0 && options.json !== true) say('There are no robots.');
}
