import type { Target, Way } from './transfer.ts';

/** What the bench asks a transfer child to do. */
export type Order =
  /** Push `count` new blobs of `bytes` at once, each on its own connection. */
  | {
      readonly kind: 'push';
      readonly target: Target;
      readonly bytes: number;
      readonly count: number;
      readonly way: Way;
    }
  | {
      readonly kind: 'pull';
      readonly target: Target;
      readonly digest: string;
      readonly bytes: number;
      readonly verify: boolean;
    }
  /** Make content of this size ready, so that a later push starts at once. */
  | { readonly kind: 'prepare'; readonly bytes: number };

/** What a transfer child answers. Times as decimal nanoseconds: JSON has no bigint. */
export type Report =
  | { readonly ok: true; readonly start: string; readonly end: string; readonly digests: readonly string[] }
  | { readonly ok: false; readonly reason: string };
