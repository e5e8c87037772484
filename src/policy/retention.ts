import type { NamePattern } from '../pattern/name-pattern.ts';

/** What `retention` of an entry says. Each rule keeps tags; a tag that no rule keeps is removed. */
export interface Retention {
  /** Every tag, whatever the other rules say. */
  readonly keepAll: boolean;
  /** So many tags, those that moved last. */
  readonly keepLast: number | undefined;
  /** The same among the tags that a pattern fits, for each of them. */
  readonly keepLastMatching: readonly { readonly pattern: NamePattern; readonly count: number }[];
  /** Tags that moved, or whose manifest was pushed, within this time. */
  readonly keepYoungerThanMs: number | undefined;
  /** Tags that were pulled within this time. */
  readonly keepPulledWithinMs: number | undefined;
  readonly keepMatching: readonly NamePattern[];
  /** Immutable tags go as any others do; otherwise they are all kept. */
  readonly removeImmutable: boolean;
}
