import type { TagFacts, TagMove } from '../../index/retention.ts';
import { matchesAny, type NamePattern } from '../../pattern/name-pattern.ts';
import type { Retention } from '../../policy/retention.ts';
import { oldBeforeMs } from '../collect/rule.ts';

/** What decided on a tag, by the name of its key in the configuration. `grace`: it came just now. */
export type DecidingRule =
  | 'keepall'
  | 'immutabletags'
  | 'attached'
  | 'keepmatching'
  | 'keeplastmatching'
  | 'keeplast'
  | 'keepyoungerthan'
  | 'keeppulledwithin'
  | 'grace'
  | 'none';

/** What becomes of a tag, and why. */
export interface TagDecision {
  readonly facts: TagFacts;
  readonly isKept: boolean;
  readonly rule: DecidingRule;
  /** For people. */
  readonly reason: string;
}

/** What the rules of one repository decide. */
export interface Decision {
  /** One for each tag, in the order of the facts. */
  readonly tags: readonly TagDecision[];
  /** The tags that came before those that go, in rules that count: if one is gone, the decision is not valid. */
  readonly assuming: readonly TagMove[];
}

/** What a decision is made of. */
export interface DecisionInput {
  readonly retention: Retention;
  /** All tags of the repository. */
  readonly tags: readonly TagFacts[];
  /** Of the repository: tags that must not be removed unless `retention` says so. */
  readonly immutable: readonly NamePattern[];
  readonly nowMs: number;
  /** Before that, nobody knows what was pulled. */
  readonly countedSinceMs: number;
  /** What was pushed within this time stays in any case. */
  readonly graceMs: number;
}

type Verdict = readonly [rule: DecidingRule, reason: string];

/** Decides what becomes of each tag of a repository. Depends on nothing but what it is given. */
export function decide(input: DecisionInput): Decision {
  const { retention } = input;
  // What belongs to a manifest by its name is no version of its own: it takes no other tag's place.
  const versions = input.tags.filter(({ attachedTo }) => attachedTo === undefined).toSorted(latestFirst);
  const groups = retention.keepLastMatching.map(({ pattern, count }) => ({
    pattern,
    kept: new Set(versions.filter(({ tag }) => pattern.test(tag)).slice(0, count)),
    count,
  }));
  const last = new Set(versions.slice(0, retention.keepLast ?? 0));
  const places = new Map(versions.map((facts, place) => [facts, place + 1]));

  const counted = (facts: TagFacts): Verdict | undefined => {
    const group = groups.find(({ kept }) => kept.has(facts));
    if (group !== undefined) {
      return ['keeplastmatching', `among the last ${group.count} that ${group.pattern.text} fits`];
    }
    return last.has(facts) ? ['keeplast', `among the last ${retention.keepLast}`] : undefined;
  };

  const tags = input.tags.map((facts): TagDecision => {
    const verdict = keptAnyway(input, facts) ?? counted(facts) ?? keptForItsTimes(input, facts);
    if (verdict !== undefined) return { facts, isKept: true, rule: verdict[0], reason: verdict[1] };
    return { facts, isKept: false, rule: 'none', reason: whyNot(input, facts, places.get(facts)) };
  });
  const assuming = new Set([...last, ...groups.flatMap(({ kept }) => [...kept])]);
  return { tags, assuming: [...assuming].map(({ tag, movedAtMs }) => ({ tag, movedAtMs })) };
}

function latestFirst(a: TagFacts, b: TagFacts): number {
  if (a.movedAtMs !== b.movedAtMs) return b.movedAtMs - a.movedAtMs;
  return a.tag < b.tag ? 1 : -1;
}

function keptAnyway({ retention, immutable }: DecisionInput, facts: TagFacts): Verdict | undefined {
  const { tag, attachedTo } = facts;
  if (retention.keepAll) return ['keepall', 'nothing of this repository is removed'];
  if (attachedTo !== undefined) return ['attached', `belongs to ${attachedTo}, and goes with it`];
  if (!retention.removeImmutable && matchesAny(immutable, tag)) return ['immutabletags', 'immutable'];
  const pattern = retention.keepMatching.find((one) => one.test(tag));
  return pattern && ['keepmatching', `${pattern.text} fits it`];
}

function keptForItsTimes(input: DecisionInput, facts: TagFacts): Verdict | undefined {
  const { retention, nowMs, countedSinceMs, graceMs } = input;
  const { keepYoungerThanMs, keepPulledWithinMs } = retention;
  const { pulledAtMs = Number.NEGATIVE_INFINITY } = facts;
  const cameAtMs = cameAt(facts);
  if (keepYoungerThanMs !== undefined && nowMs - cameAtMs < keepYoungerThanMs) {
    return ['keepyoungerthan', `pushed ${shown(cameAtMs)}, less than ${inWords(keepYoungerThanMs)} ago`];
  }
  if (keepPulledWithinMs !== undefined) {
    const within = (atMs: number): boolean => nowMs - atMs < keepPulledWithinMs;
    const ago = `less than ${inWords(keepPulledWithinMs)} ago`;
    if (within(pulledAtMs)) return ['keeppulledwithin', `pulled ${shown(pulledAtMs)}, ${ago}`];
    // Nobody can have pulled it for longer than it is there.
    if (within(cameAtMs)) return ['keeppulledwithin', `pushed ${shown(cameAtMs)}, ${ago}`];
    if (within(countedSinceMs)) {
      return ['keeppulledwithin', `pulls are counted since ${shown(countedSinceMs)} only, ${ago}`];
    }
  }
  if (nowMs - cameAtMs < graceMs) return ['grace', `pushed less than ${inWords(graceMs)} ago`];
  const { askedAtMs = Number.NEGATIVE_INFINITY } = facts;
  if (askedAtMs >= oldBeforeMs({ nowMs, graceMs })) {
    return [
      'grace',
      `somebody asked ${shown(askedAtMs)} whether it is there, about ${inWords(graceMs)} ago or less`,
    ];
  }
  return undefined;
}

function cameAt({ movedAtMs, pushedAtMs }: TagFacts): number {
  return Math.max(movedAtMs, pushedAtMs);
}

/** Says of each rule that there is why it does not keep the tag. */
function whyNot({ retention }: DecisionInput, facts: TagFacts, place: number | undefined): string {
  const { keepLast, keepYoungerThanMs, keepPulledWithinMs, keepMatching, keepLastMatching } = retention;
  const group = keepLastMatching.find(({ pattern }) => pattern.test(facts.tag));
  const reasons = [
    keepLast !== undefined && `not among the last ${keepLast}, but number ${place}`,
    group !== undefined && `not among the last ${group.count} that ${group.pattern.text} fits`,
    keepYoungerThanMs !== undefined &&
      `pushed ${shown(cameAt(facts))}, ${inWords(keepYoungerThanMs)} ago or longer`,
    keepPulledWithinMs !== undefined &&
      (facts.pulledAtMs === undefined
        ? 'never pulled'
        : `last pulled ${shown(facts.pulledAtMs)}, ${inWords(keepPulledWithinMs)} ago or longer`),
    keepMatching.length > 0 && `fitted by none of ${keepMatching.map(({ text }) => text).join(', ')}`,
    keepLastMatching.length > 0 && group === undefined && 'in no group of keeplastmatching',
  ];
  return reasons.filter((reason) => reason !== false).join('; ');
}

function shown(atMs: number): string {
  return new Date(atMs).toISOString();
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

function inWords(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  const count = ms / size;
  return unit === 'ms' ? `${count} ms` : `${count} ${unit}${count === 1 ? '' : 's'}`;
}
