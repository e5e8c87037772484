import type { Model } from 'casbin';
import { checkMatcher } from './check-matcher.ts';
import { CasbinFault } from './fault.ts';
import { casbinFunctions } from './functions.ts';
import { NO_RULE } from './no-rule.ts';
import { addRules } from './rules.ts';

/** Whether a request is allowed; throws where a rule cannot be evaluated. */
export type Enforce = (...request: readonly string[]) => boolean;

/** What is asked, in this order: account, type, name, service, address, action, labels as JSON. */
const REQUEST_FIELDS = 7;

/**
 * Reads a model and its rules whole.
 * @throws CasbinFault
 */
export async function loadEnforcer(modelText: string, policyText: string): Promise<Enforce> {
  // 150 kB that only these rules need.
  const { Enforcer, newModelFromString } = await import('casbin');
  let model: Model;
  try {
    model = newModelFromString(modelText);
  } catch (error) {
    throw new CasbinFault('model', undefined, error instanceof Error ? error.message : 'it cannot be read');
  }
  const fields = model.model.get('r')?.get('r')?.tokens.length ?? 0;
  if (fields !== REQUEST_FIELDS) {
    throw new CasbinFault(
      'model',
      undefined,
      `its request has ${fields} fields; write r = account, type, name, service, ip, action, labels`,
    );
  }
  addRules(model, policyText);
  const rules = model.model.get('p')?.get('p');
  if (rules?.policy.length === 0) rules.policy.push(rules.tokens.map(() => NO_RULE));

  class OwnFunctions extends Enforcer {
    /** `addFunction` keeps the package's own where there is one. */
    constructor() {
      super();
      const functions = this.fm.getFunctions();
      for (const [name, run] of Object.entries(casbinFunctions())) functions.set(name, run);
      checkMatcher(model, functions.keys());
    }
  }
  const enforcer = new OwnFunctions();
  await enforcer.initWithModelAndAdapter(model);
  try {
    await enforcer.buildRoleLinks();
    // A matcher that cannot be parsed shows itself at the first request.
    enforcer.enforceSync(...new Array<string>(REQUEST_FIELDS).fill(''));
  } catch (error) {
    // What a rule holds was looked at before.
    throw new CasbinFault('model', undefined, error instanceof Error ? error.message : 'it cannot be used');
  }
  return (...request) => enforcer.enforceSync(...request);
}
