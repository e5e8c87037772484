import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CollectionModel, type ModelRepository } from '../../../test/support/collection-model.ts';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { askFile } from '../../../test/support/sqlite-index.ts';
import { SteppedCollection } from '../../../test/support/stepped-collection.ts';
import type { ContentStore } from '../../content/content-store.ts';
import type { GarbageRule } from '../../index/garbage.ts';
import type { Index } from '../../index/index.ts';
import { openSqliteIndex } from '../../index/sqlite/open.ts';
import type { Digest } from '../../oci/digest.ts';
import { parseTag } from '../../oci/reference.ts';

/**
 * Pushes, mounts, deletions, moved tags and the passage of time, in every order with the single transactions of a
 * collection, which may be cut off after any of them. After each step, what clients were promised still holds.
 */

const GRACE_MS = 100;

interface Real {
  readonly file: string;
  readonly index: Index;
  /** Keys whose bytes are there. */
  readonly stored: Set<string>;
  readonly content: ContentStore;
  nowMs: number;
  collection: SteppedCollection | undefined;
}

type Step = (model: CollectionModel, real: Real) => Promise<void>;

class Command implements fc.AsyncCommand<CollectionModel, Real> {
  readonly #name: string;
  readonly #step: Step;

  constructor(name: string, step: Step) {
    this.#name = name;
    this.#step = step;
  }

  check(): boolean {
    return true;
  }

  async run(model: CollectionModel, real: Real): Promise<void> {
    real.nowMs += 1;
    await this.#step(model, real);
    await holds(model, real);
  }

  toString(): string {
    return this.#name;
  }
}

/** Takes note of what the collection took, which it must have been allowed to, and looks whether the rest is whole. */
async function holds(model: CollectionModel, { index, stored, collection }: Real): Promise<void> {
  for (const repository of model.repositories) {
    const { name, manifests, links } = repository;
    const living = collection && model.living(repository, collection.rule);
    for (const digest of [...manifests.keys()]) {
      if ((await index.manifests.find(name, digest)) !== undefined) continue;
      expect(collection?.rule.untaggedManifests, `${digest} is gone`).toBe(true);
      expect(living, `${digest} is gone`).not.toContain(digest);
      manifests.delete(digest);
    }
    const needed = model.needed(repository, manifests.keys());
    for (const [digest, linkedAtMs] of [...links]) {
      const blob = await index.blobs.find(name, digest);
      if (blob !== undefined) {
        expect(stored, `the bytes of ${digest}`).toContain(blob.key);
        continue;
      }
      expect(needed, `${digest} is gone`).not.toContain(digest);
      expect(linkedAtMs, `${digest} is gone`).toBeLessThan(collection?.rule.beforeMs ?? 0);
      links.delete(digest);
    }
    for (const digest of needed) expect(links.has(digest), `${digest} is needed`).toBe(true);
    for (const [digest, { received }] of manifests) {
      const bytes = await index.manifests.read(digest);
      expect(bytes && Buffer.compare(bytes, received.bytes), `the bytes of ${digest}`).toBe(0);
      for (const child of received.manifest.manifests) expect(manifests.has(child.digest)).toBe(true);
    }
    for (const [tag, digest] of repository.tags) {
      expect((await index.manifests.findByTag(name, parseTag(tag)))?.digest).toBe(digest);
    }
  }
}

function at<T>(list: readonly T[], number: number): T {
  const found = list[number % list.length];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

const any = fc.nat(29);

async function push(repository: ModelRepository, digest: Digest, real: Real, atMs: number): Promise<void> {
  const { name, links } = repository;
  const [id, key] = [randomUUID(), randomUUID()];
  await real.index.uploads.create({ id, repository: name, key, atMs });
  real.stored.add(key);
  await real.index.blobs.commit({ uploadId: id, repository: name, digest, key, sizeBytes: 1, atMs });
  links.set(digest, atMs);
}

const pushBlob = fc
  .tuple(any, any)
  .map(
    ([r, b]) =>
      new Command(`push blob ${b} to ${r}`, (model, real) =>
        push(at(model.repositories, r), at(model.blobs, b), real, real.nowMs),
      ),
  );

const mount = fc.tuple(any, any).map(
  ([r, b]) =>
    new Command(`mount blob ${b} from ${r}`, async (model, real) => {
      const [from, to] = [at(model.repositories, r), at(model.repositories, r + 1)];
      const digest = at(model.blobs, b);
      const isThere = from.links.has(digest);
      expect(await real.index.blobs.mount(to.name, digest, from.name, real.nowMs)).toBe(isThere);
      if (isThere) to.links.set(digest, real.nowMs);
    }),
);

/** What every client does: send what is missing, then the manifest. */
const pushManifest = fc.tuple(any, any, fc.option(fc.nat(2), { nil: undefined })).map(
  ([r, m, t]) =>
    new Command(`push manifest ${m} to ${r} as ${t}`, async (model, real) => {
      const repository = at(model.repositories, r);
      const received = at(model.pool(repository), m);
      const { blobs, manifests: children } = received.manifest;
      const isWhole =
        blobs.every(({ digest }) => repository.links.has(digest)) &&
        children.every(({ digest }) => repository.manifests.has(digest));
      const tags = t === undefined ? [] : [`t${t}`];
      const { outcome } = await real.index.manifests.put({
        ...received,
        tags: tags.map(parseTag),
        atMs: real.nowMs,
      });
      expect(outcome).toBe(isWhole ? 'stored' : 'missing');
      if (!isWhole) return;
      repository.manifests.set(received.digest, { received, pushedAtMs: real.nowMs });
      for (const tag of tags) repository.tags.set(tag, received.digest);
    }),
);

const deleteTag = fc.tuple(any, fc.nat(2)).map(
  ([r, t]) =>
    new Command(`delete tag ${t} of ${r}`, async (model, real) => {
      const { name, tags } = at(model.repositories, r);
      await real.index.tags.remove(name, parseTag(`t${t}`), 'alice', real.nowMs);
      tags.delete(`t${t}`);
    }),
);

async function deleteManifestOf(repository: ModelRepository, digest: Digest, real: Real): Promise<void> {
  await real.index.manifests.remove(repository.name, digest, 'alice', real.nowMs);
  repository.manifests.delete(digest);
  for (const [tag, target] of [...repository.tags]) if (target === digest) repository.tags.delete(tag);
}

const deleteManifest = fc.tuple(any, any).map(
  ([r, m]) =>
    new Command(`delete manifest ${m} of ${r}`, async (model, real) => {
      const repository = at(model.repositories, r);
      const { digest } = at(model.pool(repository), m);
      // Who deletes the child of an index breaks it; that is not what is looked at here.
      if (!model.isListed(repository, digest)) await deleteManifestOf(repository, digest, real);
    }),
);

const wait = fc.constantFrom(1, GRACE_MS / 2, 2 * GRACE_MS).map(
  (ms) =>
    new Command(`wait ${ms} ms`, async (_model, real) => {
      real.nowMs += ms;
    }),
);

const collect = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 3)).map(
  ([untaggedManifests, steps, batch]) =>
    new Command(
      `collect${untaggedManifests ? ' -m' : ''}, ${steps} steps by ${batch}`,
      async (model, real) => {
        if (real.collection === undefined || real.collection.isOver) {
          const rule = { beforeMs: real.nowMs - GRACE_MS, keptSinceMs: undefined, untaggedManifests };
          real.collection = new SteppedCollection(real, rule, batch);
        }
        for (let step = 0; step < steps; step += 1) {
          await real.collection.step();
          await holds(model, real);
        }
      },
    ),
);

const kill = fc.constant(
  new Command('kill the collector', async (_model, real) => {
    real.collection = undefined;
  }),
);

/** What the file holds, in the words of the model. */
function everythingIn(file: string) {
  const digests = (sql: string): string[] => askFile<{ digest: string }>(file, sql).map((row) => row.digest);
  return {
    manifests: digests('SELECT repository_id || digest AS digest FROM manifests').length,
    bodies: new Set(digests('SELECT digest FROM manifest_bodies')),
    references: digests('SELECT manifest AS digest FROM manifest_references').length,
    links: digests('SELECT digest FROM blob_links').length,
    blobs: new Set(digests('SELECT digest FROM blobs')),
    keys: new Set(askFile<{ key: string }>(file, 'SELECT key FROM blobs').map((row) => row.key)),
    discarded: digests('SELECT key AS digest FROM discarded_keys'),
  };
}

/** After the grace time, a collection leaves what the model needs and nothing else. */
async function endsClean(model: CollectionModel, real: Real, untaggedManifests: boolean): Promise<void> {
  real.nowMs += 2 * GRACE_MS;
  const rule: GarbageRule = { beforeMs: real.nowMs - GRACE_MS, keptSinceMs: undefined, untaggedManifests };
  real.collection = new SteppedCollection(real, rule, 2);
  await real.collection.finish();
  const expected = model.repositories.map((repository) => {
    const manifests = untaggedManifests ? model.living(repository, rule) : repository.manifests.keys();
    const kept = [...manifests].filter((digest) => repository.manifests.has(digest));
    return { manifests: kept, blobs: model.needed(repository, kept) };
  });
  await holds(model, real);
  const found = everythingIn(real.file);
  expect(found.manifests).toBe(expected.reduce((sum, { manifests }) => sum + manifests.length, 0));
  expect(found.bodies).toEqual(new Set(expected.flatMap(({ manifests }) => manifests)));
  expect(found.links).toBe(expected.reduce((sum, { blobs }) => sum + blobs.size, 0));
  expect(found.blobs).toEqual(new Set(expected.flatMap(({ blobs }) => [...blobs])));
  expect(real.stored).toEqual(found.keys);
  expect(found.discarded).toEqual([]);
}

async function openReal(folder: string): Promise<Real> {
  const file = join(folder, `${randomUUID()}.db`);
  const stored = new Set<string>();
  const content = { remove: async (key: string) => void stored.delete(key) } as unknown as ContentStore;
  const index = await openSqliteIndex(file);
  return { file, index, stored, content, nowMs: 1_000, collection: undefined };
}

it('whatever is pushed, moved and deleted while a collection goes on, what is listed pulls whole, and garbage goes', {
  timeout: 60_000,
}, async () => {
  const folder = await newFolder();
  const pushes = [pushBlob, mount, pushManifest, pushManifest, pushManifest];
  const others = [deleteTag, deleteManifest, wait, ...Array.from({ length: 6 }, () => collect), kill];
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.commands([...pushes, ...others], { maxCommands: 60, size: 'max' }),
        fc.boolean(),
        async (commands, untaggedManifests) => {
          const model = new CollectionModel();
          const real = await openReal(folder);
          try {
            // Something to begin with: commands alone seldom get as far as an index with a signature.
            await startWithEverything(model, real);
            await fc.asyncModelRun(() => ({ model, real }), commands);
            await endsClean(model, real, untaggedManifests);
          } finally {
            await real.index.close();
          }
        },
      ),
      { numRuns: 15 },
    );
  } finally {
    await removeFolder(folder);
  }
});

async function startWithEverything(model: CollectionModel, real: Real): Promise<void> {
  for (const repository of model.repositories) {
    for (const digest of model.blobs) await push(repository, digest, real, 1);
  }
  const [repository] = model.repositories;
  if (repository === undefined) return;
  for (const received of model.pool(repository)) {
    await real.index.manifests.put({ ...received, atMs: 1 });
    repository.manifests.set(received.digest, { received, pushedAtMs: 1 });
  }
}
