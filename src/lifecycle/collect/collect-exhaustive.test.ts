import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW, type Plant, Stage } from '../../../test/support/collection-stage.ts';
import {
  manifestOf,
  newDigest,
  newRepository,
  putManifest,
  tag,
} from '../../../test/support/index-values.ts';
import { type Actor, BadOrder, playAll } from '../../../test/support/interleavings.ts';
import { RegistryError } from '../../errors.ts';
import type { GarbageRule } from '../../index/garbage.ts';
import type { ReceivedManifest } from '../../index/manifests.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Registry } from '../../registry/registry.ts';

/*
 * Pushes, mounts, deletions and undeletions in every order with the single steps of a collection: after each of them
 * everything that is listed pulls whole, and what a client was told holds. Mistakes that are planted are found.
 */

const LONG_AGO = 1;
const GRACE = {
  beforeMs: NOW - 500_000,
  keptSinceMs: undefined,
  untaggedManifests: true,
} satisfies GarbageRule;
const repository = newRepository();
const other = newRepository();
const layer = newDigest();
/** Steps of a collection that no actor here can come between to any effect. */
const UNSEEN = ['repositories', 'discarded', 'forget', 'scanBlobs'];

const options = { timeout: 180_000 };

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
afterEach(() => {
  stage.db.close();
});

async function commit(digest: Digest, atMs: number): Promise<void> {
  const [id, key] = [randomUUID(), randomUUID()];
  await stage.index.uploads.create({ id, repository, key, atMs });
  stage.keys.add(key);
  await stage.index.blobs.commit({ uploadId: id, repository, digest, key, sizeBytes: 1, atMs });
}

/** What docker does: asks for the layer, sends it where it is not there, then sends the manifest. */
function pusher(received: ReceivedManifest, plant?: Plant): Actor {
  return async (step) => {
    const { blobs } = stage.registry(step, plant);
    const isThere = await answer(blobs.promise(repository, layer));
    if (!isThere) await step(() => commit(layer, NOW));
    const { outcome } = await step(() => stage.index.manifests.put({ ...received, atMs: NOW }));
    // Whoever was told that the layer is there must not hear that it is missing.
    if (outcome !== 'stored') throw new Error(`the push was refused: ${outcome}`);
  };
}

async function answer(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}

/** @returns how many orders there were */
function play(actors: readonly Actor[], ends: () => Promise<void> = async () => undefined): Promise<number> {
  stage.keepScenery();
  return playAll(async () => {
    stage.begin();
    return {
      actors,
      holds: () => stage.assertWhole(),
      async ends() {
        await ends();
        await assertNothingIsLeft();
      },
    };
  });
}

/** A collection without grace leaves no byte that nothing names. */
async function assertNothingIsLeft(): Promise<void> {
  const rule = { beforeMs: Number.MAX_SAFE_INTEGER, keptSinceMs: undefined, untaggedManifests: true };
  await stage.collector(rule)((operation) => operation());
  await stage.assertWhole();
  const named = stage.db.prepare('SELECT key FROM blobs').all() as { key: string }[];
  expect([...stage.keys].toSorted()).toEqual(named.map(({ key }) => key).toSorted());
}

const deleteManifest =
  ({ digest }: ReceivedManifest, plant?: Plant): Actor =>
  async (step) => {
    const { manifests } = { ...stage.index, ...plant?.(stage) } as typeof stage.index;
    await step(() => manifests.remove(repository, digest, '', NOW));
  };

const isWhole = async (received: ReceivedManifest): Promise<void> => {
  expect(await stage.index.manifests.find(repository, received.digest)).toBeDefined();
  await stage.assertWhole();
};

describe('in every order with a collection', () => {
  const image = manifestOf(repository, { blobs: [layer], tags: ['new'], atMs: NOW });

  it('a push that leaves out a layer that nothing names succeeds', options, async () => {
    await commit(layer, LONG_AGO);
    const orders = await play([stage.collector(GRACE, undefined, UNSEEN), pusher(image)], () =>
      isWhole(image),
    );
    expect(orders).toBeGreaterThan(100);
  });

  it('a push that leaves out a layer of an image that is deleted meanwhile succeeds', options, async () => {
    await commit(layer, LONG_AGO);
    const old = await putManifest(stage.index, repository, { blobs: [layer], tags: ['old'], atMs: LONG_AGO });
    const collector = stage.collector(GRACE, undefined, UNSEEN);
    const orders = await play([collector, pusher(image), deleteManifest(old)], () => isWhole(image));
    expect(orders).toBeGreaterThan(100);
  });

  it('a push that leaves out a layer of an untagged image succeeds', options, async () => {
    await commit(layer, LONG_AGO);
    await putManifest(stage.index, repository, { blobs: [layer], atMs: LONG_AGO });
    await play([stage.collector(GRACE, undefined, UNSEEN), pusher(image)], () => isWhole(image));
  });

  it('a push that leaves out a layer of an image whose keep time is over succeeds', options, async () => {
    await commit(layer, LONG_AGO);
    const old = await putManifest(stage.index, repository, { blobs: [layer], atMs: LONG_AGO });
    await stage.index.manifests.remove(repository, old.digest, '', 2);
    const rule = { ...GRACE, keptSinceMs: 400 };
    await play([stage.collector(rule, undefined, UNSEEN), pusher(image)], () => isWhole(image));
  });

  it('an index over a manifest that somebody asked for is taken, though its tag goes', options, async () => {
    await commit(layer, LONG_AGO);
    const child = await putManifest(stage.index, repository, { blobs: [layer], atMs: LONG_AGO });
    const parent = { children: [child.digest], tags: ['parent'], atMs: LONG_AGO };
    const old = await putManifest(stage.index, repository, parent);
    const list = manifestOf(repository, { children: [child.digest], tags: ['list'], atMs: NOW });
    const lister: Actor = async (step) => {
      const { manifests } = stage.registry(step) as Pick<Registry, 'manifests'>;
      const isThere = await answer(manifests.promise(repository, { kind: 'digest', digest: child.digest }));
      const { outcome } = await step(() => stage.index.manifests.put(list));
      expect(outcome === 'stored').toBe(isThere);
    };
    const untag: Actor = async (step) => {
      await step(() => stage.index.tags.remove(repository, tag('parent'), '', NOW));
    };
    const collector = (): Actor => stage.collector(GRACE, undefined, UNSEEN);
    await play([collector(), lister, untag]);
    stage.db.exec('RELEASE scenery');
    await play([collector(), lister, deleteManifest(old)]);
  });

  it('a layer that is mounted stays where it was mounted', options, async () => {
    await commit(layer, LONG_AGO);
    const mounted = { ...image, repository: other };
    const mounter: Actor = async (step) => {
      const isThere = await step(() => stage.index.blobs.mount(other, layer, repository, NOW));
      if (!isThere) return;
      const { outcome } = await step(() => stage.index.manifests.put(mounted));
      expect(outcome).toBe('stored');
    };
    await play([stage.collector(GRACE, undefined, UNSEEN), mounter]);
  });

  it('what is brought back is whole, or can no longer be brought back', options, async () => {
    await commit(layer, LONG_AGO);
    const deleted = await putManifest(stage.index, repository, {
      blobs: [layer],
      tags: ['v'],
      atMs: LONG_AGO,
    });
    await stage.index.manifests.remove(repository, deleted.digest, '', 2);
    const outcomes = new Set<string>();
    const undelete: Actor = async (step) => {
      const restored = await step(() =>
        stage.index.trash.restore({
          ...{ repository, wanted: { digest: deleted.digest }, keptSinceMs: 0, actor: '', atMs: NOW },
          ...{ moveTags: false, withTags: true },
        }),
      );
      outcomes.add(restored.outcome);
      if (restored.outcome === 'restored') expect(restored.missing).toEqual([]);
    };
    const collector = stage.collector(GRACE, undefined, [...UNSEEN, 'scanManifests', 'remove']);
    await play([collector, undelete, pusher(image)], () => isWhole(image));
    expect(outcomes).toEqual(new Set(['restored', 'unknown']));
  });

  it('push, delete and push again, with two collections at once', options, async () => {
    await commit(layer, LONG_AGO);
    const old = await putManifest(stage.index, repository, { blobs: [layer], tags: ['old'], atMs: LONG_AGO });
    const atOnce = [...UNSEEN, 'scanManifests', 'scanLinks', 'purge', 'remove'];
    const collector = (): Actor => stage.collector({ ...GRACE, beforeMs: NOW + 1_000 }, undefined, atOnce);
    const again: Actor = async (step) => {
      await step(() => stage.index.manifests.remove(repository, old.digest, '', NOW));
      await step(() => commit(layer, NOW + 2_000));
      const { outcome } = await step(() => stage.index.manifests.put({ ...image, atMs: NOW + 2_000 }));
      expect(outcome).toBe('stored');
    };
    await play([collector(), collector(), again], () => isWhole(image));
  });
});

describe('a mistake that is planted is found', () => {
  const image = manifestOf(repository, { blobs: [layer], tags: ['new'], atMs: NOW });

  it('rows are removed without looking again', options, async () => {
    await commit(layer, LONG_AGO);
    const plant: Plant = ({ db }) => ({
      garbage: {
        async removeLinks(_rule, blobs) {
          for (const { digest } of blobs) db.prepare('DELETE FROM blob_links WHERE digest = ?').run(digest);
          return [...blobs];
        },
      },
    });
    await expect(play([stage.collector(GRACE, plant, UNSEEN), pusher(image)])).rejects.toThrow(BadOrder);
  });

  it('bytes are removed before their rows', options, async () => {
    await commit(layer, LONG_AGO);
    const plant: Plant = ({ db, keys, index }) => ({
      garbage: {
        async removeLinks(rule, blobs, note) {
          for (const { digest } of blobs) {
            const row = db.prepare('SELECT key FROM blobs WHERE digest = ?').get(digest) as { key: string };
            keys.delete(row.key);
          }
          return index.garbage.removeLinks(rule, blobs, note);
        },
      },
    });
    await expect(play([stage.collector(GRACE, plant, UNSEEN), pusher(image)])).rejects.toThrow(
      /bytes of .* are gone/,
    );
  });

  it('bytes are removed under the key that the digest has by then', options, async () => {
    await commit(layer, LONG_AGO);
    const plant: Plant = ({ db, keys, index }) => ({
      blobs: {
        async forget(given) {
          // As if a blob's key were made of its digest, and the same for each push.
          const row = db.prepare('SELECT key FROM blobs WHERE digest = ?').get(layer) as { key: string };
          if (row !== undefined) keys.delete(row.key);
          return index.blobs.forget(given);
        },
      },
    });
    await expect(play([stage.collector(GRACE, plant), pusher(image)])).rejects.toThrow(
      /bytes of .* are gone/,
    );
  });

  it('whoever asks for a layer does not make it young', options, async () => {
    await commit(layer, LONG_AGO);
    const plant: Plant = () => ({ holds: { isBlobHeld: async () => true } });
    await expect(play([stage.collector(GRACE, undefined, UNSEEN), pusher(image, plant)])).rejects.toThrow(
      /refused: missing/,
    );
  });

  it('a deletion does not make young what it kept', options, async () => {
    await commit(layer, LONG_AGO);
    const old = await putManifest(stage.index, repository, { blobs: [layer], tags: ['old'], atMs: LONG_AGO });
    const plant: Plant = ({ db, index }) => ({
      manifests: {
        async remove(...args) {
          const removed = await index.manifests.remove(...args);
          db.exec('UPDATE blob_links SET linked_at = 1');
          return removed;
        },
      },
    });
    const collector = stage.collector(GRACE, undefined, UNSEEN);
    const actors = [deleteManifest(old, plant), collector, pusher(image)];
    await expect(play(actors)).rejects.toThrow(/refused: missing/);
  });

  it('what is kept as deleted does not hold its layers', options, async () => {
    await commit(layer, LONG_AGO);
    const deleted = await putManifest(stage.index, repository, { blobs: [layer], atMs: LONG_AGO });
    await stage.index.manifests.remove(repository, deleted.digest, '', 2);
    const plant: Plant = ({ db, index }) => ({
      garbage: {
        scanLinks: async () => ({ garbage: [layer], kept: 0, next: undefined }),
        async removeLinks(rule, blobs, note) {
          db.exec('DELETE FROM deleted_references');
          return index.garbage.removeLinks(rule, blobs, note);
        },
      },
    });
    const rule = { ...GRACE, keptSinceMs: 1 };
    const undelete: Actor = async (step) => {
      await step(() =>
        stage.index.trash.restore({
          ...{ repository, wanted: { digest: deleted.digest }, keptSinceMs: 1, actor: '', atMs: NOW },
          ...{ moveTags: false, withTags: true },
        }),
      );
    };
    await expect(play([stage.collector(rule, plant), undelete])).rejects.toThrow(/lacks the blob/);
  });
});
