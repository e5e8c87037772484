import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';

/** Something that is not what it should be. `reason` is a clause. */
export type Damage =
  | {
      readonly kind: 'blob' | 'manifest';
      readonly digest: Digest;
      readonly sizeBytes: number | undefined;
      /** One of the repositories that hold it; undefined where none does. */
      readonly repository: RepositoryName | undefined;
      readonly reason: string;
      readonly quarantined: boolean;
    }
  /** A manifest that cannot be pulled whole. */
  | {
      readonly kind: 'incomplete';
      readonly repository: RepositoryName;
      readonly digest: Digest;
      readonly missing: readonly Digest[];
      readonly reason: string;
    };

/** What a verification looked at and found. */
export interface Verified {
  readonly blobs: number;
  /** Of those blobs. */
  readonly bytes: number;
  /** By digest, wherever they are. */
  readonly manifests: number;
  readonly repositories: number;
  readonly damaged: number;
  readonly quarantined: number;
  /** False where a signal ended it. */
  readonly isComplete: boolean;
  /** The last blob that was looked at, where to go on; undefined where none was. */
  readonly last: Digest | undefined;
}
