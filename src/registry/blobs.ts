import type { ContentStore, ContentStream } from '../content/content-store.ts';
import { RegistryError } from '../errors.ts';
import type { BlobRecord } from '../index/blobs.ts';
import type { Index } from '../index/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { ByteRange } from '../oci/range.ts';
import type { RepositoryName } from '../oci/reference.ts';
import type { Clock, Logger } from '../ports.ts';
import { RecentKeys } from './recent-keys.ts';
import type { RepositoryLimits } from './repository-limits.ts';

/** A push of the same blob may move it to a new key between the question to the index and the read. */
const ATTEMPTS = 3;

/** What was made young within this time is not made young again: whoever asks again and again costs one write. */
export const HOLD_AGAIN_MS = 5_000;

/**
 * So long before an answer that something is there it may have been made young: what the index said a moment ago, and
 * what was remembered of that. Whoever removes by age has to wait so much longer than the grace time.
 */
export const HELD_EARLIER_MS = 2 * HOLD_AGAIN_MS;
const SEEN_MS = 60_000;

/** A part of a blob that is being read; the caller closes `stream`. */
export interface OpenPart {
  readonly range: ByteRange;
  readonly stream: ContentStream;
}

/** A blob that is being read; the caller closes what it is given. */
export interface OpenBlob {
  readonly sizeBytes: number;
  /** All of it, or the parts that were asked for. */
  readonly content: ContentStream | readonly OpenPart[];
}

/** Blobs of repositories: reading them, and sharing them between repositories. */
export class Blobs {
  readonly #index: Index;
  readonly #content: ContentStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #limits: RepositoryLimits;
  readonly #seen: RecentKeys;
  readonly #held: RecentKeys;

  constructor(deps: {
    index: Index;
    content: ContentStore;
    clock: Clock;
    log: Logger;
    limits: RepositoryLimits;
  }) {
    this.#limits = deps.limits;
    this.#clock = deps.clock;
    this.#seen = new RecentKeys(deps.clock, SEEN_MS);
    this.#held = new RecentKeys(deps.clock, HOLD_AGAIN_MS);
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
   * The blob's size, as `sizeBytes`; a push that leaves the blob out since it is there will find it there, unless
   * garbage collection ran with a shorter grace time than the push took.
   * @throws RegistryError BLOB_UNKNOWN
   */
  async promise(repository: RepositoryName, digest: Digest): Promise<number> {
    const sizeBytes = await this.sizeBytes(repository, digest);
    const name = `${repository}@${digest}`;
    if (this.#held.has(name)) return sizeBytes;
    const now = this.#clock.now();
    const { holds } = this.#index;
    const isHeld =
      (await holds.isBlobHeld(repository, digest, now - HOLD_AGAIN_MS)) ||
      (await holds.holdBlob(repository, digest, now));
    if (isHeld) {
      this.#held.add(name);
      return sizeBytes;
    }
    throw new RegistryError('BLOB_UNKNOWN', { detail: { digest } });
  }

  /**
   * @param rangesOf picks the parts to read, once the size is known; what it throws is passed on
   * @throws RegistryError BLOB_UNKNOWN
   */
  open(
    repository: RepositoryName,
    digest: Digest,
    rangesOf: (sizeBytes: number) => readonly ByteRange[] | undefined,
  ): Promise<OpenBlob> {
    return this.#attempt(repository, digest, async (blob) => {
      if (!(await this.#isWhole(blob))) return undefined;
      const { key, sizeBytes } = blob;
      const ranges = rangesOf(sizeBytes);
      const content = await (ranges === undefined
        ? this.#content.read(key, { first: 0, last: sizeBytes - 1 })
        : this.#openParts(key, ranges));
      return content && { sizeBytes, content };
    });
  }

  /** Opens all parts before any is sent: once open, they stay readable whatever becomes of the key. */
  async #openParts(key: string, ranges: readonly ByteRange[]): Promise<OpenPart[] | undefined> {
    const parts: OpenPart[] = [];
    try {
      for (const range of ranges) {
        const stream = await this.#content.read(key, range);
        if (stream === undefined) break;
        parts.push({ range, stream });
      }
    } finally {
      if (parts.length < ranges.length) await Promise.all(parts.map(({ stream }) => stream.close()));
    }
    return parts.length < ranges.length ? undefined : parts;
  }

  /**
   * Puts a blob of `from` into `repository` too.
   * @returns false where it has to be uploaded after all
   * @throws RegistryError QUOTA_EXCEEDED
   */
  async mount(repository: RepositoryName, digest: Digest, from: RepositoryName): Promise<boolean> {
    const blob = await this.#index.blobs.find(from, digest);
    if (blob === undefined || !(await this.#isWhole(blob))) return false;
    const limits = this.#limits.usageLimits(repository);
    const mounted = await this.#index.blobs.mount(repository, digest, from, this.#clock.now(), limits);
    if (typeof mounted === 'object') throw this.#limits.refusal(repository, mounted);
    return mounted;
  }

  /**
   * Mounts from any of the repositories that the caller may read.
   * @param among a blob of another repository is as good as none: nobody learns that it exists (CVE-2024-39897)
   * @returns false where it has to be uploaded after all
   * @throws RegistryError QUOTA_EXCEEDED
   */
  async mountFromAny(
    repository: RepositoryName,
    digest: Digest,
    among: 'any' | readonly string[],
  ): Promise<boolean> {
    const from = await this.#index.blobs.holder(digest, among);
    return from !== undefined && this.mount(repository, digest, from);
  }

  /** Whether the bytes are there. What was seen counts for a while: bytes do not vanish under a key in use. */
  async #isWhole({ key, sizeBytes }: BlobRecord): Promise<boolean> {
    if (this.#seen.has(key)) return true;
    if ((await this.#content.sizeBytes(key)) !== sizeBytes) return false;
    this.#seen.add(key);
    return true;
  }

  async #unknown(repository: RepositoryName, digest: Digest): Promise<RegistryError> {
    const isAside = await this.#index.integrity.isQuarantined(repository, 'blob', digest);
    return new RegistryError('BLOB_UNKNOWN', {
      ...(isAside && { message: 'this blob was found damaged and set aside; push it again to mend it' }),
      detail: { digest },
    });
  }

  async #attempt<T>(
    repository: RepositoryName,
    digest: Digest,
    action: (blob: BlobRecord) => Promise<T | undefined>,
  ): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const blob = await this.#index.blobs.find(repository, digest);
      if (blob === undefined) throw await this.#unknown(repository, digest);
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
