import { quoteRegex, type Regex, readRegex } from '../../pattern/regex.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import { someCombination } from './combinations.ts';
import { type Needs, NO_NEEDS } from './needs.ts';
import type { RegexCache } from './regex-cache.ts';
import { findQuoted } from './regex-context.ts';
import { distinctPlaceholders, type PlaceholderPart, type TemplatePart, type ValuesOf } from './template.ts';

/**
 * Matches nothing, whatever quantifier follows. docker_auth leaves a placeholder without value as it is, and
 * so it reads in a regex: the end of the text, then more text.
 */
export const NEVER = '$\\{\\}';

/** Matches whatever a placeholder may stand for. */
const ANYTHING = '(?s:.*)';

export interface RegexTemplate {
  test(subject: string, valuesOf: ValuesOf): boolean;
  /** With placeholders that match nothing: docker_auth takes groups from this one. */
  readonly regex: Regex;
  /** Of the text, for any match. */
  readonly needs: Needs;
}

/**
 * A regex with placeholders, whose values match nothing but themselves. The other branches of an alternative
 * still match when a placeholder has no value, as in docker_auth.
 *
 * @param whole the pattern with its slashes
 * @throws PatternSyntaxError
 */
export function compileRegexTemplate(
  whole: string,
  parts: readonly TemplatePart[],
  cache: RegexCache,
): RegexTemplate {
  const { placeholders, slotOf } = distinctPlaceholders(parts);
  const write = regexWriter(whole, parts, slotOf);
  const regex = readUnfilled(whole, write(placeholders.map(() => NEVER)));
  const uses = placeholders.map((part) => usageOf(part, parts));

  const test: RegexTemplate['test'] = (subject, valuesOf) => {
    const lists: string[][] = [];
    for (const { placeholder, mustOccur, mustOccurToMatter, mayBeAlternatives } of uses) {
      const all = valuesOf(placeholder);
      const values = mustOccurToMatter ? all.filter((value) => subject.includes(value)) : all;
      if (values.length === 0 && mustOccur) return false;
      const quoted = values.length === 0 ? [NEVER] : values.map(quoteRegex);
      lists.push(mayBeAlternatives && quoted.length > 1 ? [`(?:${quoted.join('|')})`] : quoted);
    }
    return someCombination(lists, (values) => {
      const source = write(values);
      // docker_auth decides what is a regex by the result, and // is too short for one.
      if (source === '') return subject === '//';
      return cache(source)?.test(subject) ?? false;
    });
  };
  return { test, regex, needs: needsOf(write(placeholders.map(() => ANYTHING))) };
}

/** Puts regex sources in the place of the placeholders. */
function regexWriter(
  whole: string,
  parts: readonly TemplatePart[],
  slotOf: (part: PlaceholderPart) => number,
): (values: readonly string[]) => string {
  const quoted = findQuoted(whole, parts);
  return (values) =>
    parts
      .map((part) => {
        if ('text' in part) return part.text;
        const value = values[slotOf(part)] ?? NEVER;
        return quoted.has(part) ? `\\E${value}\\Q` : value;
      })
      .join('');
}

const COUNTED = /^(?:\\[QE]|\(\?[a-zA-Z-]*\))*[*?{+]/;

function usageOf(part: PlaceholderPart, parts: readonly TemplatePart[]) {
  const texts = parts.map((other) => ('text' in other ? other.text : ''));
  const text = texts.join('');
  const places = parts.flatMap((other, at) =>
    'source' in other && other.source === part.source ? [at] : [],
  );
  // Then the last letter of the value may be left out, or the value as a whole may be repeated.
  // What stands in between may be empty: a placeholder, a group of flags, a quote.
  const isCounted = places.some((at) => COUNTED.test(texts.slice(at + 1).find(Boolean) ?? ''));
  const mayIgnoreCase = /\(\?[a-zA-Z-]*i/.test(text);
  const hasOptionalPart = /\||\(\?|\)[*?{]/.test(text);
  const mustOccurToMatter = !isCounted && !mayIgnoreCase;
  return {
    placeholder: part.placeholder,
    /** A value that does not occur in the subject can do no more than NEVER. */
    mustOccurToMatter,
    /** If no value occurs in the subject, the regex cannot match. */
    mustOccur: mustOccurToMatter && !hasOptionalPart,
    /** Several values can be tried at once. */
    mayBeAlternatives: part.placeholder.kind === 'label' && places.length === 1 && !isCounted && text !== '',
  };
}

/** @throws PatternSyntaxError with the pattern as written, not as filled in */
function readUnfilled(whole: string, source: string): Regex {
  try {
    return readRegex(source).regex;
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    throw new PatternSyntaxError(error.message.replaceAll(NEVER, 'PLACEHOLDER'), whole, 0, { cause: error });
  }
}

function needsOf(source: string): Needs {
  try {
    return { shape: readRegex(source).shape };
  } catch (error) {
    // It may be larger than the engine allows, though the pattern is not.
    if (error instanceof PatternSyntaxError) return NO_NEEDS;
    throw error;
  }
}
