import type { ContentStore, ContentStream } from '../content/content-store.ts';
import { RegistryError } from '../errors.ts';
import type { BlobRecord } from '../index/blobs.ts';
import type { Index } from '../index/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { ByteRange } from '../oci/range.ts';
import type { RepositoryName } from '../oci/reference.ts';
import type { Clock, Logger } from '../ports.ts';
import { RecentKeys } from './recent-keys.ts';

/** A push of the same blob may move it to a new key between the question to the index and the read. */
const ATTEMPTS = 3;

/** A blob that is being read; the caller closes `stream`. */
export interface OpenBlob {
  readonly sizeBytes: number;
  readonly range: ByteRange | undefined;
  readonly stream: ContentStream;
}

/** Blobs of repositories: reading them, and sharing them between repositories. */
export class Blobs {
  readonly #index: Index;
  readonly #content: ContentStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #seen: RecentKeys;

  constructor(deps: { index: Index; content: ContentStore; clock: Clock; log: Logger }) {
    this.#clock = deps.clock;
    this.#seen = new RecentKeys(deps.clock);
    this.#index = deps.index;
    this.#content = deps.content;
    this.#log = deps.log;
  }

  /**
   * The blob's size, where the repository holds it and its bytes are there: a client that asks before it pushes is
   * then made to push again what was lost.
   * @throws RegistryError BLOB_UNKNOWN
   */
  async sizeBytes(repository: RepositoryName, digest: Digest): Promise<number> {
    return this.#attempt(repository, digest, async (blob) =>
      (await this.#isWhole(blob)) ? blob.sizeBytes : undefined,
    );
  }

  /**
   * @param rangeOf picks the part to read, once the size is known; what it throws is passed on
   * @throws RegistryError BLOB_UNKNOWN
   */
  open(
    repository: RepositoryName,
    digest: Digest,
    rangeOf: (sizeBytes: number) => ByteRange | undefined,
  ): Promise<OpenBlob> {
    return this.#attempt(repository, digest, async (blob) => {
      if (!(await this.#isWhole(blob))) return undefined;
      const { key, sizeBytes } = blob;
      const range = rangeOf(sizeBytes);
      const stream = await this.#content.read(key, range ?? { first: 0, last: sizeBytes - 1 });
      return stream && { sizeBytes, range, stream };
    });
  }

  /** Puts a blob of `from` into `repository` too. @returns false where it has to be uploaded after all */
  async mount(repository: RepositoryName, digest: Digest, from: RepositoryName): Promise<boolean> {
    const blob = await this.#index.blobs.find(from, digest);
    if (blob === undefined || !(await this.#isWhole(blob))) return false;
    return this.#index.blobs.mount(repository, digest, from, this.#clock.now());
  }

  /** Whether the bytes are there. What was seen counts for a minute: bytes do not vanish under a key in use. */
  async #isWhole({ key, sizeBytes }: BlobRecord): Promise<boolean> {
    if (this.#seen.has(key)) return true;
    if ((await this.#content.sizeBytes(key)) !== sizeBytes) return false;
    this.#seen.add(key);
    return true;
  }

  async #attempt<T>(
    repository: RepositoryName,
    digest: Digest,
    action: (blob: BlobRecord) => Promise<T | undefined>,
  ): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const blob = await this.#index.blobs.find(repository, digest);
      if (blob === undefined) throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
      const result = await action(blob);
      if (result !== undefined) return result;
      this.#seen.delete(blob.key);
    }
    this.#log.error('the bytes of a blob are missing or cut short; push it again to mend it', {
      repository,
      digest,
    });
    throw new RegistryError('BLOB_UNKNOWN', {
      message: 'the bytes of this blob are damaged; push it again to mend it',
      detail: { digest },
    });
  }
}
