import type { Ranges } from './shape.ts';

/** Numbers sets of characters, so that equal ones have the same number. */
export class RangeTable {
  readonly #all: Ranges[] = [];
  /** Of sets of one character, which most are. */
  readonly #single = new Map<number, number>();
  readonly #buckets = new Map<string, number[]>();

  /** By their numbers. */
  get all(): readonly Ranges[] {
    return this.#all;
  }

  numberOf(ranges: Ranges): number {
    const { length } = ranges;
    const [low = 0, high = -1] = [ranges[0], ranges[1]];
    if (length === 2 && low === high) {
      const known = this.#single.get(low) ?? this.#all.push(ranges) - 1;
      this.#single.set(low, known);
      return known;
    }
    const key = `${length} ${low} ${high} ${ranges[length >> 1]}`;
    const bucket = this.#buckets.get(key) ?? [];
    const found = bucket.find((number) => isEqual(this.#all[number] ?? [], ranges));
    if (found !== undefined) return found;
    const number = this.#all.push(ranges) - 1;
    bucket.push(number);
    this.#buckets.set(key, bucket);
    return number;
  }
}

function isEqual(a: Ranges, b: Ranges): boolean {
  for (let at = 0; at < b.length; at += 1) if (a[at] !== b[at]) return false;
  return a.length === b.length;
}

const DIRECT = 256;

/**
 * Cuts all characters into pieces, so that no set tells two characters of one piece apart.
 * @returns for a code point, the first one of its piece
 */
export function piecesOf(sets: readonly Ranges[]): (codePoint: number) => number {
  const starts = new Set([0]);
  for (const ranges of sets) {
    for (let at = 0; at < ranges.length; at += 2) {
      starts.add(ranges[at] ?? 0).add((ranges[at + 1] ?? 0) + 1);
    }
  }
  const sorted = Int32Array.from(starts).sort();
  const search = (codePoint: number): number => {
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((sorted[middle] ?? 0) <= codePoint) low = middle;
      else high = middle - 1;
    }
    return sorted[low] ?? 0;
  };
  const direct = Int32Array.from({ length: DIRECT }, (_, codePoint) => search(codePoint));
  return (codePoint) => direct[codePoint] ?? search(codePoint);
}
