/**
 * What is void: everything that was issued to an account until now, or everything that comes from one grant (a personal
 * access token, a login that is kept).
 */
export type RevocationKind = 'account' | 'grant';

/** Everything of this name that was issued before the revocation of this number is void. */
export interface Revocation {
  readonly kind: RevocationKind;
  /** The account, or the id of the grant. */
  readonly name: string;
  /** Counted from 1. */
  readonly generation: number;
}

/**
 * What was issued and is void before its time. Each revocation has a number that is larger than all before; whoever
 * issues something notes the number of the last one, read before it is decided who asks.
 */
export interface RevocationIndex {
  /** The number of the last revocation; 0 where there was none. Cheap: for each request. */
  generation(): Promise<number>;
  /** Those that are kept, with a larger number than this, in their order. */
  since(generation: number): Promise<Revocation[]>;
  revoke(kind: RevocationKind, name: string, atMs: number): Promise<void>;
  /** Forgets those from before a time: nothing that they are about is valid any more. @returns how many */
  prune(beforeMs: number): Promise<number>;
}
