import Database from 'better-sqlite3';
import type { ContentStore } from '../../src/content/content-store.ts';
import type { GarbageRule } from '../../src/index/garbage.ts';
import type { Index } from '../../src/index/index.ts';
import { createSqlIndex } from '../../src/index/sql/sql-index.ts';
import { TRANSACTIONS, type Transact } from '../../src/index/sql/transactions.ts';
import { createSession } from '../../src/index/sqlite/connection.ts';
import { MIGRATIONS } from '../../src/index/sqlite/migrations.ts';
import { collectGarbage } from '../../src/lifecycle/collect/collect-garbage.ts';
import { FULL_SPEED } from '../../src/lifecycle/collect/pace.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import type { RepositoryName } from '../../src/oci/reference.ts';
import { Blobs } from '../../src/registry/blobs.ts';
import { DEFAULT_RULES } from '../../src/registry/manifest-rules.ts';
import { Manifests } from '../../src/registry/manifests.ts';
import { recordedLog } from './front-door.ts';
import type { Actor } from './interleavings.ts';

type Step = Parameters<Actor>[0];

/** A mistake in the program, made on purpose. */
export type Plant = (stage: Stage) => Partial<{ [K in keyof Index]: Partial<Index[K]> }>;

/** The time in every scene: what is younger than the first ten seconds counts as asked for a moment ago. */
export const NOW = 1_000_000;
const CAUSE = { kind: 'collection', actor: '', rule: 'a test' } as const;

/** The real transactions on a database in memory, and the keys of a store; cheap enough to begin thousands of times. */
export class Stage {
  readonly db: Database.Database;
  /** Keys whose bytes are there. */
  readonly keys = new Set<string>();
  readonly index: Index;
  readonly content = {
    remove: async (key: string) => void this.keys.delete(key),
    sizeBytes: async (key: string) => (this.keys.has(key) ? 1 : undefined),
  } as unknown as ContentStore;
  readonly #manifests: Database.Statement;
  readonly #links: Database.Statement;
  #scenery: string[] = [];

  constructor() {
    this.db = new Database(':memory:');
    for (const step of MIGRATIONS) this.db.exec(step);
    this.#manifests = this.db.prepare(
      `SELECT name AS repository, digest, media_type AS type
       FROM manifests JOIN repositories ON repositories.id = repository_id`,
    );
    this.#links = this.db.prepare(
      'SELECT blob_links.digest, key FROM blob_links LEFT JOIN blobs USING (digest)',
    );
    const session = createSession(this.db);
    const transact = ((name: keyof typeof TRANSACTIONS, ...args: unknown[]) =>
      (TRANSACTIONS[name] as unknown as (...all: unknown[]) => Promise<unknown>)(
        session,
        ...args,
      )) as Transact;
    const nothing = async (): Promise<void> => undefined;
    this.index = createSqlIndex(session, transact, {
      ...{ lost: new Promise<Error>(() => undefined), ping: nothing, close: nothing },
    });
  }

  /** Every scene begins with what is there now. */
  keepScenery(): void {
    this.#scenery = [...this.keys];
    this.db.exec('SAVEPOINT scenery');
  }

  begin(): void {
    this.db.exec('ROLLBACK TO scenery');
    this.keys.clear();
    for (const key of this.#scenery) this.keys.add(key);
  }

  /** Garbage collection; each question and each change is a step of its own, save those of `atOnce`. */
  collector(rule: GarbageRule, plant: Plant = () => ({}), atOnce: readonly string[] = []): Actor {
    return async (step) => {
      const planted = plant(this);
      const part = <K extends 'garbage' | 'trash' | 'blobs'>(name: K): Index[K] =>
        gated({ ...this.index[name], ...planted[name] }, step, atOnce);
      const index = {
        ...{ ...this.index, garbage: part('garbage'), trash: part('trash'), blobs: part('blobs') },
      };
      await collectGarbage(
        { index, content: gated(this.content, step, atOnce) },
        {
          ...{ rule, cause: CAUSE, clock: { now: () => NOW }, pace: FULL_SPEED },
          ...{ removesOriginals: true, dryRun: false, batch: 10 },
        },
      );
    };
  }

  /** The registry as a client's requests go through it. */
  registry(step: Step, plant: Plant = () => ({})): { blobs: Blobs; manifests: Manifests } {
    const planted = plant(this);
    const part = <K extends 'blobs' | 'holds' | 'manifests'>(name: K): Index[K] =>
      gated({ ...this.index[name], ...planted[name] }, step, []);
    const index = { ...this.index, blobs: part('blobs'), holds: part('holds'), manifests: part('manifests') };
    const deps = { index, content: this.content, clock: { now: () => NOW }, log: recordedLog() };
    return { blobs: new Blobs(deps), manifests: new Manifests({ ...deps, manifestRules: DEFAULT_RULES }) };
  }

  /** Throws where something that is listed cannot be pulled whole. */
  async assertWhole(): Promise<void> {
    const rows = this.#manifests.all() as { repository: RepositoryName; digest: Digest; type: string }[];
    for (const { repository, digest, type } of rows) {
      const bytes = await this.index.manifests.read(digest);
      if (bytes === undefined) throw new Error(`${digest} has no bytes`);
      const manifest = parseManifest(bytes, type);
      for (const { digest: blob } of manifest.blobs) {
        const found = await this.index.blobs.find(repository, blob);
        if (found === undefined) throw new Error(`${digest} lacks the blob ${blob}`);
      }
      for (const { digest: child } of manifest.manifests) {
        const found = await this.index.manifests.find(repository, child);
        if (found === undefined) throw new Error(`${digest} lacks the manifest ${child}`);
      }
    }
    const links = this.#links.all() as { digest: string; key: string | null }[];
    for (const { digest, key } of links) {
      if (key === null || !this.keys.has(key)) throw new Error(`the bytes of ${digest} are gone`);
    }
  }
}

function gated<T extends object>(target: T, step: Step, atOnce: readonly string[]): T {
  return new Proxy(target, {
    get(inner, name, receiver) {
      const member: unknown = Reflect.get(inner, name, receiver);
      if (typeof member !== 'function' || atOnce.includes(String(name))) return member;
      return (...args: unknown[]) => step(async () => member.apply(inner, args) as unknown);
    },
  });
}
