/**
 * What a text must look like, at least, for a pattern to fit it: every text that fits has the shape, and most others
 * have not. Pieces that are not understood are `ANYTHING`, which is always right.
 */
export type Shape =
  /** One character: code points from and to, in pairs. */
  | { readonly kind: 'char'; readonly ranges: Ranges }
  | { readonly kind: 'sequence'; readonly parts: readonly Shape[] }
  /** Any of these; none of them fits nothing. */
  | { readonly kind: 'choice'; readonly options: readonly Shape[] }
  /** Any number of times, and once at least. */
  | { readonly kind: 'star' | 'plus'; readonly of: Shape }
  /** Where the text begins, and where it ends. Without them it is enough that a part of the text fits. */
  | { readonly kind: 'begin' | 'end' };

/** Code points from and to, each included, in pairs. */
export type Ranges = ArrayLike<number>;

const LAST_CODE_POINT = 0x10ffff;

export const EMPTY: Shape = { kind: 'sequence', parts: [] };
export const BEGIN: Shape = { kind: 'begin' };
export const END: Shape = { kind: 'end' };
/** All characters. */
export const ALL: Ranges = [0, LAST_CODE_POINT];
export const ANY_CHAR: Shape = { kind: 'char', ranges: ALL };
export const ANYTHING: Shape = { kind: 'star', of: ANY_CHAR };

/** The text itself, character by character. */
export function textShape(text: string): Shape {
  return { kind: 'sequence', parts: Array.from(text, (char) => charShape(char.codePointAt(0) ?? 0)) };
}

export function charShape(codePoint: number): Shape {
  return ASCII[codePoint] ?? oneOf([codePoint]);
}

/** One of some characters. */
export function oneOf(codePoints: readonly number[]): Shape {
  return { kind: 'char', ranges: codePoints.flatMap((one) => [one, one]) };
}

/** Made once: long lists of rules are made of little else. */
const ASCII: readonly Shape[] = Array.from({ length: 128 }, (_, codePoint) => oneOf([codePoint]));

/** The characters outside of ranges, which may overlap. */
export function outside(ranges: Ranges): Ranges {
  const sorted = pairsOf(ranges).sort(([a], [b]) => a - b);
  const rest: number[] = [];
  let next = 0;
  for (const [low, high] of sorted) {
    if (low > next) rest.push(next, low - 1);
    next = Math.max(next, high + 1);
  }
  if (next <= LAST_CODE_POINT) rest.push(next, LAST_CODE_POINT);
  return rest;
}

export function isWithin(codePoint: number, ranges: Ranges): boolean {
  for (let at = 0; at < ranges.length; at += 2) {
    if (codePoint >= (ranges[at] ?? 0) && codePoint <= (ranges[at + 1] ?? -1)) return true;
  }
  return false;
}

/** Whether nothing at all has the shape, wherever it stands. */
export function mayBeEmpty(shape: Shape): boolean {
  switch (shape.kind) {
    case 'sequence':
      return shape.parts.every(mayBeEmpty);
    case 'choice':
      return shape.options.some(mayBeEmpty);
    case 'star':
      return true;
    case 'plus':
      return mayBeEmpty(shape.of);
    default:
      return false;
  }
}

function pairsOf(ranges: Ranges): [number, number][] {
  return Array.from({ length: ranges.length / 2 }, (_, pair) => [
    ranges[2 * pair] ?? 0,
    ranges[2 * pair + 1] ?? 0,
  ]);
}
