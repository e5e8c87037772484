import type { Acl } from './acl/policy.ts';
import type { Authorizer } from './authorizer.ts';

/** docker_auth's `acl` as an authorizer. */
export function aclAuthorizer(acl: Acl): Authorizer {
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
      return decision === 'no-match' ? 'no-match' : decision.granted;
    },
  };
}
