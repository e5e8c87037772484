import type { NamePattern } from '../pattern/name-pattern.ts';
import type { Retention } from '../policy/retention.ts';
import type { Decoding } from './decoding.ts';
import { tagPatternOf, tagPatterns } from './name-patterns.ts';
import { type ConfigNode, isNull } from './node.ts';
import { optional, type Type, withDefault } from './schema.ts';
import { bool, duration, int } from './types-scalar.ts';
import { map, placeOfKey, refine, section } from './types-section.ts';

const RULES = [
  'keeplast',
  'keeplastmatching',
  'keepyoungerthan',
  'keeppulledwithin',
  'keepmatching',
] as const;

const count = int({ min: 1, unit: 'tags' });
const keptFor: Type<number> = refine(duration, (ms, at) => {
  if (ms > 0) return ms;
  at.report(`${at.name} keeps nothing: write a time such as 720h, or leave it out`);
  return undefined;
});

const keys = section(
  {
    keepall: withDefault(bool, 'Never remove a tag, also where a later entry would.', false),
    keeplast: optional(count, 'Keep so many tags, those that moved last.'),
    keeplastmatching: optional(
      map(count),
      'Keep so many of the tags that a pattern fits, for each pattern: `{"nightly-*": 7, "pr-*": 20}`.',
    ),
    keepyoungerthan: optional(keptFor, 'Keep tags that moved or were pushed within this time.'),
    keeppulledwithin: optional(
      keptFor,
      'Keep tags that were pulled within this time, under their own name or by a digest that they lead to.',
    ),
    keepmatching: withDefault(tagPatterns, 'Keep tags that a pattern fits.', [], ''),
    removeimmutabletags: withDefault(bool, 'Immutable tags are not kept for that alone.', false),
  },
  { refuseNull: (key) => `"${key}" has no value; write one, or leave it out` },
);

/** `retention` of an entry: a tag that none of its rules keeps is removed. */
export const retention: Type<Retention> = refine(keys, (value, at, node): Retention | undefined => {
  const written = RULES.filter((key) => has(node, key));
  const [first] = written;
  if (value.keepall && first !== undefined) {
    at.report(
      `${at.name} keeps all, so that "${first}" means nothing; remove one of the two`,
      placeOfKey(node, first, at),
    );
    return undefined;
  }
  const groups = groupsOf(value.keeplastmatching ?? new Map(), at, node);
  const isNothing =
    !value.keepall &&
    value.keeplast === undefined &&
    value.keepyoungerthan === undefined &&
    value.keeppulledwithin === undefined &&
    value.keepmatching.length === 0 &&
    (value.keeplastmatching?.size ?? 0) === 0;
  if (isNothing) {
    at.report(
      `${at.name} keeps no tag at all: write ${RULES.join(', ')} or keepall: true, or leave "retention" out`,
    );
    return undefined;
  }
  return {
    keepAll: value.keepall,
    keepLast: value.keeplast,
    keepLastMatching: groups,
    keepYoungerThanMs: value.keepyoungerthan,
    keepPulledWithinMs: value.keeppulledwithin,
    keepMatching: value.keepmatching,
    removeImmutable: value.removeimmutabletags,
  };
});

function has(node: ConfigNode, key: string): boolean {
  const entry = node.kind === 'map' ? node.entries.get(key) : undefined;
  return entry !== undefined && !isNull(entry.value);
}

function groupsOf(
  counts: ReadonlyMap<string, number>,
  at: Decoding,
  node: ConfigNode,
): { pattern: NamePattern; count: number }[] {
  const inside = at.at('keeplastmatching', placeOfKey(node, 'keeplastmatching', at));
  const map = node.kind === 'map' ? node.entries.get('keeplastmatching')?.value : undefined;
  return [...counts].flatMap(([key, count]) => {
    const pattern = tagPatternOf(key, inside.at(key, map ? placeOfKey(map, key, inside) : inside.place));
    return pattern === undefined ? [] : [{ pattern, count }];
  });
}
