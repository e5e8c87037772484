import type { RoleIndex, RoleRecord } from '../../index/roles.ts';
import type { Access } from '../../oci/scope.ts';
import type { Authorizer, Decision, RuleTried } from '../authorizer.ts';
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
    async explain(who, wanted, context) {
      const other = await beside?.authorize(who, wanted, context);
      const before: RuleTried[] =
        other === undefined || other === 'no-match'
          ? []
          : [{ rule: other.rule, matches: other.granted.length > 0, why: grantsText(other.granted) }];
      const verdict = await this.authorize(who, wanted, context);
      if (who.account === '' || wanted.type !== 'repository') {
        return { verdict, tried: [...before, { rule: 'roles', matches: false, why: NO_ROLES }] };
      }
      const roles = await index.of(who.account, who.groups ?? []);
      return { verdict, tried: [...before, ...roles.map((role) => triedOf(role, wanted, patterns))] };
    },
  };
}

const NO_ROLES = 'they are of accounts, and for repositories';

function triedOf(role: RoleRecord, wanted: Access, patterns: CompiledPatterns): RuleTried {
  const rule = nameOf(role);
  if (!patterns.matches(role.pattern, wanted.name)) {
    return { rule, matches: false, why: `${JSON.stringify(wanted.name)} does not match ${role.pattern}` };
  }
  const allowed = wanted.actions.filter((action) => allows(role, action));
  return { rule, matches: allowed.length > 0, why: grantsText(allowed) };
}

function grantsText(actions: readonly string[]): string {
  return actions.length === 0 ? 'it grants nothing of this' : `it grants ${actions.join(', ')}`;
}

function nameOf({ kind, name, pattern, role }: RoleRecord): string {
  return `role ${role} of ${kind} ${name} on ${pattern}`;
}

function ruleOf(roles: readonly RoleRecord[], other: Decision | 'no-match'): string {
  const names = roles.map(nameOf);
  const before = other === 'no-match' || other.granted.length === 0 ? [] : [other.rule];
  return [...before, ...names].join('; ');
}
