import { onTestFinished } from 'vitest';
import type { Index } from '../../../src/index/index.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/reference.ts';

/** A move of a tag, as the index keeps it. */
export interface TagEvent {
  readonly tag: string;
  readonly digest: string | null;
  readonly previous: string | null;
  readonly actor: string;
  readonly at: number;
}

/** An index that is empty and nobody else's. */
export interface IndexUnderTest {
  readonly index: Index;
  /** The same index as another process sees it; the caller closes it. */
  again(): Promise<Index>;
  /** A repository's history of tags, the oldest first, with what no port tells. */
  tagEvents(repository: RepositoryName): Promise<readonly TagEvent[]>;
  /** How many bodies of manifests are kept under the digest. */
  bodies(digest: Digest): Promise<number>;
  /** Closes the index and removes it. */
  remove(): Promise<void>;
}

/** More than there is of anything. */
export const ALL = 1_000_000;
/** The first page of a list, which has room for all that a test makes. */
export const FIRST_PAGE = { after: undefined, limit: 100 };
/** All of a tag's history. */
export const WHOLE_HISTORY = { beforeMs: undefined, sinceMs: undefined, digest: undefined, limit: 100 };

/** What the tests of one index share. */
export class SharedIndex {
  readonly #open: () => Promise<IndexUnderTest>;
  #place: IndexUnderTest | undefined;

  constructor(open: () => Promise<IndexUnderTest>) {
    this.#open = open;
  }

  /** Opens the index that they share. Its tests use repositories of their own. */
  async open(): Promise<void> {
    this.#place = await this.#open();
  }

  /** Closes and removes it. */
  async remove(): Promise<void> {
    await this.#place?.remove();
  }

  get #opened(): IndexUnderTest {
    if (this.#place === undefined) throw new Error('the index is not open');
    return this.#place;
  }

  get index(): Index {
    return this.#opened.index;
  }

  /** `IndexUnderTest.again` of the shared index. */
  again(): Promise<Index> {
    return this.#opened.again();
  }

  /** `IndexUnderTest.tagEvents` of the shared index. */
  tagEvents(repository: RepositoryName): Promise<readonly TagEvent[]> {
    return this.#opened.tagEvents(repository);
  }

  /** `IndexUnderTest.bodies` of the shared index. */
  bodies(digest: Digest): Promise<number> {
    return this.#opened.bodies(digest);
  }

  /** An index with nothing in it, for questions about all there is; removed when the test is over. */
  async openEmpty(): Promise<IndexUnderTest> {
    const empty = await this.#open();
    onTestFinished(() => empty.remove());
    return empty;
  }

  /** Whether the bytes under the key are to be removed. */
  async isDiscarded(key: string): Promise<boolean> {
    return (await this.index.blobs.discarded(ALL)).includes(key);
  }
}
