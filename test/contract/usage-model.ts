import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { GarbageRule, RemovalNote } from '../../src/index/garbage.ts';
import type { Index } from '../../src/index/index.ts';
import type { ReceivedManifest } from '../../src/index/manifests.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/reference.ts';
import { manifestOf, newDigest, newRepository, putBlob, tag } from '../support/index-values.ts';

/** Everything is old enough to be garbage. */
const RULE: GarbageRule = { beforeMs: 1_000_000, keptSinceMs: undefined, untaggedManifests: true };
const NOTE: RemovalNote = { atMs: 1, cause: { kind: 'collection', actor: '', rule: '' } };

interface World {
  readonly index: Index;
  readonly repositories: readonly RepositoryName[];
  readonly blobs: readonly Digest[];
  readonly allowances: readonly string[];
  /** What was pushed, to be pushed or removed again. */
  readonly manifests: ReceivedManifest[];
}

const small = fc.nat(5);
const TAGS = ['a', 'b', 'c'];

function at<T>(list: readonly T[], number: number): T {
  const found = list[number % list.length];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

type Step = (world: World) => Promise<unknown>;

/** Changes of every kind, with or without limits, which may refuse them. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(small, small, fc.constantFrom(10, 10, 10, 25)).map(
    ([r, b, size]): Step =>
      ({ index, repositories, blobs }) =>
        putBlob(index, at(repositories, r), at(blobs, b), size),
  ),
  fc.tuple(small, small, small, fc.option(fc.nat(60)), fc.option(small)).map(
    ([r, b, f, max, a]): Step =>
      ({ index, repositories, blobs, allowances }) =>
        index.blobs.mount(at(repositories, r), at(blobs, b), at(repositories, f), 1, {
          maxBytes: max ?? undefined,
          maxTags: undefined,
          allowance: a === null ? undefined : at(allowances, a),
        }),
  ),
  fc.tuple(small, fc.option(small)).map(
    ([r, a]): Step =>
      ({ index, repositories, allowances }) =>
        index.usage.assign(at(repositories, r), a === null ? undefined : at(allowances, a)),
  ),
  fc.tuple(small, small).map(
    ([r, b]): Step =>
      ({ index, repositories, blobs }) =>
        index.blobs.unlink(at(repositories, r), at(blobs, b)),
  ),
  fc.tuple(small, fc.array(small, { maxLength: 2 }), fc.subarray(TAGS), fc.option(fc.nat(3))).map(
    ([r, parts, tags, max]): Step =>
      async ({ index, repositories, blobs, manifests }) => {
        const repository = at(repositories, r);
        const manifest = manifestOf(repository, { blobs: parts.map((part) => at(blobs, part)), tags });
        manifests.push(manifest);
        await index.manifests.put({
          ...manifest,
          limits: { maxBytes: undefined, maxTags: max ?? undefined },
        });
      },
  ),
  fc.tuple(small, small).map(
    ([m, r]): Step =>
      async ({ index, manifests, repositories }) => {
        if (manifests.length === 0) return;
        await index.manifests.put({ ...at(manifests, m), repository: at(repositories, r) });
      },
  ),
  small.map(
    (m): Step =>
      async ({ index, manifests }) => {
        if (manifests.length === 0) return;
        const { repository, digest } = at(manifests, m);
        await index.manifests.remove(repository, digest, '', 1);
      },
  ),
  fc.tuple(small, small).map(
    ([r, t]): Step =>
      ({ index, repositories }) =>
        index.tags.remove(at(repositories, r), tag(at(TAGS, t)), '', 1),
  ),
  small.map(
    (r): Step =>
      async ({ index, repositories, blobs, manifests }) => {
        const repository = at(repositories, r);
        const here = (digest: Digest) => ({ repository, digest });
        await index.garbage.removeManifests(
          RULE,
          manifests.map(({ digest }) => here(digest)),
          NOTE,
        );
        await index.garbage.removeLinks(RULE, blobs.map(here), NOTE);
        await index.garbage.removeBlobs(blobs, NOTE);
      },
  ),
);

/** Declares the test. The index is closed by whoever opened it. */
export function usageModelProperty(open: () => Promise<{ readonly index: Index }>): void {
  it('says of every repository what a new count says, after any changes', async () => {
    const { index } = await open();
    let largest = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }), async (steps) => {
        const world: World = {
          index,
          repositories: [newRepository(), newRepository(), newRepository()],
          blobs: [newDigest(), newDigest(), newDigest(), newDigest()],
          allowances: [randomUUID(), randomUUID()],
          manifests: [],
        };
        for (const change of steps) await change(world);
        for (const repository of world.repositories) {
          const counted = await index.usage.of(repository);
          const { before, now } = await index.usage.recount(repository);
          // No change has named some of them.
          if (counted !== undefined) expect(counted).toEqual(now);
          expect(before).toEqual(now);
        }
        for (const allowance of world.allowances) {
          const counted = await index.usage.ofAllowance(allowance);
          const recount = await index.usage.recountAllowance(allowance);
          expect(counted).toEqual(recount?.now);
          expect(recount?.before).toEqual(recount?.now);
          largest = Math.max(largest, recount?.now.bytes ?? 0);
        }
      }),
      { numRuns: 80 },
    );
    expect(largest).toBeGreaterThan(0);
  });
}
