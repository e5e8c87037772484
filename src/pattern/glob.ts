import { ANY, type GlobChunk, type GlobElement, parseGlob } from './glob-parser.ts';

export { GlobSyntaxError } from './syntax-error.ts';

/**
 * Go's path.Match: `*` any characters but `/`, `?` one character but `/`, `[a-z]` and `[^a]` one character,
 * `\` takes the next character literally. The whole name must match.
 *
 * It works on code points. Go steps through `*` by bytes and can so end inside a character, where `?` takes
 * one byte (`*??` matches `☺`); that is the only difference.
 *
 * @throws GlobSyntaxError where Go says ErrBadPattern, which does not depend on the name
 */
export function compileGlob(pattern: string): (name: string) => boolean {
  const chunks = parseGlob(pattern, [{ text: pattern, offset: 0 }]);
  const [first] = chunks;
  if (first === undefined) return (name) => name === '';
  const [literal] = first.elements;
  if (chunks.length === 1 && !first.afterStar && first.elements.length === 1 && typeof literal === 'string') {
    return (name) => name === literal;
  }
  if (first.afterStar || typeof literal !== 'string') return (name) => matchGlob(chunks, name, []);
  // Most patterns of a list differ from the name at once.
  return (name) => name.startsWith(literal) && matchGlob(chunks, name, []);
}

/** A text that `compileGlob` takes for nothing but itself. */
export function quoteGlob(text: string): string {
  return text.replace(/[*?[\\]/g, '\\$&');
}

/**
 * Matches as Go does: every chunk at the first place where it fits, never reconsidered. So the cost is at most
 * the product of the lengths, whatever the pattern.
 *
 * @param values the texts of the slots
 */
export function matchGlob(chunks: readonly GlobChunk[], name: string, values: readonly string[]): boolean {
  const last = chunks.at(-1);
  let position = 0;
  for (const chunk of chunks) {
    position = chunk.afterStar
      ? findChunk(chunk.elements, name, position, values, chunk === last)
      : matchChunk(chunk.elements, name, position, values);
    if (position < 0) return false;
  }
  return position === name.length;
}

/** The end of the first fit at or after `from` without passing a `/`; -1 if there is none. */
function findChunk(
  elements: readonly GlobElement[],
  name: string,
  from: number,
  values: readonly string[],
  mustReachEnd: boolean,
): number {
  const slash = name.indexOf('/', from);
  if (elements.length === 0) return slash < 0 ? name.length : -1;
  const limit = slash < 0 ? name.length : slash;
  const [first] = elements;
  for (let at = from; at <= limit; at += codeUnits(name.codePointAt(at) ?? 0)) {
    if (typeof first === 'string') {
      at = name.indexOf(first, at);
      if (at < 0 || at > limit) return -1;
    }
    const end = matchChunk(elements, name, at, values);
    if (end >= 0 && (!mustReachEnd || end === name.length)) return end;
  }
  return -1;
}

/** The end of the chunk if it fits at `from`, else -1. */
function matchChunk(
  elements: readonly GlobElement[],
  name: string,
  from: number,
  values: readonly string[],
): number {
  let at = from;
  for (const element of elements) {
    const width = widthOf(element, name, at, values);
    if (width < 0) return -1;
    at += width;
  }
  return at;
}

/** How much of the name the element takes at `at`; -1 if it does not fit. */
function widthOf(element: GlobElement, name: string, at: number, values: readonly string[]): number {
  if (typeof element === 'string') return name.startsWith(element, at) ? element.length : -1;
  if (element !== ANY && 'slot' in element) {
    const text = values[element.slot];
    return text !== undefined && name.startsWith(text, at) ? text.length : -1;
  }
  const code = name.codePointAt(at);
  if (code === undefined) return -1;
  const fits =
    element === ANY
      ? code !== SLASH
      : element.ranges.some(([low, high]) => low <= code && code <= high) !== element.negated;
  return fits ? codeUnits(code) : -1;
}

const SLASH = 0x2f;

function codeUnits(code: number): number {
  return code > 0xffff ? 2 : 1;
}
