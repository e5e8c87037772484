import type { Digest } from './digest.ts';

/** Entity tags as a conditional request lists them, without their quotes; `*` stands for any there is. */
export type EntityTags = '*' | readonly string[];

/**
 * What must be true of what is there now for a request to be carried out (RFC 9110, section 13.1). The entity tag of
 * a manifest or blob is its digest.
 */
export interface Precondition {
  readonly ifMatch?: EntityTags | undefined;
  readonly ifNoneMatch?: EntityTags | undefined;
}

/** @param current what is there now; undefined where there is nothing */
export function isAmong(tags: EntityTags, current: Digest | undefined): boolean {
  return current !== undefined && (tags === '*' || tags.includes(current));
}

/** @param current what is there now; undefined where there is nothing */
export function holds({ ifMatch, ifNoneMatch }: Precondition, current: Digest | undefined): boolean {
  if (ifMatch !== undefined && !isAmong(ifMatch, current)) return false;
  return ifNoneMatch === undefined || !isAmong(ifNoneMatch, current);
}
