import type { RoleFilter, RoleRecord } from '../../index/roles.ts';
import { parsePattern } from './limits.ts';
import { type ManagerParts, unknownGroup } from './manager.ts';
import { isSendable } from './names.ts';
import { AccountProblem } from './problem.ts';
import { ROLES } from './role-authorizer.ts';

/** Who may do what in which repositories. */
export class Roles {
  readonly #parts: ManagerParts;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  list(filter: RoleFilter): Promise<RoleRecord[]> {
    return this.#parts.index.roles.list(filter);
  }

  /**
   * @returns whether whom it was granted to is known here; another provider may know the account
   * @throws AccountProblem
   */
  async grant(role: RoleRecord): Promise<boolean> {
    const { index, clock } = this.#parts;
    if (!ROLES.includes(role.role)) {
      throw new AccountProblem(
        'invalid',
        `there is no role ${JSON.stringify(role.role.slice(0, 50))}; roles are ${ROLES.join(', ')}`,
      );
    }
    parsePattern(role.pattern);
    if (!isSendable(role.name))
      throw new AccountProblem('invalid', 'a role is for an account or for a group');
    if ((await index.roles.grant(role, clock.now())) === 'unknown') unknownGroup(role.name);
    return role.kind === 'group' || (await index.accounts.find(role.name)) !== undefined;
  }

  /** @throws AccountProblem */
  async revoke(role: RoleRecord): Promise<void> {
    const { index, clock } = this.#parts;
    if (await index.roles.revoke(role, clock.now())) return;
    const { kind, name, pattern } = role;
    throw new AccountProblem(
      'unknown',
      `the ${kind} ${JSON.stringify(name)} has no role ${role.role} on ${JSON.stringify(pattern)}`,
    );
  }
}
