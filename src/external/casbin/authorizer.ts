import type { AccessContext, Authorizer, Decision } from '../../auth/authorizer.ts';
import type { Identity } from '../../auth/identity/provider.ts';
import type { Access } from '../../oci/scope.ts';
import { OutsideFault } from '../fault.ts';
import { authRequestInfo, labelsJson } from '../question.ts';
import type { Enforce } from './enforcer.ts';

const NAME = 'casbin_authz';

/** docker_auth's `casbin_authz`: each action is a question of its own. It always decides. */
export class CasbinAuthorizer implements Authorizer {
  readonly name = NAME;
  readonly #rule: string;
  readonly #enforce: Enforce;

  /** @param rule what decisions are said to come from */
  constructor(enforce: Enforce, rule: string) {
    this.#enforce = enforce;
    this.#rule = rule;
  }

  authorize(who: Identity, wanted: Access, context: AccessContext): Decision {
    const { Account, Type, Name, Service, IP, Labels } = authRequestInfo(who, wanted, context);
    const labels = labelsJson(Labels);
    const enforce = this.#enforce;
    try {
      const granted = wanted.actions.filter((action) =>
        enforce(Account, Type, Name, Service, IP, action, labels),
      );
      return { granted, rule: this.#rule };
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it threw something that is no Error';
      throw new OutsideFault(NAME, `a rule cannot be evaluated: ${reason}`, { cause: error });
    }
  }
}
