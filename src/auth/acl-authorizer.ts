import type { Acl } from './acl/policy.ts';
import type { Authorizer } from './authorizer.ts';

/**
 * docker_auth's `acl` as an authorizer.
 * @param describe names the rule at an index, from 0, for the operator
 */
export function aclAuthorizer(
  acl: Acl,
  describe: (ruleIndex: number) => string = (ruleIndex) => `acl, rule ${ruleIndex + 1}`,
): Authorizer {
  return {
    name: 'acl',
    authorize(who, wanted, { service, address }) {
      const decision = acl.authorize({
        account: who.account,
        labels: who.labels,
        type: wanted.type,
        name: wanted.name,
        actions: wanted.actions,
        service,
        ip: address,
      });
      if (decision === 'no-match') return decision;
      return { granted: decision.granted, rule: describe(decision.ruleIndex) };
    },
  };
}
