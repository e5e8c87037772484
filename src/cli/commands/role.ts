import type { RoleRecord } from '../../index/roles.ts';
import { type AccountOptions, withAccounts } from '../account-data.ts';
import { Failure } from '../failure.ts';
import { say } from '../say.ts';
import { foreign } from './group.ts';

/** Whose role it is. */
export interface RoleOptions extends AccountOptions {
  readonly account?: string;
  readonly group?: string;
}

function whose({ account, group }: RoleOptions): Pick<RoleRecord, 'kind' | 'name'> {
  if (account !== undefined && group === undefined) return { kind: 'account', name: account };
  if (group !== undefined && account === undefined) return { kind: 'group', name: group };
  throw new Failure('say whose role it is: either --account or --group');
}

/** `berth role grant ROLE REPOSITORIES` */
export async function grantRole(role: string, pattern: string, options: RoleOptions): Promise<void> {
  const who = whose(options);
  const isKnown = await withAccounts(options, ({ roles }) => roles.grant({ ...who, role, pattern }));
  say(`The ${who.kind} "${who.name}" has the role ${role} on ${pattern}.`);
  if (!isKnown) say(foreign(who.name));
}

/** `berth role revoke ROLE REPOSITORIES` */
export async function revokeRole(role: string, pattern: string, options: RoleOptions): Promise<void> {
  const who = whose(options);
  await withAccounts(options, ({ roles }) => roles.revoke({ ...who, role, pattern }));
  say(`The ${who.kind} "${who.name}" has the role ${role} on ${pattern} no longer.`);
}

/** `berth role list` */
export async function listRoles(options: RoleOptions): Promise<void> {
  const { account, group } = options;
  const filter = account === undefined && group === undefined ? {} : whose(options);
  const roles = await withAccounts(options, (managers) => managers.roles.list(filter));
  if (roles.length === 0 && options.json !== true) say('There are no roles.');
  for (const { kind, name, role, pattern } of roles) {
    say(
      options.json === true
        ? JSON.stringify({ kind, name, role, pattern })
        : `${kind} ${name}\t${role}\t${pattern}`,
    );
  }
}
