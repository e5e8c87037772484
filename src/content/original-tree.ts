/** What stands in a folder. A link is never followed. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'link' | 'other';
}

/** The beginning of a file, and when it was written. */
export interface TreeFile {
  readonly bytes: Uint8Array;
  /** All of the file; more than there are bytes where it is larger than was asked for. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970, whole. */
  readonly atMs: number;
}

/**
 * What a registry:2 or registry:3 wrote, to be read and never changed. Paths are below `docker/registry/v2`, without a
 * slash at either end. Each method throws `TreeFault` for what the operator can mend there, and the store's own error
 * where asking again may help.
 */
export interface OriginalTree {
  /** The folder's entries in ASCII order; undefined where there is no such folder. */
  list(path: string): Promise<TreeEntry[] | undefined>;
  /** Undefined where there is no such file. */
  read(path: string, maxBytes: number): Promise<TreeFile | undefined>;
  /** Of a file that can be read; undefined where there is none. */
  sizeBytes(path: string): Promise<number | undefined>;
  /** Whether the registry was a pull-through cache of another one. */
  isCache(): Promise<boolean>;
  /** Lets go of what is open; what is asked afterwards opens it again. What is under way rejects. */
  close(): Promise<void>;
}

/** Why something of the tree cannot be used as it is. */
export type TreeFaultReason = 'denied' | 'link' | 'not-a-file' | 'not-a-folder';

/** Something in the tree that stays as it is until somebody mends it. */
export class TreeFault extends Error {
  readonly path: string;
  readonly reason: TreeFaultReason;

  constructor(path: string, reason: TreeFaultReason, options?: ErrorOptions) {
    super(`${path}: ${reason}`, options);
    this.name = 'TreeFault';
    this.path = path;
    this.reason = reason;
  }
}
