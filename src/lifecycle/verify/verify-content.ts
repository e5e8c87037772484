import type { ContentStore } from '../../content/content-store.ts';
import type { BlobRecord } from '../../index/blobs.ts';
import type { Index } from '../../index/index.ts';
import type { ManifestState } from '../../index/integrity.ts';
import type { Page } from '../../index/tags.ts';
import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Clock } from '../../ports.ts';
import { type ManifestRules, mayBeMissing } from '../../registry/manifest-rules.ts';
import { SteadyPace } from '../collect/pace.ts';
import { pagesOf } from '../collect/pages.ts';
import { type BlobChecker, checkBlob } from './check-blob.ts';
import type { Damage, Verified } from './damage.ts';
import type { Throttle } from './throttle.ts';

/** What is told while a verification goes on. */
export interface VerifyWatcher {
  damage?(damage: Damage): void | Promise<void>;
  /** A blob was looked at; everything up to its digest is done. */
  blob?(digest: Digest, sizeBytes: number): void | Promise<void>;
}

export interface VerifyOptions {
  /** Which blobs and children a manifest may do without. */
  readonly rules: ManifestRules;
  readonly throttle: Throttle;
  /** Sets aside what is damaged. */
  readonly quarantine: boolean;
  /** Blobs after this digest only. */
  readonly after?: string | undefined;
  /** Ends it early, between two pieces of a blob. */
  readonly signal?: AbortSignal | undefined;
  readonly watcher?: VerifyWatcher;
}

type Count = { -readonly [K in keyof Verified]: Verified[K] };

interface Dependencies {
  readonly index: Index;
  readonly content: ContentStore;
  readonly clock: Clock;
}

/**
 * Reads everything again, beside a registry that runs or alone: the bytes of every blob in the order of their
 * digests, those of every manifest, and last whether each manifest has what it refers to.
 */
export function verifyContent(deps: Dependencies, options: VerifyOptions): Promise<Verified> {
  return new Verification(deps, options).run();
}

const listPage =
  <T>(read: (page: Page) => Promise<readonly T[]>, nameOf: (entry: T) => string) =>
  async (page: Page) => {
    const entries = await read(page);
    const last = entries.at(-1);
    return { entries, next: entries.length < page.limit || last === undefined ? undefined : nameOf(last) };
  };

class Verification {
  readonly #index: Index;
  readonly #clock: Clock;
  readonly #options: VerifyOptions;
  readonly #checker: BlobChecker;
  readonly #withoutBytes = new Set<Digest>();
  readonly #count: Count = {
    blobs: 0,
    bytes: 0,
    manifests: 0,
    repositories: 0,
    damaged: 0,
    quarantined: 0,
    isComplete: true,
    last: undefined,
  };

  constructor({ index, content, clock }: Dependencies, options: VerifyOptions) {
    this.#index = index;
    this.#clock = clock;
    this.#options = options;
    const { throttle, signal } = options;
    this.#checker = { integrity: index.integrity, content, throttle, signal };
  }

  async run(): Promise<Verified> {
    try {
      await this.#blobs();
      await this.#bodies();
      await this.#references();
    } catch (error) {
      if (this.#options.signal?.aborted !== true) throw error;
      return { ...this.#count, isComplete: false };
    }
    return this.#count;
  }

  async #blobs(): Promise<void> {
    const { integrity } = this.#index;
    const pages = pagesOf(
      new SteadyPace(),
      listPage(
        (page) => integrity.blobs(page),
        ({ digest }) => digest,
      ),
      this.#options.after,
    );
    for await (const { entries } of pages) {
      for (const listed of entries) {
        this.#options.signal?.throwIfAborted();
        await this.#blob(listed);
        this.#count.last = listed.digest;
        await this.#options.watcher?.blob?.(listed.digest, listed.sizeBytes);
      }
    }
  }

  async #blob(listed: BlobRecord): Promise<void> {
    const problem = await checkBlob(this.#checker, listed);
    this.#count.blobs += 1;
    this.#count.bytes += listed.sizeBytes;
    if (problem === undefined) return;
    const { blob, reason, isCertain } = problem;
    const { digest, key, sizeBytes } = blob;
    const repository = await this.#index.blobs.holder(digest, 'any');
    const quarantined =
      this.#options.quarantine &&
      isCertain &&
      (await this.#index.integrity.quarantineBlob({ digest, key, reason, atMs: this.#clock.now() }));
    await this.#tell({ kind: 'blob', digest, sizeBytes, repository, reason, quarantined });
  }

  async #bodies(): Promise<void> {
    const pages = pagesOf(
      new SteadyPace(),
      listPage(
        (page) => this.#index.integrity.bodies(page),
        (digest) => digest,
      ),
    );
    for await (const { entries } of pages) {
      for (const digest of entries) {
        const bytes = await this.#index.manifests.read(digest);
        // Removed since it was listed.
        if (bytes === undefined) continue;
        await this.#options.throttle.take(bytes.byteLength, this.#options.signal);
        this.#count.manifests += 1;
        const found = digestOf(bytes, algorithmOf(digest));
        if (found !== digest) {
          await this.#damagedManifest(digest, bytes, undefined, `its bytes have the digest ${found}`);
        }
      }
    }
  }

  async #references(): Promise<void> {
    const repositories = pagesOf(
      new SteadyPace(),
      listPage(
        (page) => this.#index.garbage.repositories(page),
        (name) => name,
      ),
    );
    for await (const { entries } of repositories) {
      for (const repository of entries) {
        this.#options.signal?.throwIfAborted();
        this.#count.repositories += 1;
        const pages = pagesOf(
          new SteadyPace(),
          listPage(
            (page) => this.#index.integrity.manifests(repository, page),
            ({ digest }) => digest,
          ),
        );
        for await (const page of pages) {
          for (const manifest of page.entries) await this.#manifest(repository, manifest);
        }
      }
    }
  }

  async #manifest(repository: RepositoryName, manifest: ManifestState): Promise<void> {
    const { digest, hasBytes, absent } = manifest;
    if (!hasBytes) {
      if (this.#withoutBytes.has(digest)) return;
      this.#withoutBytes.add(digest);
      await this.#damagedManifest(digest, undefined, repository, 'its bytes are missing');
      return;
    }
    if (absent.length === 0) return;
    const missing = await this.#missing(manifest);
    if (missing.length === 0) return;
    const reason = `${missing.length === 1 ? 'one thing that it names is' : `${missing.length} things that it names are`} not in the repository`;
    await this.#tell({ kind: 'incomplete', repository, digest, missing, reason });
  }

  /** Those of what is absent that have to be there. */
  async #missing({ digest, mediaType, absent }: ManifestState): Promise<readonly Digest[]> {
    const bytes = await this.#index.manifests.read(digest);
    if (bytes === undefined || digestOf(bytes, algorithmOf(digest)) !== digest) return [];
    const manifest = parseManifest(bytes, mediaType);
    const allowed = new Set(mayBeMissing(this.#options.rules, manifest));
    const needed = new Set([...manifest.blobs, ...manifest.manifests].map((part) => part.digest));
    return absent.filter((part) => needed.has(part) && !allowed.has(part));
  }

  async #damagedManifest(
    digest: Digest,
    bytes: Uint8Array | undefined,
    repository: RepositoryName | undefined,
    reason: string,
  ): Promise<void> {
    const quarantined =
      this.#options.quarantine &&
      (await this.#index.integrity.quarantineManifest({ digest, bytes, reason, atMs: this.#clock.now() }));
    const sizeBytes = bytes?.byteLength;
    await this.#tell({ kind: 'manifest', digest, sizeBytes, repository, reason, quarantined });
  }

  async #tell(damage: Damage): Promise<void> {
    this.#count.damaged += 1;
    if (damage.kind !== 'incomplete' && damage.quarantined) this.#count.quarantined += 1;
    await this.#options.watcher?.damage?.(damage);
  }
}
