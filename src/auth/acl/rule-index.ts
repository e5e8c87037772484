import { type IpWords, maskedTo, type Network } from '../../ip.ts';
import type { Needs } from './needs.ts';
import { type AclRequest, FIELDS, type Field, labelValues } from './rule.ts';

/** What a request must be, at least, for a rule to match it. */
export interface RuleNeeds {
  readonly fields: Readonly<Partial<Record<Field, Needs>>>;
  /** By label: what one of its values must be. */
  readonly labels: Readonly<Record<string, Needs>>;
  /** What the address must be in. */
  readonly network: Network | undefined;
}

/** Which rules may match a request, by their places in the list, in order. No rule that matches is ever left out. */
export type RuleIndex = (request: AclRequest, address: IpWords | undefined) => readonly number[];

/** Of a text that must occur somewhere, so many letters in a row are looked up. */
const GRAM = 3;

/** A key that few rules have is good enough; the letters of the others need not be gone through. */
const RARE = 8;

/**
 * Files each rule under the rarest of the things that it needs, so that a request looks only at rules that have
 * something in common with it: ten thousand of them cost what a few do.
 */
export function indexRules(rules: readonly RuleNeeds[]): RuleIndex {
  const wholes = rules.map(wholeKeys);
  const ofWholes = frequencies(wholes);
  const keysOf = rules.map((rule, index) => {
    const keys = wholes[index] ?? [];
    const isRare = keys.some((key) => (ofWholes.get(key) ?? 0) <= RARE);
    return isRare ? keys : [...keys, ...gramKeys(rule)];
  });
  const frequency = frequencies(keysOf);
  const always: number[] = [];
  const filed = new Map<string, number[]>();
  for (const [index, keys] of keysOf.entries()) {
    const key = rarest(keys, frequency);
    const list = key === undefined ? always : (filed.get(key) ?? []);
    list.push(index);
    if (key !== undefined) filed.set(key, list);
  }
  const lookups = lookupsOf([...filed.keys()]);
  return (request, address) => {
    const found: number[] = [];
    for (const lookup of lookups) lookup(request, address, (key) => append(found, filed.get(key)));
    if (found.length === 0) return always;
    append(found, always);
    return found.sort((a, b) => a - b);
  };
}

function frequencies(keysOf: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const frequency = new Map<string, number>();
  for (const keys of keysOf) {
    for (const key of new Set(keys)) frequency.set(key, (frequency.get(key) ?? 0) + 1);
  }
  return frequency;
}

function append(to: number[], from: readonly number[] | undefined): void {
  if (from !== undefined) for (const index of from) to.push(index);
}

function rarest(keys: readonly string[], frequency: ReadonlyMap<string, number>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const key of keys) {
    const count = frequency.get(key) ?? 0;
    // Of several that are as rare, the first is looked up at the least cost.
    if (count < least) {
      best = key;
      least = count;
    }
  }
  return best;
}

/** `kind`, then where, then what: where is a field, or a label behind a colon. */
type KeyKind = 'exact' | 'prefix' | 'gram' | 'network';

function keyOf(kind: KeyKind, where: string, what: string): string {
  return `${kind}\n${where}\n${what}`;
}

function placesOf({ fields, labels }: RuleNeeds): readonly (readonly [string, Needs])[] {
  return [
    ...FIELDS.flatMap((field): [string, Needs][] => {
      const needs = fields[field];
      return needs === undefined ? [] : [[field, needs]];
    }),
    ...Object.entries(labels).map(([label, needs]): [string, Needs] => [`:${JSON.stringify(label)}`, needs]),
  ];
}

/** Under what a rule can be found by one look at a text, or at the address. */
function wholeKeys(rule: RuleNeeds): readonly string[] {
  const { network } = rule;
  const keys = placesOf(rule).flatMap(([where, { exact, prefix }]) => {
    if (exact !== undefined) return [keyOf('exact', where, exact)];
    return prefix === undefined ? [] : [keyOf('prefix', where, prefix)];
  });
  return network === undefined ? keys : [...keys, networkKey(network)];
}

function networkKey({ words, bits }: Network): string {
  return keyOf('network', 'ip', `${words.length}/${bits}/${words.join('.')}`);
}

/** Under what it can be found by the letters of a text. */
function gramKeys(rule: RuleNeeds): readonly string[] {
  return placesOf(rule).flatMap(([where, { exact, contains }]) =>
    exact === undefined
      ? contains.flatMap((text) => [...gramsOf(text)].map((gram) => keyOf('gram', where, gram)))
      : [],
  );
}

function* gramsOf(text: string): Iterable<string> {
  for (let at = 0; at + GRAM <= text.length; at += 1) yield text.slice(at, at + GRAM);
}

type Lookup = (request: AclRequest, address: IpWords | undefined, visit: (key: string) => void) => void;

/** Asks a request for nothing under which no rule is filed. */
function lookupsOf(keys: readonly string[]): readonly Lookup[] {
  const networks = new Map<string, { length: number; bits: number }>();
  const byPlace = new Map<string, { exact: boolean; prefixLengths: Set<number>; gram: boolean }>();
  for (const key of keys) {
    const [kind = '', where = ''] = key.split('\n', 2);
    const what = key.slice(kind.length + where.length + 2);
    if (kind === 'network') {
      const [length = 0, bits = 0] = what.split('/').map(Number);
      networks.set(`${length}/${bits}`, { length, bits });
      continue;
    }
    const place = byPlace.get(where) ?? { exact: false, prefixLengths: new Set<number>(), gram: false };
    byPlace.set(where, place);
    if (kind === 'exact') place.exact = true;
    else if (kind === 'gram') place.gram = true;
    else place.prefixLengths.add(what.length);
  }
  const byAddress: Lookup = (_, address, visit) => {
    for (const { length, bits } of networks.values()) {
      if (address?.length === length) visit(networkKey({ words: maskedTo(address, bits), bits }));
    }
  };
  const byText = [...byPlace].map(([where, { exact, prefixLengths, gram }]): Lookup => {
    const look = (text: string, visit: (key: string) => void): void => {
      if (exact) visit(keyOf('exact', where, text));
      for (const length of prefixLengths) {
        if (length <= text.length) visit(keyOf('prefix', where, text.slice(0, length)));
      }
      if (gram) for (const one of new Set(gramsOf(text))) visit(keyOf('gram', where, one));
    };
    const field = FIELDS.find((one) => one === where);
    if (field !== undefined) return (request, _, visit) => look(request[field], visit);
    const label = JSON.parse(where.slice(1)) as string;
    // A rule is found once for each value that it may match; several values find several rules, or one twice.
    return (request, _, visit) => {
      const seen = new Set<string>();
      for (const value of labelValues(request.labels, label)) look(value, (key) => seen.add(key));
      for (const key of seen) visit(key);
    };
  });
  return networks.size === 0 ? byText : [...byText, byAddress];
}
