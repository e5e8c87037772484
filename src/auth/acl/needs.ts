import type { GlobChunk } from '../../pattern/glob-parser.ts';
import { globShape } from '../../pattern/glob-shape.ts';
import type { Shape } from '../../pattern/shape.ts';

/**
 * What a text must be, at least, for a pattern to match it: cheap to look up, and never more than is true. Of a
 * pattern with neither nothing is known.
 */
export interface Needs {
  /** It is this. */
  readonly exact?: string;
  /** It looks like this; absent beside `exact`. */
  readonly shape?: Shape;
}

export const NO_NEEDS: Needs = {};

export function globNeeds(chunks: readonly GlobChunk[]): Needs {
  const [first, ...others] = chunks;
  if (first === undefined) return { exact: '' };
  const [head, ...rest] = first.elements;
  const isText = !first.afterStar && typeof head === 'string' && rest.length === 0 && others.length === 0;
  return isText ? { exact: head } : { shape: globShape(chunks) };
}
