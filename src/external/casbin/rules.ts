import type { Model } from 'casbin';
import { csvFields } from './csv.ts';
import { CasbinFault } from './fault.ts';
import { casbinFunctions } from './functions.ts';

/** A call with a field of a rule as its second part: `ipMatch(r.ip, p.ip)`. */
const CALL = /\b(ipMatch|labelMatch|regexMatch)\(\s*[^,()]+,\s*(p\d*_\w+)\s*\)/g;

/**
 * Adds the rules of a policy. The package itself passes over a line that it does not understand, takes fields that are
 * missing for undefined, and an effect that it does not know for none.
 * @throws CasbinFault with the line
 */
export function addRules(model: Model, policyText: string): void {
  const checks = fieldChecks(model);
  for (const [index, line] of policyText.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    try {
      addRule(model, line, checks);
    } catch (error) {
      throw new CasbinFault(
        'policy',
        index + 1,
        error instanceof Error ? error.message : 'it cannot be read',
      );
    }
  }
}

type Checks = ReadonlyMap<string, (value: string) => void>;

/** How the fields are looked at that the matcher gives to a function: by calling it. */
function fieldChecks(model: Model): Checks {
  const functions = casbinFunctions();
  const matcher = model.model.get('m')?.get('m')?.value ?? '';
  return new Map(
    [...matcher.matchAll(CALL)].map(([, name = '', field = '']) => [
      field,
      (value: string) => void functions[name]?.('', value),
    ]),
  );
}

function addRule(model: Model, line: string, checks: Checks): void {
  const [kind = '', ...values] = csvFields(line);
  const rules = model.model.get(kind.slice(0, 1))?.get(kind);
  if (rules === undefined || !/^[pg]/.test(kind)) {
    throw new TypeError(`the model knows no rules of the kind ${JSON.stringify(kind)}`);
  }
  const { tokens } = rules;
  const wanted = kind.startsWith('g') ? rules.value.split('_').length - 1 : tokens.length;
  if (values.length !== wanted)
    throw new TypeError(`it has ${values.length} fields after ${kind}, not ${wanted}`);
  const effect = values[tokens.indexOf(`${kind}_eft`)];
  if (effect !== undefined && effect !== 'allow' && effect !== 'deny') {
    throw new TypeError(`its effect is ${JSON.stringify(effect)}; write allow or deny`);
  }
  for (const [position, token] of tokens.entries()) checks.get(token)?.(values[position] ?? '');
  rules.policy.push(values);
}
