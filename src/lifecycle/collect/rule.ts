import type { GarbageRule } from '../../index/garbage.ts';
import { HELD_EARLIER_MS } from '../../registry/blobs.ts';

/** What people say of a collection. */
export interface CollectionWishes {
  readonly nowMs: number;
  /** 0: whatever nothing names goes, however young it is. */
  readonly graceMs: number;
  /** Manifests too that nothing keeps. */
  readonly untagged: boolean;
  /** How long what was deleted can be brought back; 0: not at all. */
  readonly keepDeletedMs: number;
}

/**
 * What came before this time is old. Whoever heard that something is there finds it for the whole grace time; without
 * one, what came a moment before the removal is old, too.
 */
export function oldBeforeMs({ nowMs, graceMs }: { nowMs: number; graceMs: number }): number {
  return graceMs === 0 ? Number.MAX_SAFE_INTEGER : nowMs - graceMs - HELD_EARLIER_MS;
}

/** The rule that these wishes make. */
export function garbageRule({ nowMs, graceMs, untagged, keepDeletedMs }: CollectionWishes): GarbageRule {
  return {
    beforeMs: oldBeforeMs({ nowMs, graceMs }),
    keptSinceMs: keepDeletedMs === 0 ? undefined : nowMs - keepDeletedMs,
    untaggedManifests: untagged,
  };
}

/** A duration as people write it in a configuration: `24h`, `90m`, `1.5s`. */
export function durationText(ms: number): string {
  for (const [unit, unitMs] of [
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const) {
    if (ms >= unitMs && ms % unitMs === 0) return `${ms / unitMs}${unit}`;
  }
  return `${ms / 1000}s`;
}

/** The rule as the journal tells it. */
export function ruleText({ graceMs, untagged }: Pick<CollectionWishes, 'graceMs' | 'untagged'>): string {
  return `${untagged ? 'untagged manifests too, ' : ''}grace time ${durationText(graceMs)}`;
}
