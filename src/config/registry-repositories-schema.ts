import {
  CONCERNS,
  type Concern,
  findUnreachable,
  type Quota,
  type RepositoryRule,
} from '../policy/repository-rules.ts';
import type { Decoding } from './decoding.ts';
import { repositoryPatterns, tagPatterns } from './name-patterns.ts';
import type { ConfigNode } from './node.ts';
import { retention } from './registry-retention-schema.ts';
import { optional, required, type Type, withDefault } from './schema.ts';
import { countLimit, sizeLimit } from './size.ts';
import { oneOf } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';

/** What each concern is called in the configuration. */
const KEYS: Readonly<Record<Concern, string>> = {
  immutableTags: 'immutabletags',
  quota: 'quota',
  retention: 'retention',
};

const quota: Type<Quota> = refine(
  section({
    maxbytes: optional(
      sizeLimit,
      'Bytes that a repository may hold: `50GB`, `10GiB`, a number of bytes, or `unlimited`.',
    ),
    maxtags: optional(countLimit, 'Tags that a repository may have: a number, or `unlimited`.'),
    scope: withDefault(
      oneOf(['each', 'together']),
      'Whether each repository may hold so much, or all that the entry decides for together.',
      'each',
    ),
  }),
  ({ maxbytes, maxtags, scope }, at): Quota | undefined => {
    if (maxbytes === undefined && maxtags === undefined) {
      at.report(`${at.name} limits nothing: write maxbytes, maxtags or both`);
      return undefined;
    }
    return { maxBytes: finite(maxbytes), maxTags: finite(maxtags), isShared: scope === 'together' };
  },
);

function finite(limit: number | undefined): number | undefined {
  return limit === Number.POSITIVE_INFINITY ? undefined : limit;
}

const rule: Type<RepositoryRule> = refine(
  section({
    match: required(
      repositoryPatterns,
      'Repositories that the entry is for: `ci/*` (one level), `ci/**` (every level), `**` (all), `/regex/`.',
    ),
    immutabletags: optional(
      tagPatterns,
      'Tags that can be neither moved nor removed once they are set: `v*`, `/^v[0-9]+$/`; `[]` for none.',
    ),
    quota: optional(quota, 'What repositories may hold.'),
    retention: optional(retention, 'Which tags stay; all others are removed, in the background.'),
  }),
  ({ match, immutabletags, quota, retention }, at): RepositoryRule | undefined => {
    const value = { match, immutableTags: immutabletags, quota, retention };
    if (match.length === 0)
      at.report(`${at.name} is for no repository: write a pattern behind match, "**" for all`);
    if (CONCERNS.some((concern) => value[concern] !== undefined)) return value;
    at.report(
      `${at.name} says nothing of its repositories: write ${Object.values(KEYS)
        .join(', ')
        .replace(/, (?=\w+$)/, ' or ')}, or leave it out`,
    );
    return undefined;
  },
);

/** `repositories`: what holds for which repositories. The first entry decides that has something to say. */
export const repositories: Type<readonly RepositoryRule[]> = refine(list(rule), (rules, at, node) => {
  for (const { ruleIndex, concern, hiddenBy } of findUnreachable(rules)) {
    reportUnreachable(at, node, { ruleIndex, hiddenBy, key: KEYS[concern] });
  }
  return rules;
});

function reportUnreachable(
  at: Decoding,
  node: ConfigNode,
  { ruleIndex, hiddenBy, key }: { ruleIndex: number; hiddenBy: number; key: string },
): void {
  const item = (node.kind === 'list' && node.items[ruleIndex]) || node;
  const inside = at.at(ruleIndex, item.place);
  const keyed = inside.at(key, placeOfKey(item, key, inside));
  const earlier = node.kind === 'list' ? node.items[hiddenBy]?.place : undefined;
  const where = earlier?.kind === 'file' ? ` (line ${earlier.line})` : '';
  keyed.report(
    `${keyed.name} never decides: "repositories[${hiddenBy}]"${where} comes first and is for the same repositories; move this entry before it`,
  );
}
