import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';

/** How far the take-over of a registry's folder has come. Times are milliseconds since 1970. */
export interface TakeOverStatus {
  readonly startedAtMs: number;
  /** When the names of all repositories were known. */
  readonly listedAtMs: number | undefined;
  /** When all was taken over. */
  readonly finishedAtMs: number | undefined;
}

/** A status with how much there is. */
export interface TakeOverFigures extends TakeOverStatus {
  readonly repositories: number;
  /** Repositories that were not taken over yet. */
  readonly waiting: number;
  /** Of the repositories that were taken over. */
  readonly manifests: number;
  readonly tags: number;
  /** Blobs, counted once for each repository that holds them. */
  readonly blobs: number;
  /** Files of blobs and manifests that the registry does not have, or has elsewhere. Only right at the end. */
  readonly unusedFiles: number;
  readonly unusedBytes: number;
  readonly findings: number;
}

/** Something that is not as it should be in what was taken over. */
export interface TakeOverFinding {
  /** Names the kind; what it means is known to whoever found it. */
  readonly kind: string;
  /** Where, below the data folder. */
  readonly path: string;
  /** What is particular about it; may be empty. */
  readonly detail: string;
}

/** A blob that a repository links to. */
export interface OriginalBlob {
  readonly digest: Digest;
  readonly key: string;
  /** What it is to have. */
  readonly sizeBytes: number;
  /** The bytes are damaged or gone; with its size it does not look whole, so that the next push replaces them. */
  readonly isDamaged: boolean;
  /** When the link was written. */
  readonly atMs: number;
}

/** A manifest with its verified bytes. */
export interface OriginalManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  readonly atMs: number;
}

/** A tag and what it pointed to. */
export interface OriginalTag {
  readonly name: Tag;
  /** The oldest first; the last is what it points to now. */
  readonly moves: readonly { readonly digest: Digest; readonly atMs: number }[];
}

/** A file of the original registry. */
export interface OriginalFile {
  readonly digest: Digest;
  readonly key: string;
  readonly sizeBytes: number;
}

/** A part of a repository that is taken over in one transaction. Blobs come first and tags last. */
export interface OriginalPart {
  readonly repository: RepositoryName;
  /** Where the bytes of its blobs and manifests are. */
  readonly files: readonly OriginalFile[];
  /** Whether it is a repository for the catalog: one to which a manifest was pushed. */
  readonly isListed: boolean;
  readonly blobs: readonly OriginalBlob[];
  readonly manifests: readonly OriginalManifest[];
  readonly tags: readonly OriginalTag[];
  readonly findings: readonly TakeOverFinding[];
  /** The repository is whole with it, and no longer waits. */
  readonly isLast: boolean;
  readonly atMs: number;
}

/** A link that was taken over before. */
export interface KnownLink {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  /** When the link was written that was taken over. */
  readonly atMs: number;
  /** Whether the repository still has it; otherwise it was deleted since. */
  readonly isHere: boolean;
}

/**
 * Taking over what a registry:2 or registry:3 left in the data folder. All that is done here adds: nothing that the
 * index has is changed or removed by it, and nothing comes back that was deleted after it had been taken over.
 */
export interface TakeOverIndex {
  /** Undefined where there never was anything to take over. */
  status(): Promise<TakeOverStatus | undefined>;
  /** How many repositories there are, and how many of them wait. */
  progress(): Promise<{ readonly repositories: number; readonly waiting: number }>;
  /** Whether the bytes of any blob are in a file of the original registry. */
  usesFiles(): Promise<boolean>;
  /** Counts, so it is nothing for a request. */
  figures(): Promise<TakeOverFigures | undefined>;
  /** Notes that there is something to take over. Where that is known already, nothing changes. */
  begin(atMs: number): Promise<void>;
  /** Lets every repository wait again, and forgets what was found. */
  beginAgain(atMs: number): Promise<void>;
  /** Repositories that are to be taken over; those that are known stay as they are. */
  addRepositories(
    repositories: readonly { readonly name: RepositoryName; readonly isListed: boolean }[],
    atMs: number,
  ): Promise<void>;
  /** All names were added. */
  finishListing(atMs: number): Promise<void>;
  /** Whether the repository was taken over; undefined for one that is not known. */
  isDone(repository: RepositoryName): Promise<boolean | undefined>;
  /** Repositories that wait, in ASCII order. */
  waiting(page: { readonly after: string | undefined; readonly limit: number }): Promise<RepositoryName[]>;
  /** What was taken over of a repository before, in the order of kind and digest. */
  known(
    repository: RepositoryName,
    page: { readonly after: KnownLink | undefined; readonly limit: number },
  ): Promise<KnownLink[]>;
  /** @returns whether the repository still waited; otherwise another process was first, and nothing changed */
  store(part: OriginalPart): Promise<boolean>;
  /** Notes files that are there, whether or not anything uses them. */
  addFiles(files: readonly OriginalFile[], findings: readonly TakeOverFinding[]): Promise<void>;
  /** @returns whether nothing waits any more, and so all is taken over */
  finish(atMs: number): Promise<boolean>;
  /** What was found, in the order of kind and path. */
  findings(page: {
    readonly after: TakeOverFinding | undefined;
    readonly limit: number;
  }): Promise<TakeOverFinding[]>;
  /** How often each kind was found. */
  findingCounts(): Promise<Readonly<Record<string, number>>>;
  /**
   * Gives up files of the original registry that nothing uses any more, so that their bytes are removed like any
   * discarded ones. Only for where the operator asks: after it, the original registry is no longer whole. Does nothing
   * while the take-over is not finished.
   * @param page the files that are looked at, in ASCII order of their keys
   * @returns how many were given up, their size, and where the page ended; `next` is undefined after the last
   */
  release(page: {
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly files: number; readonly bytes: number; readonly next: string | undefined }>;
}
