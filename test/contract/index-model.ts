import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Index } from '../../src/index/index.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/reference.ts';

/** Random sequences of changes, after each of which the index and a simple model say the same. */

interface Part {
  readonly key: string;
  sizeBytes: number;
}

interface ModelUpload {
  readonly repository: RepositoryName;
  readonly parts: Part[];
}

/** What the index should hold. */
class Model {
  readonly uploads = new Map<string, ModelUpload>();
  readonly blobs = new Map<Digest, { key: string; sizeBytes: number }>();
  readonly links = new Set<string>();
  readonly discarded = new Set<string>();
  readonly repositories: readonly RepositoryName[];
  readonly digests: readonly Digest[];
  readonly ids: readonly string[];
  #lastKey = 0;
  readonly #salt = randomUUID();

  constructor() {
    const names = ['one', 'two', 'three'];
    this.repositories = names.map((name) => parseRepositoryName(`${name}-${this.#salt}`));
    this.digests = names.map((name) => digestOf(Buffer.from(name + this.#salt)));
    this.ids = ['a', 'b', 'c', 'd'].map((name) => `${name}-${this.#salt}`);
  }

  newKey(): string {
    this.#lastKey += 1;
    return `${this.#salt}-${this.#lastKey}`;
  }

  isOwn(key: string): boolean {
    return key.startsWith(this.#salt);
  }

  offset(upload: ModelUpload): number {
    return upload.parts.reduce((total, part) => total + part.sizeBytes, 0);
  }
}

type Step = (model: Model, index: Index) => Promise<void>;

/** A step, named for the counter-example. */
class Command implements fc.AsyncCommand<Model, Index> {
  readonly #name: string;
  readonly #step: Step;

  constructor(name: string, step: Step) {
    this.#name = name;
    this.#step = step;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, index: Index): Promise<void> {
    await this.#step(model, index);
    await compare(model, index);
  }

  toString(): string {
    return this.#name;
  }
}

async function compare(model: Model, index: Index): Promise<void> {
  const used = new Set<string>();
  for (const digest of model.digests) {
    const blob = model.blobs.get(digest);
    for (const repository of model.repositories) {
      const found = await index.blobs.find(repository, digest);
      const isLinked = model.links.has(`${repository} ${digest}`);
      expect(found).toEqual(isLinked && blob !== undefined ? { digest, ...blob } : undefined);
      if (found !== undefined) used.add(found.key);
    }
    // A blob in no repository still has its bytes.
    if (blob !== undefined) used.add(blob.key);
  }
  for (const id of model.ids) {
    const upload = model.uploads.get(id);
    const found = await index.uploads.find(id);
    expect(found?.repository).toBe(upload?.repository);
    expect(found?.parts).toEqual(upload?.parts.filter(({ sizeBytes }) => sizeBytes > 0));
    for (const { key } of upload?.parts ?? []) used.add(key);
  }
  const discarded = (await index.blobs.discarded(1_000_000)).filter((key) => model.isOwn(key));
  expect(discarded.filter((key) => used.has(key))).toEqual([]);
  expect(new Set(discarded)).toEqual(model.discarded);
}

function at<T>(list: readonly T[], number: number): T {
  const found = list[number % list.length];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

const small = fc.nat(11);

const create = fc.tuple(small, small).map(
  ([u, r]) =>
    new Command(`create(${u}, ${r})`, async (model, index) => {
      const id = at(model.ids, u);
      const repository = at(model.repositories, r);
      const key = model.newKey();
      const created = index.uploads.create({ id, repository, key, atMs: 1 });
      if (model.uploads.has(id)) {
        await expect(created).rejects.toThrow();
        return;
      }
      await created;
      model.uploads.set(id, { repository, parts: [{ key, sizeBytes: 0 }] });
    }),
);

const claim = small.map(
  (u) =>
    new Command(`claim(${u})`, async (model, index) => {
      const id = at(model.ids, u);
      const key = model.newKey();
      const upload = model.uploads.get(id);
      expect(await index.uploads.claim(id, key, 1)).toBe(upload !== undefined);
      upload?.parts.push({ key, sizeBytes: 0 });
    }),
);

const advance = fc.tuple(small, small, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -1, max: 1 })).map(
  ([u, p, bytes, shift]) =>
    new Command(`advance(${u}, part ${p}, ${bytes} bytes, shifted ${shift})`, async (model, index) => {
      const id = at(model.ids, u);
      const upload = model.uploads.get(id);
      const part = upload && at(upload.parts, p);
      const offset = upload === undefined ? 0 : model.offset(upload);
      const outcome = await index.uploads.advance({
        id,
        key: part?.key ?? model.newKey(),
        partBytes: (part?.sizeBytes ?? 0) + bytes,
        fromBytes: offset + shift,
        atMs: 1,
      });
      if (upload === undefined || part === undefined) {
        expect(outcome).toBe('unknown-upload');
        return;
      }
      const isLast = upload.parts
        .slice(upload.parts.indexOf(part) + 1)
        .every((later) => later.sizeBytes === 0);
      expect(outcome).toBe(isLast && shift === 0 ? 'advanced' : 'offset-moved');
      if (outcome === 'advanced') part.sizeBytes += bytes;
    }),
);

const commit = fc.tuple(small, small, small, fc.boolean()).map(
  ([u, d, p, isFresh]) =>
    new Command(`commit(${u}, blob ${d}, ${isFresh ? 'a fresh key' : `part ${p}`})`, async (model, index) => {
      const uploadId = at(model.ids, u);
      const digest = at(model.digests, d);
      const upload = model.uploads.get(uploadId);
      const repository = upload?.repository ?? at(model.repositories, d);
      const key = upload === undefined || isFresh ? model.newKey() : at(upload.parts, p).key;
      const outcome = await index.blobs.commit({
        uploadId,
        repository,
        digest,
        key,
        sizeBytes: d + p,
        atMs: 1,
      });
      expect(outcome).toBe(upload === undefined ? 'unknown-upload' : 'committed');
      if (upload === undefined) return;
      for (const part of upload.parts) if (part.key !== key) model.discarded.add(part.key);
      const before = model.blobs.get(digest);
      if (before !== undefined) model.discarded.add(before.key);
      model.uploads.delete(uploadId);
      model.blobs.set(digest, { key, sizeBytes: d + p });
      model.links.add(`${repository} ${digest}`);
    }),
);

const remove = small.map(
  (u) =>
    new Command(`remove(${u})`, async (model, index) => {
      const id = at(model.ids, u);
      const upload = model.uploads.get(id);
      expect(await index.uploads.remove(id)).toBe(upload !== undefined);
      for (const { key } of upload?.parts ?? []) model.discarded.add(key);
      model.uploads.delete(id);
    }),
);

const mount = fc.tuple(small, small, small).map(
  ([d, f, t]) =>
    new Command(`mount(blob ${d}, ${f} to ${t})`, async (model, index) => {
      const digest = at(model.digests, d);
      const [from, to] = [at(model.repositories, f), at(model.repositories, t)];
      const isThere = model.links.has(`${from} ${digest}`);
      expect(await index.blobs.mount(to, digest, from, 1)).toBe(isThere);
      if (isThere) model.links.add(`${to} ${digest}`);
    }),
);

const unlink = fc.tuple(small, small).map(
  ([d, r]) =>
    new Command(`unlink(blob ${d}, ${r})`, async (model, index) => {
      const digest = at(model.digests, d);
      const repository = at(model.repositories, r);
      const wasThere = model.links.delete(`${repository} ${digest}`);
      expect(await index.blobs.unlink(repository, digest)).toBe(wasThere);
    }),
);

const forget = fc.nat(5).map(
  (count) =>
    new Command(`forget(${count})`, async (model, index) => {
      const keys = [...model.discarded].slice(0, count);
      await index.blobs.forget(keys);
      for (const key of keys) model.discarded.delete(key);
    }),
);

/** Declares the test. The index is closed by whoever opened it. */
export function indexModelProperty(open: () => Promise<{ readonly index: Index }>): void {
  it('holds the same blobs, links and parts, and discards exactly what nothing uses', async () => {
    const { index } = await open();
    await fc.assert(
      fc.asyncProperty(
        fc.commands(
          [create, create, claim, advance, advance, commit, commit, remove, mount, unlink, forget],
          {
            maxCommands: 40,
            size: 'max',
          },
        ),
        (commands) => fc.asyncModelRun(() => ({ model: new Model(), real: index }), commands),
      ),
      { numRuns: 40 },
    );
  });
}
