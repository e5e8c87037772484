import type { Model } from 'casbin';
import { checkMatcher } from './check-matcher.ts';
import { csvFields } from './csv.ts';
import { CasbinFault } from './fault.ts';
import { casbinFunctions } from './functions.ts';
import { labelsOfText } from './label-match.ts';
import { NO_RULE } from './no-rule.ts';

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
  for (const [index, line] of policyText.split(/\r?\n/).entries()) addRule(model, line, index + 1);
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

/** The package passes over a line that it does not understand, and takes fields that are missing for undefined. */
function addRule(model: Model, line: string, number: number): void {
  if (line.trim() === '' || line.trimStart().startsWith('#')) return;
  const [kind = '', ...values] = fieldsOf(line, number);
  const rules = model.model.get(kind.slice(0, 1))?.get(kind);
  if (rules === undefined || !/^[pg]/.test(kind)) {
    throw new CasbinFault('policy', number, `the model knows no rules of the kind ${JSON.stringify(kind)}`);
  }
  const wanted = kind.startsWith('g') ? rules.value.split('_').length - 1 : rules.tokens.length;
  if (values.length !== wanted) {
    throw new CasbinFault('policy', number, `it has ${values.length} fields after ${kind}, not ${wanted}`);
  }
  const labels = values[rules.tokens.indexOf(`${kind}_labels`)];
  if (labels !== undefined) checkLabels(labels, number);
  rules.policy.push(values);
}

function fieldsOf(line: string, number: number): string[] {
  try {
    return csvFields(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CasbinFault('policy', number, error.message);
  }
}

function checkLabels(text: string, number: number): void {
  try {
    labelsOfText(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CasbinFault('policy', number, error.message);
  }
}
