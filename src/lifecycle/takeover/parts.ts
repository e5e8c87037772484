import type {
  OriginalBlob,
  OriginalFile,
  OriginalManifest,
  OriginalPart,
  OriginalTag,
} from '../../index/takeover.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Clock } from '../../ports.ts';
import type { Findings } from './findings.ts';

/** A transaction is to hold nobody up: no more entries, nor bytes of manifests, than these. */
const MAX_ENTRIES = 200;
const MAX_BYTES = 1024 * 1024;

/** Puts what is read of a repository into parts of a size that fits a transaction. */
export class Parts {
  readonly #repository: RepositoryName;
  readonly #isListed: boolean;
  readonly #found: Findings;
  readonly #clock: Clock;
  readonly #store: (part: OriginalPart) => Promise<boolean>;
  #isWaiting = true;
  #blobs: OriginalBlob[] = [];
  #manifests: OriginalManifest[] = [];
  #tags: OriginalTag[] = [];
  #files: OriginalFile[] = [];
  #entries = 0;
  #bytes = 0;

  constructor(deps: {
    repository: RepositoryName;
    isListed: boolean;
    found: Findings;
    clock: Clock;
    /** @returns false where the repository no longer waits */
    store: (part: OriginalPart) => Promise<boolean>;
  }) {
    this.#repository = deps.repository;
    this.#isListed = deps.isListed;
    this.#found = deps.found;
    this.#clock = deps.clock;
    this.#store = deps.store;
  }

  /** Whether there is still a reason to go on. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  async blob(blob: OriginalBlob, file: OriginalFile | undefined): Promise<void> {
    this.#blobs.push(blob);
    if (file !== undefined) this.#files.push(file);
    await this.#count(1, 0);
  }

  async manifest(manifest: OriginalManifest, file: OriginalFile): Promise<void> {
    this.#manifests.push(manifest);
    this.#files.push(file);
    await this.#count(1, manifest.bytes.byteLength);
  }

  async tag(tag: OriginalTag): Promise<void> {
    this.#tags.push(tag);
    await this.#count(tag.moves.length, 0);
  }

  /** Stores what is left; the repository is whole with it. */
  finish(): Promise<void> {
    return this.#send(true);
  }

  async #count(entries: number, bytes: number): Promise<void> {
    this.#entries += entries;
    this.#bytes += bytes;
    if (this.#entries >= MAX_ENTRIES || this.#bytes >= MAX_BYTES) await this.#send(false);
  }

  async #send(isLast: boolean): Promise<void> {
    if (!this.#isWaiting) return;
    this.#isWaiting = await this.#store({
      repository: this.#repository,
      isListed: this.#isListed,
      blobs: this.#blobs,
      manifests: this.#manifests,
      tags: this.#tags,
      files: this.#files,
      findings: this.#found.take(),
      isLast,
      atMs: this.#clock.now(),
    });
    this.#blobs = [];
    this.#manifests = [];
    this.#tags = [];
    this.#files = [];
    this.#entries = 0;
    this.#bytes = 0;
  }
}
