import { ANY, type GlobChunk, type GlobElement } from './glob-parser.ts';
import { ANYTHING, BEGIN, END, outside, type Shape, textShape } from './shape.ts';

const SLASH = 0x2f;
const NO_SLASH: Shape = { kind: 'char', ranges: outside([SLASH, SLASH]) };
const SEGMENT_PART: Shape = { kind: 'star', of: NO_SLASH };

/** What a glob fits, as a whole; anything in place of its slots. */
export function globShape(chunks: readonly GlobChunk[]): Shape {
  const parts = chunks.flatMap(({ afterStar, elements }) => [
    ...(afterStar ? [SEGMENT_PART] : []),
    ...elements.map(elementShape),
  ]);
  return { kind: 'sequence', parts: [BEGIN, ...parts, END] };
}

function elementShape(element: GlobElement): Shape {
  // Half of a surrogate pair could be completed by what stands beside it.
  if (typeof element === 'string') return element.isWellFormed() ? textShape(element) : ANYTHING;
  if (element === ANY) return NO_SLASH;
  if ('slot' in element) return ANYTHING;
  const ranges = element.ranges.flat();
  return { kind: 'char', ranges: element.negated ? outside(ranges) : ranges };
}
