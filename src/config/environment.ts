import { ConfigError, type ConfigProblem, type Place } from './config-error.ts';
import { type ConfigNode, isNull, listNode, type MapNode, mapNode } from './node.ts';
import type { Shape, Type } from './schema.ts';
import { anything } from './types-scalar.ts';
import { expandShorthand } from './types-section.ts';
import { parseYaml } from './yaml.ts';

/** The variables of a process, by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Which variables belong to a configuration. */
export interface EnvironmentRule {
  /** `REGISTRY_`; compared exactly, as the original does. */
  readonly prefix: string;
  /** Variables with the prefix that are for somebody else. */
  readonly reserved: ReadonlySet<string>;
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
}

/** No setting is that far in; a longer name is not ours and must not cost a deep recursion. */
const MAX_STEPS = 32;

/** A configuration after the environment, and the variables that did not change it. */
export interface Overridden {
  readonly root: ConfigNode;
  /** Names of variables that lead to no key. */
  readonly ignored: readonly string[];
  /** Values that are not YAML, impossible list indexes. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Applies environment variables to a configuration, by the rule of distribution's `parser.go`: the name
 * behind the prefix is a path joined by `_`, variables apply in the order of their names (so
 * `REGISTRY_STORAGE=filesystem` replaces the section before `REGISTRY_STORAGE_FILESYSTEM_…` adds to it),
 * and values are YAML.
 */
export function applyEnvironment(
  root: ConfigNode,
  type: Type<unknown>,
  env: Environment,
  rule: EnvironmentRule,
): Overridden {
  const ignored: string[] = [];
  const problems: ConfigProblem[] = [];
  let current = root;
  // The original sorts by bytes; for names of letters, digits and "_" this order is the same.
  for (const name of Object.keys(env).toSorted(compare)) {
    const value = env[name];
    if (value === undefined || !name.startsWith(rule.prefix) || rule.reserved.has(name)) continue;
    const steps = name.slice(rule.prefix.length).split('_');
    const variable: Variable = { name, value, place: { kind: 'variable', variable: name } };
    try {
      const next = steps.length > MAX_STEPS ? undefined : override(current, type, steps, variable);
      if (next === undefined) ignored.push(name);
      else current = next;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  return { root: current, ignored, problems };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `node` with the variable applied below it, or undefined when the name leads nowhere. */
function override(
  node: ConfigNode | undefined,
  type: Type<unknown>,
  steps: readonly string[],
  variable: Variable,
): ConfigNode | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return parseYaml(variable.value, { variable: variable.name });
  const shape = effectiveShape(type.shape, node);
  switch (shape.kind) {
    case 'scalar':
      return undefined;
    case 'any':
      return overrideKey(node, anything, newOrExistingKey(node, step, rest), rest, variable);
    case 'map':
      return overrideKey(node, shape.value, newOrExistingKey(node, step, rest), rest, variable);
    case 'list':
      return overrideItem(node, shape.item, step, rest, variable);
    case 'section': {
      const existing = shape.shorthand && node !== undefined ? expandShorthand(node) : node;
      if (shape.go === 'map') {
        const key = newOrExistingKey(existing, step, rest);
        const child = Object.hasOwn(shape.fields, key) ? shape.fields[key]?.type : undefined;
        return overrideKey(existing, child ?? anything, key, rest, variable);
      }
      const found = Object.entries(shape.fields).find(
        ([key, field]) => (field.goName ?? key.toUpperCase()) === step,
      );
      return found && overrideKey(existing, found[1].type, found[0], rest, variable);
    }
  }
}

/** Below `interface{}` the value that is already there decides. */
function effectiveShape(shape: Shape, node: ConfigNode | undefined): Shape {
  if (shape.kind !== 'any' || node === undefined || isNull(node)) return shape;
  if (node.kind === 'list') return { kind: 'list', item: anything };
  return node.kind === 'map' ? shape : { kind: 'scalar' };
}

/**
 * Go maps: an existing key is found whatever its case, but only on the way to something below it; a value
 * set directly goes to the name in lower case.
 */
function newOrExistingKey(node: ConfigNode | undefined, step: string, rest: readonly string[]): string {
  if (rest.length > 0 && node?.kind === 'map') {
    for (const [key, entry] of node.entries) {
      if (key.toUpperCase() === step && !isNull(entry.value)) return key;
    }
  }
  return step.toLowerCase();
}

function overrideKey(
  node: ConfigNode | undefined,
  type: Type<unknown>,
  key: string,
  rest: readonly string[],
  variable: Variable,
): ConfigNode | undefined {
  const parent = asMap(node, variable);
  // A value of the wrong kind is reported when it is decoded; nothing can be set below it.
  if (parent === undefined) return node;
  const entry = parent.entries.get(key);
  const value = override(entry?.value, type, rest, variable);
  if (value === undefined) return undefined;
  const keyPlace = entry === undefined || rest.length === 0 ? variable.place : entry.keyPlace;
  return mapNode(parent.place, [...parent.entries, [key, { keyPlace, value }]]);
}

function asMap(node: ConfigNode | undefined, variable: Variable): MapNode | undefined {
  if (node === undefined || isNull(node)) return mapNode(variable.place);
  return node.kind === 'map' ? node : undefined;
}

/** By number: an existing item, or one more (registry:3; registry:2 ignores such variables). */
function overrideItem(
  node: ConfigNode | undefined,
  type: Type<unknown>,
  step: string,
  rest: readonly string[],
  variable: Variable,
): ConfigNode | undefined {
  const list = node === undefined || isNull(node) ? listNode(variable.place) : node;
  if (list.kind !== 'list') return node;
  const { items } = list;
  const index = /^[0-9]{1,9}$/.test(step) ? Number(step) : undefined;
  if (index === undefined || index > items.length) {
    const why =
      index === undefined ? 'is not the number of an item' : `is too large: the list has ${items.length}`;
    throw new ConfigError([{ place: variable.place, message: `"${step}" ${why}` }]);
  }
  const value = override(items[index], type, rest, variable);
  if (value === undefined) return undefined;
  const changed = [...items.slice(0, index), value, ...items.slice(index + 1)];
  return listNode(list.place, changed);
}
