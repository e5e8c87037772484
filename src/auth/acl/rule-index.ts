import { type IpWords, maskedTo, type Network } from '../../ip.ts';
import type { Needs } from './needs.ts';
import { PatternIndex } from './pattern-index.ts';
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
export type RuleIndex = (request: AclRequest, address: IpWords | undefined) => Int32Array;

/** A rule's needs as numbers: which things must have been found in the request. */
type Wanted = readonly number[];

/**
 * Reads each text of a request once for all rules, and files each rule under the rarest of the things that it needs.
 * So a request looks only at rules that have something in common with it: ten thousand of them cost what a few do.
 */
export function indexRules(rules: readonly RuleNeeds[]): RuleIndex {
  const index = new PatternIndex();
  const networks = new Map<string, { readonly bits: number; readonly length: number }>();
  const wantedBy = rules.map((rule): Wanted => {
    const texts = placesOf(rule).flatMap(([place, { exact, shape }]) => {
      if (exact !== undefined) return [index.addText(place, exact)];
      return shape === undefined ? [] : [index.addShape(place, shape)];
    });
    if (rule.network === undefined) return texts;
    const { words, bits } = rule.network;
    networks.set(`${words.length}/${bits}`, { bits, length: words.length });
    return [...texts, index.addText(NETWORK, networkText(words, bits))];
  });
  const { always, filed } = fileUnderRarest(wantedBy);
  const finder = index.finder();
  const labels = [...new Set(rules.flatMap((rule) => Object.keys(rule.labels)))];
  return (request, address) => {
    finder.begin();
    for (const field of FIELDS) finder.read(field, request[field]);
    for (const label of labels) {
      for (const value of labelValues(request.labels, label)) finder.read(placeOf(label), value);
    }
    for (const { bits, length } of networks.values()) {
      if (address?.length === length) finder.read(NETWORK, networkText(maskedTo(address, bits), bits));
    }
    const mayMatch: number[] = [];
    const look = (list: readonly number[]): void => {
      for (const rule of list) if (wantedBy[rule]?.every((need) => finder.has(need))) mayMatch.push(rule);
    };
    look(always);
    for (const need of finder.found) look(filed.get(need) ?? []);
    return Int32Array.from(mayMatch).sort();
  };
}

const NETWORK = 'network';

function placeOf(label: string): string {
  return `label ${label}`;
}

function placesOf({ fields, labels }: RuleNeeds): readonly (readonly [string, Needs])[] {
  return [
    ...FIELDS.flatMap((field): [string, Needs][] => {
      const needs = fields[field];
      return needs === undefined ? [] : [[field, needs]];
    }),
    ...Object.entries(labels).map(([label, needs]): [string, Needs] => [placeOf(label), needs]),
  ];
}

function networkText(words: IpWords, bits: number): string {
  return `${words.length}/${bits}/${words.join('.')}`;
}

/** A rule is filed once; those that need nothing are always looked at. */
function fileUnderRarest(wantedBy: readonly Wanted[]) {
  const frequency = new Map<number, number>();
  for (const wanted of wantedBy) {
    for (const need of wanted) frequency.set(need, (frequency.get(need) ?? 0) + 1);
  }
  const always: number[] = [];
  const filed = new Map<number, number[]>();
  for (const [rule, wanted] of wantedBy.entries()) {
    const [rarest] = wanted.toSorted((a, b) => (frequency.get(a) ?? 0) - (frequency.get(b) ?? 0));
    const list = rarest === undefined ? always : (filed.get(rarest) ?? []);
    list.push(rule);
    if (rarest !== undefined) filed.set(rarest, list);
  }
  return { always, filed };
}
