import type { Access } from '../oci/scope.ts';
import type { Acl, AclRequest, RuleFailure } from './acl/policy.ts';
import type { AccessContext, Authorizer, ExplainedVerdict, Verdict } from './authorizer.ts';
import type { Identity } from './identity/provider.ts';

/**
 * docker_auth's `acl` as an authorizer.
 * @param describe names the rule at an index, from 0, for the operator
 */
export function aclAuthorizer(
  acl: Acl,
  describe: (ruleIndex: number) => string = (ruleIndex) => `acl, rule ${ruleIndex + 1}`,
): Authorizer {
  const verdictOf = (decision: ReturnType<Acl['authorize']>): Verdict =>
    decision === 'no-match' ? decision : { granted: decision.granted, rule: describe(decision.ruleIndex) };
  return {
    name: 'acl',
    authorize: (who, wanted, context) => verdictOf(acl.authorize(requestOf(who, wanted, context))),
    explain(who, wanted, context): ExplainedVerdict {
      const { decision, passedOver } = acl.explain(requestOf(who, wanted, context));
      const before = passedOver.map((failure, index) => ({
        ...{ rule: describe(index), matches: false, why: whyNot(failure) },
      }));
      const verdict = verdictOf(decision);
      if (verdict === 'no-match') return { verdict, tried: before };
      const why = 'all of its conditions hold';
      return { verdict, tried: [...before, { rule: verdict.rule, matches: true, why }] };
    },
  };
}

function requestOf(who: Identity, wanted: Access, { service, address }: AccessContext): AclRequest {
  return {
    account: who.account,
    labels: who.labels,
    type: wanted.type,
    name: wanted.name,
    actions: wanted.actions,
    service,
    ip: address,
  };
}

/** `name is "team/app", and the rule wants "${account}/*", where ${account} is "bob"`. */
function whyNot({ path, pattern, values, placeholders }: RuleFailure): string {
  const [, field = '', label] = path.map(String);
  const what = label === undefined ? field : `label ${label}`;
  const is = values.length === 0 ? 'is not there' : `is ${values.map(quoted).join(' or ')}`;
  const stood = placeholders.map(
    ({ source, values: found }) =>
      `${source} is ${found.length === 0 ? 'nothing' : found.map(quoted).join(' or ')}`,
  );
  const where = stood.length === 0 ? '' : `, where ${stood.join(' and ')}`;
  return `${what} ${is}, and the rule wants ${quoted(pattern)}${where}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
