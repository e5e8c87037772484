import { matchGlob } from './glob.ts';
import { type GlobChunk, parseGlob } from './glob-parser.ts';
import { compileRegex } from './regex.ts';
import { GlobSyntaxError, PatternSyntaxError } from './syntax-error.ts';

/** A pattern for names of repositories or tags. */
export interface NamePattern {
  /** As it was written. */
  readonly text: string;
  /** What it names when it names one thing only: a pattern without wildcards. */
  readonly literal: string | undefined;
  test(name: string): boolean;
}

/** `**` as a whole segment. */
const ANY_SEGMENTS = Symbol('**');

type Segment = readonly GlobChunk[] | typeof ANY_SEGMENTS;

/**
 * Compiles a pattern. As in docker_auth, a text of more than two characters that is enclosed in slashes is a regex in
 * Go's syntax, which may match anywhere in the name: `^` and `$` tie it down. Anything else is a glob for the whole
 * name: `*` and `?` stand within one segment of the path, `[a-z]` and `[^a-z]` for one character, `\` takes the next
 * character literally, and `**` is any number of segments. At the end that is one at least: `ci/**` is everything
 * below `ci`, and `ci` is not below itself.
 *
 * @throws PatternSyntaxError
 */
export function compileNamePattern(text: string): NamePattern {
  if (text.length > 2 && text.startsWith('/') && text.endsWith('/')) return regexPattern(text);
  const segments = parseSegments(text);
  return { text, literal: literalOf(segments), test: (name) => matchSegments(segments, name.split('/')) };
}

/** Whether any of the patterns fits. */
export function matchesAny(patterns: readonly NamePattern[], name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}

function regexPattern(text: string): NamePattern {
  try {
    const regex = compileRegex(text.slice(1, -1));
    return { text, literal: undefined, test: (name) => regex.test(name) };
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    throw new PatternSyntaxError(error.message, text, 0, { cause: error });
  }
}

function parseSegments(text: string): readonly Segment[] {
  const segments: Segment[] = [];
  let offset = 0;
  for (const source of text.split('/')) {
    if (source === '**') segments.push(ANY_SEGMENTS);
    else segments.push(parseSegment(text, source, offset));
    offset += source.length + 1;
  }
  return segments;
}

function parseSegment(whole: string, text: string, offset: number): readonly GlobChunk[] {
  const fault = /\\.|(\*\*)|(\[!)|(\[(?:\\.|[^\]\\])*$)/gsu;
  for (const found of text.matchAll(fault)) {
    const [, stars, negation, unclosed] = found;
    const at = offset + found.index;
    if (stars !== undefined) {
      throw new GlobSyntaxError(
        '** beside other characters: it stands alone between slashes, as in ci/**; write * for any characters but /',
        whole,
        at,
      );
    }
    if (negation !== undefined) {
      throw new GlobSyntaxError('[! is how a shell negates: write [^', whole, at);
    }
    if (unclosed !== undefined) {
      throw new GlobSyntaxError(
        '[ is never closed in its segment: write ] after the characters, or \\[ for a bracket',
        whole,
        at,
      );
    }
  }
  return parseGlob(whole, [{ text, offset }]);
}

function literalOf(segments: readonly Segment[]): string | undefined {
  const texts: string[] = [];
  for (const segment of segments) {
    if (segment === ANY_SEGMENTS) return undefined;
    const [chunk, ...more] = segment;
    const [text = '', ...others] = chunk?.elements ?? [];
    if (more.length > 0 || chunk?.afterStar === true || others.length > 0 || typeof text !== 'string') {
      return undefined;
    }
    texts.push(text);
  }
  return texts.join('/');
}

/**
 * Where a segment does not fit, the last `**` takes one more. Going back to an earlier one could find nothing that the
 * last cannot, so the cost is at most the product of the lengths.
 */
function matchSegments(segments: readonly Segment[], name: readonly string[]): boolean {
  let at = 0;
  let next = 0;
  let retry: { readonly segment: number; at: number } | undefined;
  while (at < name.length) {
    const segment = segments[next];
    if (segment === ANY_SEGMENTS) {
      if (next === segments.length - 1) return true;
      next += 1;
      retry = { segment: next, at };
    } else if (segment !== undefined && matchGlob(segment, name[at] ?? '', [])) {
      at += 1;
      next += 1;
    } else if (retry !== undefined) {
      retry.at += 1;
      at = retry.at;
      next = retry.segment;
    } else {
      return false;
    }
  }
  return next === segments.length;
}
