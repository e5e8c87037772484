/** The faults that a run goes through, and what the preload in a process is told. */

export const CALLS = {
  mkdir: ['EIO', 'ENOSPC', 'delay'],
  create: ['EIO', 'ENOSPC', 'EMFILE', 'delay'],
  open: ['EIO', 'EMFILE', 'delay'],
  write: ['EIO', 'ENOSPC', 'short', 'delay'],
  datasync: ['EIO', 'ENOSPC', 'delay'],
  syncfolder: ['EIO', 'delay'],
  close: ['EIO', 'delay'],
  read: ['EIO', 'short', 'delay'],
  stat: ['EIO', 'delay'],
  remove: ['EIO', 'EBUSY', 'delay'],
  access: ['EROFS', 'delay'],
} as const;

export type Call = keyof typeof CALLS;

/** At one of the next times that the store makes this call, this happens. */
export interface Fault {
  readonly call: Call;
  /** An error code, `short` for a read or write that does less than it was asked, or `delay`. */
  readonly fault: string;
  /** So many calls go through before. */
  readonly skip: number;
}

export const ALL_FAULTS: readonly Omit<Fault, 'skip'>[] = Object.entries(CALLS).flatMap(([call, faults]) =>
  faults.map((fault) => ({ call: call as Call, fault })),
);

/** What the preload is told, as JSON in the environment. */
export interface Injection {
  /** The data folder; calls elsewhere are left alone. */
  readonly root: string;
  /** A file to which it writes what it did to files, for the loss of power. */
  readonly journal: string;
  /** Removed files are kept here, since a loss of power may bring them back. */
  readonly graveyard: string;
  /** A file to which it writes each fault that it made. */
  readonly log: string;
  readonly faults: readonly Fault[];
}

export const INJECTION_VARIABLE = 'TORTURE_INJECTION';

/**
 * What was done to a file, in the order of `at`: nanoseconds of a clock that all processes share, when it began, and of
 * a file that was made, when that was over. Another process that finds a folder made, or a file removed, may sync that
 * before the one that did it can say so.
 */
export type JournalEntry =
  | { readonly at: string; readonly op: 'create' | 'mkdir'; readonly path: string }
  /** So many bytes are durable. */
  | { readonly at: string; readonly op: 'sync'; readonly path: string; readonly size: number }
  | { readonly at: string; readonly op: 'syncfolder'; readonly path: string }
  | { readonly at: string; readonly op: 'remove'; readonly path: string; readonly kept: string };
