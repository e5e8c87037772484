import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { BlobRecord } from './blobs.ts';
import type { Page } from './tags.ts';

/** What holds on to a key. A key only ever moves onwards in this list, and is forgotten at its end. */
export const KEY_USES = ['upload', 'blob', 'quarantine', 'discarded'] as const;

export type KeyUse = (typeof KEY_USES)[number];

/** A part of a list whose order is the index's own. */
export interface CursorPage<T> {
  readonly entries: readonly T[];
  /** Where the next page begins, for `Page.after`; undefined where this one was the last. */
  readonly next: string | undefined;
}

/** A manifest of a repository, and what of it is not there. */
export interface ManifestState {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Whether its own bytes are there. */
  readonly hasBytes: boolean;
  /** What it refers to and the repository does not have; some of that may be allowed to be missing. */
  readonly absent: readonly Digest[];
}

/** Something that was found damaged and set aside. */
export interface QuarantineEntry {
  readonly id: number;
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  /** Where the damaged bytes of a blob are kept; undefined for a manifest, and once they were discarded. */
  readonly key: string | undefined;
  /** As the index had it. */
  readonly sizeBytes: number;
  /** A clause: what was found. */
  readonly reason: string;
  readonly atMs: number;
  /** When the same content was pushed again; undefined as long as it was not. */
  readonly healedAtMs: number | undefined;
}

/** A blob whose bytes are not what its digest says. */
export interface DamagedBlob {
  readonly digest: Digest;
  /** Where the damaged bytes are: a push that came meanwhile is left alone. */
  readonly key: string;
  readonly reason: string;
  readonly atMs: number;
}

/** A manifest whose bytes are not what its digest says. */
export interface DamagedManifest {
  readonly digest: Digest;
  /** What was found; undefined where nothing was. */
  readonly bytes: Uint8Array | undefined;
  readonly reason: string;
  readonly atMs: number;
}

/** A verification that goes on where it stopped, in whatever process. */
export interface VerifyRun {
  readonly name: string;
  /** Who carries it out. */
  readonly owner: string;
  readonly nowMs: number;
}

/**
 * What a verification of the content asks and changes. What is quarantined is not there for any client: not in HEAD,
 * and not for a mount or a manifest that names it. Who holds it stays as it was, so that one push of the digest heals
 * it in every repository.
 */
export interface IntegrityIndex {
  /** All blobs that are not in quarantine, in ASCII order of their digests. */
  blobs(page: Page): Promise<BlobRecord[]>;
  /** Where a blob is now, whoever holds it. */
  blob(digest: Digest): Promise<BlobRecord | undefined>;
  /** Digests of all manifests whose bytes are kept, in ASCII order. */
  bodies(page: Page): Promise<Digest[]>;
  /** The manifests of one repository that are not in quarantine, in ASCII order. */
  manifests(repository: RepositoryName, page: Page): Promise<ManifestState[]>;
  /**
   * All keys in one use. Who reads the uses in the order of {@link KEY_USES} sees every key that was known when the
   * reading began and was not forgotten meanwhile.
   */
  keys(use: KeyUse, page: Page): Promise<CursorPage<string>>;
  /** @returns false where the blob is elsewhere by now, or gone; nothing was changed then */
  quarantineBlob(damaged: DamagedBlob): Promise<boolean>;
  /** @returns false where other bytes are there by now, or nothing names the manifest; nothing was changed then */
  quarantineManifest(damaged: DamagedManifest): Promise<boolean>;
  /**
   * Whether something that the repository holds is in quarantine. Cheap.
   * @param reference a digest, or for a manifest a tag
   */
  isQuarantined(
    repository: RepositoryName,
    kind: QuarantineEntry['kind'],
    reference: Digest | Tag,
  ): Promise<boolean>;
  /** The oldest first. @param page.after the id where the page before ended */
  quarantined(page: Page): Promise<QuarantineEntry[]>;
  /**
   * Gives up the damaged bytes. An entry is forgotten where it was healed or nothing needs its content any more.
   * @returns how many of the ids were found
   */
  discardQuarantined(ids: readonly number[]): Promise<number>;
  /**
   * Begins a run, or goes on with one that was left.
   * @param options.dueBeforeMs one that was finished later than this is not begun again
   * @param options.leftBeforeMs one of another owner that said something later than this is left to that one
   * @returns where to go on; undefined where there is nothing to do
   */
  beginRun(
    run: VerifyRun,
    options: { readonly dueBeforeMs: number; readonly leftBeforeMs: number },
  ): Promise<{ readonly after: string | undefined } | undefined>;
  /** @param after where the run stands; undefined at its end. @returns false where another owner has taken it over */
  saveRun(run: VerifyRun, after: string | undefined): Promise<boolean>;
}
