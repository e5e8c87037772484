import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TagFacts } from '../../index/retention.ts';
import { digestOf } from '../../oci/digest.ts';
import { parseTag } from '../../oci/reference.ts';
import { compileNamePattern } from '../../pattern/name-pattern.ts';
import type { Retention } from '../../policy/retention.ts';
import { type DecisionInput, decide } from './decide.ts';

const DAY = 86_400_000;
const NOW = 1_000 * DAY;

const NOTHING: Retention = {
  keepAll: false,
  keepLast: undefined,
  keepLastMatching: [],
  keepYoungerThanMs: undefined,
  keepPulledWithinMs: undefined,
  keepMatching: [],
  removeImmutable: false,
};

/** A tag that is so many days old. */
function tagOf(name: string, ageDays: number, more: Partial<TagFacts> = {}): TagFacts {
  const atMs = NOW - ageDays * DAY;
  return {
    tag: parseTag(name),
    digest: digestOf(Buffer.from(name)),
    movedAtMs: atMs,
    pushedAtMs: atMs,
    pulledAtMs: undefined,
    askedAtMs: undefined,
    attachedTo: undefined,
    ...more,
  };
}

function decideOn(
  tags: readonly TagFacts[],
  retention: Partial<Retention>,
  more: Partial<DecisionInput> = {},
) {
  return decide({
    ...{ tags, retention: { ...NOTHING, ...retention }, immutable: [] },
    ...{ nowMs: NOW, countedSinceMs: 0, graceMs: 3_600_000 },
    ...more,
  });
}

/** In short: `v1 keeplast`, `v0 none`. */
function fates(...args: Parameters<typeof decideOn>): string[] {
  return decideOn(...args).tags.map(({ facts, rule }) => `${facts.tag} ${rule}`);
}

const patterns = (...texts: string[]) => texts.map(compileNamePattern);

describe('rules of retention', () => {
  it('keep the last n by their last move, and by name where that is the same', () => {
    const tags = [tagOf('a', 3), tagOf('b', 1), tagOf('c', 2), tagOf('d', 3)];
    expect(fates(tags, { keepLast: 3 })).toEqual(['a none', 'b keeplast', 'c keeplast', 'd keeplast']);
    expect(fates(tags, { keepLast: 9 }).every((fate) => fate.endsWith('keeplast'))).toBe(true);
  });

  it('keep the last n of each group', () => {
    const tags = [tagOf('nightly-1', 9), tagOf('nightly-2', 8), tagOf('pr-1', 7), tagOf('v1', 6)];
    const [nightly, pr] = patterns('nightly-*', 'pr-*');
    if (nightly === undefined || pr === undefined) throw new Error('two patterns');
    const keepLastMatching = [
      { pattern: nightly, count: 1 },
      { pattern: pr, count: 5 },
    ];
    const expected = ['nightly-1 none', 'nightly-2 keeplastmatching', 'pr-1 keeplastmatching', 'v1 none'];
    expect(fates(tags, { keepLastMatching })).toEqual(expected);
  });

  it('keep what moved, or whose manifest was pushed, lately', () => {
    const tags = [tagOf('a', 30), tagOf('b', 29.9), tagOf('c', 90, { pushedAtMs: NOW - DAY })];
    expect(fates(tags, { keepYoungerThanMs: 30 * DAY })).toEqual([
      'a none',
      'b keepyoungerthan',
      'c keepyoungerthan',
    ]);
  });

  it('keep what was pulled lately; a push counts as well, and so does that nobody knows', () => {
    const within = { keepPulledWithinMs: 14 * DAY };
    const pulled = (daysAgo: number) => ({ pulledAtMs: NOW - daysAgo * DAY });
    const tags = [tagOf('a', 90, pulled(13)), tagOf('b', 90, pulled(14)), tagOf('c', 90), tagOf('d', 13)];
    const keep = 'keeppulledwithin';
    expect(fates(tags, within)).toEqual([`a ${keep}`, 'b none', 'c none', `d ${keep}`]);
    // Counting began a day ago: that nothing is known of a pull means nothing yet.
    const unknown = { countedSinceMs: NOW - DAY };
    expect(fates(tags, within, unknown)).toEqual([`a ${keep}`, `b ${keep}`, `c ${keep}`, `d ${keep}`]);
  });

  it('keep what a pattern fits, immutable tags unless told otherwise, and all with keepall', () => {
    const tags = [tagOf('latest', 90), tagOf('v1', 90), tagOf('x', 90)];
    const keepMatching = patterns('latest');
    const immutable = patterns('v*');
    const kept = ['latest keepmatching', 'v1 immutabletags', 'x none'];
    expect(fates(tags, { keepMatching }, { immutable })).toEqual(kept);
    const without = ['latest keepmatching', 'v1 none', 'x none'];
    expect(fates(tags, { keepMatching, removeImmutable: true }, { immutable })).toEqual(without);
    expect(fates(tags, { keepAll: true }, { immutable })).toEqual(tags.map(({ tag }) => `${tag} keepall`));
  });

  it('keep what came just now, whatever they say', () => {
    expect(fates([tagOf('a', 0.01)], { keepMatching: patterns('v*') })).toEqual(['a grace']);
  });

  it('let what belongs to a manifest by its name go with it, and take nobody else’s place', () => {
    const image = tagOf('v1', 5);
    const signature = tagOf(`sha256-${'a'.repeat(64)}.sig`, 1, { attachedTo: image.digest });
    const expected = ['v1 keeplast', `${signature.tag} attached`];
    expect(fates([image, signature], { keepLast: 1 })).toEqual(expected);
  });

  it('say why, for every rule that there is', () => {
    const retention = {
      ...{ keepLast: 1, keepYoungerThanMs: 36 * 3_600_000, keepPulledWithinMs: 14 * DAY },
      keepMatching: patterns('v*', 'latest'),
    };
    const { tags } = decideOn([tagOf('b', 2), tagOf('a', 20)], retention);
    expect(tags.map(({ reason }) => reason)).toEqual([
      'among the last 1',
      'not among the last 1, but number 2; pushed 1972-09-07T00:00:00.000Z, 36 hours ago or longer; never pulled; fitted by none of v*, latest',
    ]);
  });
});

describe('rules of retention, whatever the tags', () => {
  const times = fc.integer({ min: NOW - 50 * DAY, max: NOW + DAY });
  const facts = fc
    .uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-c][a-c0-2]{0,2}$/),
        movedAtMs: times,
        pushedAtMs: times,
        pulledAtMs: fc.option(times, { nil: undefined }),
      }),
      { selector: ({ name }) => name, maxLength: 12 },
    )
    .map((all) => all.map(({ name, ...more }) => tagOf(name, 0, more)));
  const days = fc.option(
    fc.integer({ min: 1, max: 60 }).map((count) => count * DAY),
    { nil: undefined },
  );
  const pattern = fc.constantFrom('a*', 'b*', '*', 'c?', '[ab]*').map(compileNamePattern);
  const rules = fc.record({
    keepLast: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    keepLastMatching: fc.array(fc.record({ pattern, count: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 2,
    }),
    keepYoungerThanMs: days,
    keepPulledWithinMs: days,
    keepMatching: fc.array(pattern, { maxLength: 2 }),
  });
  const leaving = (...args: Parameters<typeof decideOn>): string[] =>
    decideOn(...args).tags.flatMap(({ facts: { tag }, isKept }) => (isKept ? [] : [tag]));

  it('decide on each tag once, and say why', () => {
    fc.assert(
      fc.property(facts, rules, (tags, retention) => {
        const decision = decideOn(tags, retention);
        expect(decision.tags.map((one) => one.facts)).toEqual(tags);
        for (const { isKept, rule, reason } of decision.tags) {
          expect(isKept).toBe(rule !== 'none');
          if (
            rule !== 'none' ||
            Object.values(retention)
              .flat()
              .some((one) => one !== undefined)
          ) {
            expect(reason).not.toBe('');
          }
        }
      }),
    );
  });

  it('remove no more where one rule more keeps', () => {
    fc.assert(
      fc.property(facts, rules, fc.integer({ min: 1, max: 6 }), (tags, retention, keepLast) => {
        const before = leaving(tags, { ...retention, keepLast: undefined });
        const after = leaving(tags, { ...retention, keepLast });
        expect(before).toEqual(expect.arrayContaining(after));
      }),
    );
  });

  it('never remove so many that fewer than the last n are left', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 1, max: 6 }), (tags, keepLast) => {
        const left = tags.length - leaving(tags, { keepLast }, { nowMs: NOW + DAY, graceMs: 0 }).length;
        expect(left).toBe(Math.min(keepLast, tags.length));
      }),
    );
  });

  it('do not depend on the order of the tags', () => {
    fc.assert(
      fc.property(facts, rules, (tags, retention) => {
        expect(leaving(tags.toReversed(), retention).toReversed()).toEqual(leaving(tags, retention));
      }),
    );
  });

  it('remove the same again as long as what they assumed is there', () => {
    fc.assert(
      fc.property(facts, rules, (tags, retention) => {
        const decision = decideOn(tags, retention);
        const gone = new Set(leaving(tags, retention));
        const assumed = new Set<string>(decision.assuming.map(({ tag }) => tag));
        // Everything goes that nothing was assumed of: those that were to go still do.
        const rest = tags.filter(({ tag }) => gone.has(tag) || assumed.has(tag));
        expect(new Set(leaving(rest, retention))).toEqual(gone);
      }),
    );
  });

  it('keep what they kept while it gets older, until its time is over', () => {
    fc.assert(
      fc.property(facts, rules, fc.integer({ min: 0, max: 90 }), (tags, retention, daysLater) => {
        const later = leaving(tags, retention, { nowMs: NOW + daysLater * DAY });
        expect(later).toEqual(expect.arrayContaining(leaving(tags, retention)));
      }),
    );
  });
});
