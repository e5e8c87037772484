import type { RemovalRecord } from '../../index/journal.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';

/** From a tag or a manifest down to what is explained: each needs, or keeps, the next. */
export interface Chain {
  /** The tag that keeps all of it; undefined where the first manifest is young, or nothing keeps it. */
  readonly tag: Tag | undefined;
  /** From the top down, without what is explained. */
  readonly steps: readonly { readonly manifest: Digest; readonly by: 'names' | 'subject' }[];
}

/**
 * What becomes of it in the next collection. `kept`: a tag keeps it. `untagged`: no tag does, but a manifest names it,
 * or it is one; it goes only where untagged manifests go. `young`: nothing keeps it but the grace time. `garbage`: it
 * goes. `deleted`: it was deleted and can be brought back. `removed`: it is gone. `unknown`: it was never here, or so
 * long ago that the journal has forgotten it.
 */
export type Fate = 'kept' | 'untagged' | 'young' | 'garbage' | 'deleted' | 'removed' | 'unknown';

/** Why something is in one repository, or is not. Times are milliseconds since 1970. */
export interface Place {
  readonly repository: RepositoryName;
  readonly fate: Fate;
  readonly chains: readonly Chain[];
  /** Until then the grace time of the built-in schedule keeps it. */
  readonly youngUntilMs: number | undefined;
  /** Until then it can be brought back, or what was deleted needs it. */
  readonly keptUntilMs: number | undefined;
  /** Deleted manifests that need it. */
  readonly neededByDeleted: readonly Digest[];
}

/** Why something is here, was removed, or is missing. */
export interface Explanation {
  readonly kind: 'blob' | 'manifest' | 'tag';
  readonly name: string;
  readonly fate: Fate;
  /** The manifest that a tag points to, or pointed to last. */
  readonly digest: Digest | undefined;
  readonly sizeBytes: number | undefined;
  readonly places: readonly Place[];
  /** What was removed of it, the latest first. */
  readonly removals: readonly RemovalRecord[];
}
