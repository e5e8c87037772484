import type { RoleIndex, RoleRecord } from '../../index/roles.ts';
import type { Authorizer, Decision } from '../authorizer.ts';
import type { CompiledPatterns } from './patterns.ts';

/** What each role allows in the repositories that it is granted for; undefined: everything. */
const ACTIONS_OF: Readonly<Record<string, readonly string[] | undefined>> = {
  pull: ['pull'],
  push: ['pull', 'push'],
  delete: ['pull', 'delete'],
  admin: undefined,
};

/** The roles that there are. */
export const ROLES: readonly string[] = Object.keys(ACTIONS_OF);

function allows({ role }: RoleRecord, action: string): boolean {
  if (!ROLES.includes(role)) return false;
  const actions = ACTIONS_OF[role];
  return actions === undefined || actions.includes(action);
}

/**
 * Decides by the roles of an account and of its groups: whatever one of them allows is granted.
 * @param beside grants what it grants all the same; undefined: where no role fits, the next authorizer decides
 */
export function roleAuthorizer(
  index: Pick<RoleIndex, 'of'>,
  patterns: CompiledPatterns,
  beside?: Authorizer,
): Authorizer {
  return {
    name: 'roles',
    async authorize(who, wanted, context) {
      const other = (await beside?.authorize(who, wanted, context)) ?? 'no-match';
      if (who.account === '' || wanted.type !== 'repository') return other;
      const already = other === 'no-match' ? [] : other.granted;
      if (already.length === wanted.actions.length) return other;
      const roles = (await index.of(who.account, who.groups ?? [])).filter(
        (role) =>
          patterns.matches(role.pattern, wanted.name) &&
          wanted.actions.some((action) => allows(role, action)),
      );
      if (roles.length === 0) return other;
      const granted = wanted.actions.filter(
        (action) => already.includes(action) || roles.some((role) => allows(role, action)),
      );
      return { granted, rule: ruleOf(roles, other) };
    },
  };
}

function ruleOf(roles: readonly RoleRecord[], other: Decision | 'no-match'): string {
  const names = roles.map(({ kind, name, pattern, role }) => `role ${role} of ${kind} ${name} on ${pattern}`);
  const before = other === 'no-match' || other.granted.length === 0 ? [] : [other.rule];
  return [...before, ...names].join('; ');
}
