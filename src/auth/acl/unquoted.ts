import { compileGlob, quoteGlob } from '../../pattern/glob.ts';
import { quoteRegex } from '../../pattern/regex.ts';
import { GlobSyntaxError } from '../../pattern/syntax-error.ts';
import { someCombination } from './combinations.ts';
import type { RegexCache } from './regex-cache.ts';
import { NEVER } from './regex-template.ts';
import { distinctPlaceholders, type TemplatePart, type ValuesOf } from './template.ts';

interface Piece {
  readonly text: string;
  /** From the configuration, a group or a label: what it holds is part of the pattern. */
  readonly isPattern: boolean;
}

/**
 * docker_auth's own reading: groups and label values are put in as they are, so that a label `test/*` is a
 * pattern, and the result decides whether it is a regex. The four fields stay literal, and unlike there never
 * turn a glob into a regex by their slashes.
 */
export function compileUnquotedTemplate(
  parts: readonly TemplatePart[],
  cache: RegexCache,
): (subject: string, valuesOf: ValuesOf) => boolean {
  const { placeholders, slotOf } = distinctPlaceholders(parts);
  const hasLabels = placeholders.some((part) => part.placeholder.kind === 'label');
  return (subject, valuesOf) => {
    const given = placeholders.map(({ placeholder }) => valuesOf(placeholder));
    const test = (values: readonly string[], isComplete: boolean) => {
      const pieces = parts.map((part): Piece => {
        if ('text' in part) return { text: part.text, isPattern: true };
        return { text: values[slotOf(part)] ?? '', isPattern: part.placeholder.kind !== 'field' };
      });
      if (isRegex(pieces)) return testRegex(pieces, subject, cache);
      return isComplete && testGlob(pieces, subject);
    };
    // docker_auth tries the pattern without any label first: one branch of a regex may do without.
    const withoutLabels = placeholders.map(({ placeholder }, index) =>
      placeholder.kind === 'label' ? NEVER : (given[index]?.[0] ?? NEVER),
    );
    if (hasLabels && test(withoutLabels, false)) return true;
    const isComplete = given.every((values) => values.length > 0);
    const lists = given.map((values) => (values.length > 0 ? values : [NEVER]));
    return someCombination(lists, (values) => test(values, isComplete));
  };
}

function testRegex(pieces: readonly Piece[], subject: string, cache: RegexCache): boolean {
  return cache(write(pieces, quoteRegex).slice(1, -1))?.test(subject) ?? false;
}

function testGlob(pieces: readonly Piece[], subject: string): boolean {
  try {
    return compileGlob(write(pieces, quoteGlob))(subject);
  } catch (error) {
    // docker_auth: a pattern that turns bad through its values does not match.
    if (error instanceof GlobSyntaxError) return false;
    throw error;
  }
}

function write(pieces: readonly Piece[], quote: (text: string) => string): string {
  return pieces.map((piece) => (piece.isPattern ? piece.text : quote(piece.text))).join('');
}

function isRegex(pieces: readonly Piece[]): boolean {
  const filled = pieces.filter((piece) => piece.text !== '');
  const [first] = filled;
  const last = filled.at(-1);
  if (first === undefined || last === undefined || !first.isPattern || !last.isPattern) return false;
  const length = filled.reduce((sum, piece) => sum + piece.text.length, 0);
  return length > 2 && first.text.startsWith('/') && last.text.endsWith('/');
}
