import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';

/** A blob in a repository. */
export interface BlobLink {
  readonly repository: RepositoryName;
  /** When it came, came again, or somebody was last told that it is there. */
  readonly youngSinceMs: number;
}

/** A manifest of a repository, and what time has to do with it. */
export interface ManifestTimes {
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly subject: Digest | undefined;
  readonly pushedAtMs: number;
  /** When it last lost a tag. */
  readonly untaggedAtMs: number | undefined;
  /** When somebody was last told that it is there. */
  readonly askedAtMs: number | undefined;
}

/** Questions of whoever wants to know why something is there. Each looks at one step, and at most `limit` entries. */
export interface ProvenanceIndex {
  /** The size of the blob, in whichever repository it is; undefined where it is in none. */
  blobBytes(digest: Digest): Promise<number | undefined>;
  /** Repositories that hold the blob; any of them, where there are more. */
  links(digest: Digest, limit: number): Promise<BlobLink[]>;
  link(repository: RepositoryName, digest: Digest): Promise<BlobLink | undefined>;
  manifest(repository: RepositoryName, digest: Digest): Promise<ManifestTimes | undefined>;
  /** Manifests of the repository that name the blob or list the manifest. */
  namedBy(repository: RepositoryName, digest: Digest, limit: number): Promise<Digest[]>;
  /** Deleted manifests of the repository that named it, the latest first. */
  namedByDeleted(
    repository: RepositoryName,
    digest: Digest,
    limit: number,
  ): Promise<{ digest: Digest; deletedAtMs: number }[]>;
  tagsOf(repository: RepositoryName, digest: Digest, limit: number): Promise<Tag[]>;
}
