import type { GroupMapping } from '../../index/groups.ts';
import { type AccountOptions, allPages, withAccounts } from '../account-data.ts';
import { Failure } from '../failure.ts';
import { say } from '../say.ts';

/** `berth group add GROUP` */
export async function addGroup(group: string, options: AccountOptions): Promise<void> {
  await withAccounts(options, ({ groups }) => groups.add(group), { mayCreate: true });
  say(`Created the group "${group}".`);
}

/** `berth group remove GROUP` */
export async function removeGroup(group: string, options: AccountOptions): Promise<void> {
  await withAccounts(options, ({ groups }) => groups.remove(group));
  say(`Removed the group "${group}", with its roles. The accounts that were in it stay.`);
}

/** `berth group join GROUP ACCOUNT` */
export async function joinGroup(group: string, account: string, options: AccountOptions): Promise<void> {
  const isKnown = await withAccounts(options, ({ groups }) => groups.join(group, account));
  say(`"${account}" is in the group "${group}".`);
  if (!isKnown) say(foreign(account));
}

/** `berth group leave GROUP ACCOUNT` */
export async function leaveGroup(group: string, account: string, options: AccountOptions): Promise<void> {
  await withAccounts(options, ({ groups }) => groups.leave(group, account));
  say(`"${account}" is no longer in the group "${group}", unless a mapping puts it there.`);
}

/** `berth group map GROUP LABEL=VALUE` */
export async function mapGroup(
  group: string,
  text: string,
  options: AccountOptions & { remove?: boolean },
): Promise<void> {
  const mapping = parseMapping(group, text);
  await withAccounts(options, ({ groups }) =>
    options.remove === true ? groups.unmap(mapping) : groups.map(mapping),
  );
  const who = `Whoever has ${JSON.stringify(mapping.value)} among the label "${mapping.label}"`;
  say(
    options.remove === true
      ? `${who} is no longer in the group "${group}".`
      : `${who} is in the group "${group}".`,
  );
}

/** `berth group list [GROUP]` */
export async function listGroups(group: string | undefined, options: AccountOptions): Promise<void> {
  await withAccounts(options, async ({ groups }) => {
    const mappings = await groups.mappings();
    let isKnown = false;
    const count = await allPages(
      (page) => groups.list(page),
      ({ name }) => name,
      ({ name, members }) => {
        if (group !== undefined && name !== group) return;
        isKnown = true;
        const mapped = mappings.filter((one) => one.group === name);
        if (options.json === true) say(JSON.stringify({ name, members, mappings: mapped }));
        else
          say(
            [name, `${members} members`, ...mapped.map(({ label, value }) => `${label}=${value}`)].join('\t'),
          );
      },
    );
    if (group === undefined) {
      if (count === 0 && options.json !== true) say('There are no groups.');
      return;
    }
    if (!isKnown) throw new Failure(`there is no group ${JSON.stringify(group)}`);
    await allPages(
      (page) => groups.members(group, page),
      (member) => member,
      (member) => say(options.json === true ? JSON.stringify({ member }) : `  ${member}`),
    );
  });
}

/** For a name that is no account of Berth's own. */
export function foreign(account: string): string {
  return `There is no account "${account}" here; it holds for whoever another provider knows by this name.`;
}

function parseMapping(group: string, text: string): GroupMapping {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return { group, label: text.slice(0, at), value: text.slice(at + 1) };
  throw new Failure(`${JSON.stringify(text)} is no mapping; write it like groups=developers`);
}
