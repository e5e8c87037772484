import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { newDigest, newRepository, putBlob, putManifest } from '../../../test/support/index-values.ts';
import type { ContentStore } from '../../content/content-store.ts';
import type { Index } from '../../index/index.ts';
import { openSqliteIndex } from '../../index/sqlite/open.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import { referrersTag } from '../../oci/referrers-tag.ts';
import { compileNamePattern } from '../../pattern/name-pattern.ts';
import type { RepositoryRule } from '../../policy/repository-rules.ts';
import { collectGarbage } from '../collect/collect-garbage.ts';
import { FULL_SPEED } from '../collect/pace.ts';
import { forecastRetention } from './forecast.ts';
import { retain } from './retain.ts';

/* What a dry run says, beside what happens: on repositories of every shape that refer to one another's blobs. */

const NOW = 1_000_000;
const PAGE = { after: undefined, limit: 1_000 };
const CONTENT = { remove: async () => undefined } as unknown as ContentStore;
const clock = { now: () => NOW };

const picks = fc.uniqueArray(fc.nat(5), { maxLength: 3 });
const push = fc.record({
  /** 0 and 1 have rules, 2 has none. */
  repository: fc.nat(2),
  blobs: picks,
  /** Earlier manifests; without any it is no index. */
  children: fc.oneof({ weight: 2, arbitrary: fc.constant<number[]>([]) }, { weight: 1, arbitrary: picks }),
  subject: fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
  tags: fc.subarray(['a', 'b', 'c', 'v1', 'v2'], { maxLength: 2 }),
  /** Gives it a tag that belongs to an earlier manifest by its name. */
  attached: fc.option(fc.record({ to: fc.nat(5), ending: fc.constantFrom('', '.sig') }), {
    nil: undefined,
    freq: 4,
  }),
});
const rule = fc.record({
  keepLast: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
  keepMatching: fc.constantFrom(['v*'], ['a'], ['v1', 'b']).map((texts) => texts.map(compileNamePattern)),
});

type Push = typeof push extends fc.Arbitrary<infer T> ? T : never;

describe('a dry run', () => {
  let folder: string;
  let index: Index;
  beforeAll(async () => {
    folder = await newFolder();
    index = await openSqliteIndex(join(folder, 'berth.db'));
  });
  afterAll(async () => {
    await index.close();
    await removeFolder(folder);
  });

  /** Carries out the pushes. @returns the manifests of each repository */
  const fill = async (names: readonly RepositoryName[], pushes: readonly Push[]): Promise<void> => {
    const blobs = Array.from({ length: 6 }, () => newDigest());
    const pushed = names.map((): Digest[] => []);
    for (const [atMs, one] of pushes.entries()) {
      const name = names[one.repository] as RepositoryName;
      const earlier = pushed[one.repository] as Digest[];
      const at = (place: number): Digest | undefined => earlier[place % Math.max(1, earlier.length)];
      const children = [...new Set(one.children.flatMap((place) => at(place) ?? []))];
      const own = one.blobs.map((place) => blobs[place] as Digest);
      // Sizes are powers of two: a sum tells which blobs it is made of.
      for (const digest of own) await putBlob(index, name, digest, 2 ** blobs.indexOf(digest), 1);
      const subject = one.subject === undefined ? undefined : at(one.subject);
      const to = one.attached && at(one.attached.to);
      const { digest } = await putManifest(index, name, {
        ...(children.length > 0 ? { children } : { blobs: own }),
        ...(subject && { subject }),
        tags: [...one.tags, ...(to ? [`${referrersTag(to)}${one.attached?.ending}`] : [])],
        atMs: atMs + 2,
      });
      earlier.push(digest);
    }
  };

  const collect = async (): Promise<number> => {
    const { freedBytes } = await collectGarbage(
      { index, content: CONTENT },
      {
        rule: { beforeMs: Number.MAX_SAFE_INTEGER, keptSinceMs: undefined, untaggedManifests: false },
        cause: { kind: 'collection', actor: '', rule: 'a test' },
        ...{ clock, dryRun: false, removesOriginals: true, pace: FULL_SPEED },
      },
    );
    return freedBytes;
  };

  const assertWhole = async (name: RepositoryName, digest: Digest): Promise<void> => {
    expect(await index.manifests.find(name, digest)).toBeDefined();
    const document = JSON.parse(Buffer.from((await index.manifests.read(digest)) ?? []).toString()) as Record<
      'blobs' | 'manifests',
      { digest: Digest }[] | undefined
    >;
    for (const blob of document.blobs ?? []) expect(await index.blobs.find(name, blob.digest)).toBeDefined();
    for (const child of document.manifests ?? []) await assertWhole(name, child.digest);
  };

  it('promises what retention and a collection then do, to the byte', { timeout: 120_000 }, async () => {
    const seen = { freed: 0, manifests: 0, attached: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(push, { minLength: 1, maxLength: 14 }), rule, async (pushes, kept) => {
        const names = [newRepository(), newRepository(), newRepository()];
        await fill(names, pushes);
        await collect();
        const rules: RepositoryRule[] = names.slice(0, 2).map((name) => ({
          ...{ match: [compileNamePattern(name)], immutableTags: undefined, quota: undefined },
          retention: {
            ...{ keepAll: false, keepLastMatching: [], removeImmutable: false, ...kept },
            ...{ keepYoungerThanMs: undefined, keepPulledWithinMs: undefined },
          },
        }));
        const forecast = await forecastRetention(index, rules, { nowMs: NOW, graceMs: 0 });
        const retained = await retain({ index, clock }, { rules, graceMs: 0, pace: FULL_SPEED });
        expect(retained).toMatchObject({ tags: forecast.removedTags, manifests: forecast.removedManifests });
        for (const { repository, tags } of forecast.repositories) {
          const left = await index.retention.tags(repository, PAGE);
          expect(left.map(({ tag }) => tag)).toEqual(
            tags.filter(({ isKept }) => isKept).map(({ facts }) => facts.tag),
          );
          expect(tags.filter(({ isKept, freedBytes }) => isKept && freedBytes > 0)).toEqual([]);
          seen.attached += tags.filter(({ isKept, rule: by }) => !isKept && by === 'attached').length;
        }
        const shares = forecast.repositories.flatMap(({ tags }) => tags.map(({ freedBytes }) => freedBytes));
        expect(shares.reduce((sum, bytes) => sum + bytes, 0)).toBe(forecast.freedBytes);
        expect(await collect()).toBe(forecast.freedBytes);
        for (const name of names) {
          for (const { digest } of await index.retention.tags(name, PAGE)) await assertWhole(name, digest);
        }
        // Nothing is left to do.
        expect(await retain({ index, clock }, { rules, graceMs: 0, pace: FULL_SPEED })).toMatchObject({
          ...{ tags: 0, manifests: 0 },
        });
        seen.freed += forecast.freedBytes;
        seen.manifests += forecast.removedManifests;
      }),
      { numRuns: 60 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });
});
