import type { SigningKeyRecord } from '../../index/signing-keys.ts';

/** When keys follow each other, in milliseconds. */
export interface Rotation {
  /** A key signs for so long before another follows; 0: until somebody asks for another. */
  readonly everyMs: number;
  /** So long before it signs a key is published, and so long after it signs no more it is still accepted. */
  readonly overlapMs: number;
}

type Times = Pick<SigningKeyRecord, 'signsFromMs'>;

/**
 * The key that signs: of those whose time has come, the one whose time came last.
 * @param keys the one that signs last first; with one at least
 */
export function signingAt<K extends Times>(keys: readonly K[], nowMs: number): K | undefined {
  // Before the time of all, as after a clock was set back, the first of them has to do.
  return keys.find(({ signsFromMs }) => signsFromMs <= nowMs) ?? keys.at(-1);
}

/** Those that signed once, and whose last token has expired since. */
export function outdatedAt<K extends Times>(keys: readonly K[], nowMs: number, overlapMs: number): K[] {
  const isOver = keys.findIndex(({ signsFromMs }) => signsFromMs + overlapMs <= nowMs);
  return isOver === -1 ? [] : keys.slice(isOver + 1);
}

/** When the key begins to sign that has to be made now; undefined where none has to. */
export function dueAt(keys: readonly Times[], nowMs: number, rotation: Rotation): number | undefined {
  const { everyMs, overlapMs } = rotation;
  const [last] = keys;
  if (everyMs === 0 || last === undefined || last.signsFromMs > nowMs) return undefined;
  const next = last.signsFromMs + everyMs;
  return nowMs < next - overlapMs ? undefined : Math.max(next, nowMs + overlapMs);
}
