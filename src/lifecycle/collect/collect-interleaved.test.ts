import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import {
  beginUpload,
  manifestOf,
  newDigest,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../../../test/support/index-values.ts';
import { SteppedCollection } from '../../../test/support/stepped-collection.ts';
import type { ContentStore } from '../../content/content-store.ts';
import type { Index } from '../../index/index.ts';
import type { ReceivedManifest } from '../../index/manifests.ts';
import { openSqliteIndex } from '../../index/sqlite/open.ts';
import type { Digest } from '../../oci/digest.ts';

/** What clients do at one instant of a collection, tried at each instant that there is. */

const LONG_AGO = 1;
const NOW = 1_000;
const RULE = { beforeMs: 500, keptSinceMs: undefined, untaggedManifests: true };
const CONTENT = { remove: async () => undefined } as unknown as ContentStore;

// Always the same: each repository makes a collection longer by some steps.
const [repository, other] = [newRepository(), newRepository()];

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

/** What stands in the repository when the collection begins: old, and in part garbage. */
interface Scene {
  readonly unnamed: Digest;
  readonly layer: Digest;
  readonly image: ReceivedManifest;
  readonly listing: ReceivedManifest;
  readonly signature: ReceivedManifest;
}

async function scene(): Promise<Scene> {
  const [unnamed, layer] = [newDigest(), newDigest()];
  for (const digest of [unnamed, layer]) await putBlob(index, repository, digest, 10, LONG_AGO);
  const image = await putManifest(index, repository, { blobs: [layer], atMs: LONG_AGO });
  const listing = await putManifest(index, repository, { children: [image.digest], atMs: LONG_AGO });
  const signature = await putManifest(index, repository, {
    blobs: [],
    subject: image.digest,
    atMs: LONG_AGO,
  });
  return { unnamed, layer, image, listing, signature };
}

async function isWhole(digest: Digest): Promise<boolean> {
  const bytes = await index.manifests.read(digest);
  if (bytes === undefined || (await index.manifests.find(repository, digest)) === undefined) return false;
  const { blobs = [], manifests = [] } = JSON.parse(Buffer.from(bytes).toString()) as Record<
    'blobs' | 'manifests',
    { digest: Digest }[] | undefined
  >;
  for (const blob of blobs) if ((await index.blobs.find(repository, blob.digest)) === undefined) return false;
  for (const child of manifests) if (!(await isWhole(child.digest))) return false;
  return true;
}

/** Does something after so many steps of a collection. @returns whether the collection was still going on */
async function afterSteps(steps: number, act: () => Promise<void>): Promise<boolean> {
  const collection = new SteppedCollection({ index, content: CONTENT }, RULE, 1);
  for (let step = 0; step < steps && !collection.isOver; step += 1) await collection.step();
  const wasGoingOn = !collection.isOver;
  await act();
  await collection.finish();
  return wasGoingOn;
}

/** So that it does not make the next collection longer. */
async function removeEverything(): Promise<void> {
  const tags = (await index.tags.list(repository, { after: undefined, limit: 10 })) ?? [];
  for (const name of tags) await index.tags.remove(repository, name, '', NOW);
  await new SteppedCollection({ index, content: CONTENT }, { ...RULE, beforeMs: NOW + 1 }, 50).finish();
}

/** @returns how many instants there were */
async function atEachInstant(act: (scene: Scene) => Promise<() => Promise<void>>): Promise<number> {
  for (let steps = 0; ; steps += 1) {
    const before = await scene();
    let check = async (): Promise<void> => undefined;
    const wasGoingOn = await afterSteps(steps, async () => {
      check = await act(before);
    });
    await check();
    await removeEverything();
    if (!wasGoingOn) return steps;
  }
}

/** A push that was acknowledged is whole; one that was not, says what is missing. */
function pushOf(received: ReceivedManifest): Promise<() => Promise<void>> {
  return index.manifests.put({ ...received, atMs: NOW }).then(({ outcome }) => async () => {
    expect(await isWhole(received.digest)).toBe(outcome === 'stored');
  });
}

describe('at each instant of a collection', () => {
  it('a new manifest over a blob that nothing named is whole, or refused', async () => {
    const outcomes = new Set<string>();
    const instants = await atEachInstant(async ({ unnamed }) => {
      const received = manifestOf(repository, { blobs: [unnamed], tags: ['new'], atMs: NOW });
      outcomes.add((await index.manifests.put(received)).outcome);
      return pushOf(received);
    });
    expect(instants).toBeGreaterThan(5);
    expect(outcomes).toEqual(new Set(['stored', 'missing']));
  });

  it('an untagged manifest gets a tag and is whole, or the push is refused', async () => {
    await atEachInstant(({ image }) => pushOf({ ...image, tags: [tag('again')] }));
    await atEachInstant(({ listing }) => pushOf({ ...listing, tags: [tag('again')] }));
  });

  it('a tag on an index or an image that is there keeps children and signatures', async () => {
    await atEachInstant(async ({ image, signature, listing }) => {
      const { outcome } = await index.manifests.put({ ...listing, tags: [tag('again')], atMs: NOW });
      const hadSignature = (await index.manifests.find(repository, signature.digest)) !== undefined;
      return async () => {
        if (outcome === 'missing') return;
        expect(await isWhole(image.digest)).toBe(true);
        expect((await index.manifests.find(repository, signature.digest)) !== undefined).toBe(hadSignature);
      };
    });
  });

  it('a new index over an untagged image is whole, or refused', async () => {
    await atEachInstant(({ image }) =>
      pushOf(manifestOf(repository, { children: [image.digest], tags: ['new'], atMs: NOW })),
    );
  });

  it('a blob that is pushed again stays', async () => {
    await atEachInstant(async ({ unnamed }) => {
      await putBlob(index, repository, unnamed, 10, NOW);
      return async () => expect(await index.blobs.find(repository, unnamed)).toBeDefined();
    });
  });

  it('a blob that is mounted stays where it was mounted', async () => {
    await atEachInstant(async ({ unnamed }) => {
      const mounted = await index.blobs.mount(other, unnamed, repository, NOW);
      return async () => expect((await index.blobs.find(other, unnamed)) !== undefined).toBe(mounted);
    });
  });

  it('an upload that is under way goes on', async () => {
    await atEachInstant(async () => {
      const { id, key } = await beginUpload(index, repository, LONG_AGO);
      return async () => {
        const blob = { uploadId: id, repository, digest: newDigest(), key, sizeBytes: 1, atMs: NOW };
        expect(await index.blobs.commit(blob)).toBe('committed');
      };
    });
  });

  it('it may be cut off: everything that is listed is whole, and the next one goes on', async () => {
    for (let steps = 0, isOver = false; !isOver; steps += 1) {
      const { image, listing, signature, unnamed, layer } = await scene();
      const collection = new SteppedCollection({ index, content: CONTENT }, RULE, 1);
      for (let step = 0; step < steps && !collection.isOver; step += 1) await collection.step();
      isOver = collection.isOver;
      for (const { digest } of [image, listing, signature]) {
        const isListed = (await index.manifests.find(repository, digest)) !== undefined;
        expect(await isWhole(digest)).toBe(isListed);
      }
      await new SteppedCollection({ index, content: CONTENT }, RULE, 50).finish();
      for (const digest of [unnamed, layer])
        expect(await index.blobs.find(repository, digest)).toBeUndefined();
      expect(await index.manifests.find(repository, listing.digest)).toBeUndefined();
      expect(await index.blobs.discarded(1)).toEqual([]);
      await removeEverything();
    }
  });
});
