import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { Page } from './tags.ts';

/** What rules of retention look at. Times are milliseconds since 1970. */
export interface TagFacts {
  readonly tag: Tag;
  readonly digest: Digest;
  /** When it was pointed to this manifest. */
  readonly movedAtMs: number;
  /** When its manifest was last pushed, under whatever name. */
  readonly pushedAtMs: number;
  /** When it, its manifest, or one that this lists was last pulled; undefined where none ever was. */
  readonly pulledAtMs: number | undefined;
  /**
   * When somebody last heard that its manifest, or one that this lists, is there, and may be about to refer to it.
   * Undefined where nobody did.
   */
  readonly askedAtMs: number | undefined;
  /**
   * The manifest of this repository to which the tag belongs by its name: `sha256-…` of the referrers tag schema, and
   * `sha256-….sig`, as cosign writes it.
   */
  readonly attachedTo: Digest | undefined;
  /** Of a tag as it was at an earlier time: what became of it since. */
  readonly since?: {
    /** It still points to this manifest, and never pointed elsewhere. */
    readonly isUnmoved: boolean;
    /** The last pull, if it was after that time; how it was before is not known then. */
    readonly pulledAtMs: number | undefined;
  };
}

/** A tag and its last move. */
export type TagMove = Pick<TagFacts, 'tag' | 'movedAtMs'>;

/** Tags that are to be removed. */
export interface TagRemoval {
  readonly repository: RepositoryName;
  /** As they were when it was decided: one of which anything is otherwise by now stays. */
  readonly tags: readonly {
    readonly facts: TagFacts;
    /** The rule by which it goes, for people. */
    readonly rule: string;
  }[];
  /** Tags that must still be there, moved no earlier: because of them the others may go. */
  readonly assuming: readonly TagMove[];
  /** Manifests that were pushed or asked for at this time or later stay: they may be part of a push under way. */
  readonly beforeMs: number;
  readonly actor: string;
  readonly atMs: number;
}

/** What was removed. */
export interface RemovedTags {
  /** Those that were asked for, and those that belonged to a manifest that went. */
  readonly tags: readonly Tag[];
  readonly manifests: readonly Digest[];
}

/** A manifest with what holds it and what it holds, within its repository. */
export interface ManifestTies {
  readonly digest: Digest;
  readonly pushedAtMs: number;
  readonly askedAtMs: number | undefined;
  /** How many tags point to it. */
  readonly tags: number;
  /** How many manifests list it. */
  readonly listedBy: number;
  /** Undefined also where the subject is not in the repository. */
  readonly subject: Digest | undefined;
  /** Manifests that it lists. */
  readonly children: readonly Digest[];
  /** Manifests whose subject it is. */
  readonly referrers: readonly Digest[];
  /** Tags that belong to it by their name. */
  readonly attached: readonly { readonly tag: Tag; readonly digest: Digest }[];
  readonly blobs: readonly { readonly digest: Digest; readonly sizeBytes: number }[];
}

/** Removal of tags by rules, and what there is to know before. */
export interface RetentionIndex {
  /** The tags of a repository, in ASCII order. */
  tags(repository: RepositoryName, page: Page): Promise<TagFacts[]>;
  /** The same for the tags that there were at an earlier time, by their history. */
  tagsAt(repository: RepositoryName, atMs: number, page: Page): Promise<TagFacts[]>;
  /**
   * Removes tags, and every manifest that nothing needs any more because of that: one without a tag, that no manifest
   * lists and whose subject is not in the repository. With it go the tags that belong to it by their name, and what it
   * lists and what refers to it, as far as nothing else needs these.
   * @returns `outdated` where what was assumed is not so any more, and nothing was changed
   */
  removeTags(removal: TagRemoval): Promise<RemovedTags | 'outdated'>;
  /** What `removeTags` looks at, to say beforehand what it would do. */
  ties(repository: RepositoryName, digest: Digest): Promise<ManifestTies | undefined>;
  /**
   * Whether a blob stays needed, or is in no repository at all.
   * @param gone so many manifests that name it are thought to be removed from these repositories
   */
  isBlobNeeded(digest: Digest, gone: Readonly<Record<string, number>>): Promise<boolean>;
}
