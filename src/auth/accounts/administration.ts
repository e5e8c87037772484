import { AccessTokens } from './access-tokens.ts';
import { Groups } from './groups.ts';
import type { ManagerParts } from './manager.ts';
import { Robots } from './robots.ts';
import { Roles } from './roles.ts';
import { Users } from './users.ts';

export type { AccountKind, AccountRecord } from '../../index/accounts.ts';
export type { RoleFilter, RoleRecord } from '../../index/roles.ts';

/** Everything that is managed about accounts. Methods throw AccountProblem where something cannot be done. */
export interface AccountAdministration {
  readonly users: Users;
  readonly robots: Robots;
  readonly accessTokens: AccessTokens;
  readonly groups: Groups;
  readonly roles: Roles;
}

export function accountAdministration(parts: ManagerParts): AccountAdministration {
  return {
    users: new Users(parts),
    robots: new Robots(parts),
    accessTokens: new AccessTokens(parts),
    groups: new Groups(parts),
    roles: new Roles(parts),
  };
}
