import type { GlobChunk } from '../../pattern/glob-parser.ts';

/**
 * What a text must be, at least, for a pattern to match it: cheap to look up, and never more than is true. A pattern
 * of which nothing is known has none of them.
 */
export interface Needs {
  /** It is this. */
  readonly exact?: string;
  /** It begins with this. */
  readonly prefix?: string;
  /** It has all of these in it. */
  readonly contains: readonly string[];
}

export const NO_NEEDS: Needs = { contains: [] };

/** A glob has no alternatives: each of its literal parts must be there, whatever stands in its slots. */
export function globNeeds(chunks: readonly GlobChunk[]): Needs {
  const [first] = chunks;
  if (first === undefined) return { exact: '', contains: [] };
  const contains = chunks.flatMap(({ elements }) => elements.filter((one) => typeof one === 'string'));
  const [head] = first.elements;
  if (first.afterStar || typeof head !== 'string') return { contains };
  const isAll = chunks.length === 1 && first.elements.length === 1;
  return isAll ? { exact: head, contains } : { prefix: head, contains };
}
