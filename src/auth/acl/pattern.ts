import { compileGlob } from '../../pattern/glob.ts';
import { parseGlob } from '../../pattern/glob-parser.ts';
import { type Regex, readRegex } from '../../pattern/regex.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import { compileGlobTemplate } from './glob-template.ts';
import { globNeeds, type Needs, NO_NEEDS } from './needs.ts';
import type { RegexCache } from './regex-cache.ts';
import { compileRegexTemplate } from './regex-template.ts';
import { type PlaceholderPart, parseTemplate, type ValuesOf } from './template.ts';
import { compileUnquotedTemplate } from './unquoted.ts';

/** A pattern without placeholders. */
export interface StaticPattern {
  readonly kind: 'static';
  test(subject: string): boolean;
  /** Whose groups `${field:N}` in the same rule takes; undefined for a glob. */
  readonly regex: Regex | undefined;
  /** Of the text, for any match. */
  readonly needs: Needs;
}

/** A pattern whose placeholders have values only when a request comes. */
export interface TemplatePattern {
  readonly kind: 'template';
  test(subject: string, valuesOf: ValuesOf): boolean;
  /** The same, and as if its placeholders had no value. */
  readonly regex: Regex | undefined;
  /** The same. */
  readonly needs: Needs;
  readonly placeholders: readonly PlaceholderPart[];
}

export type Pattern = StaticPattern | TemplatePattern;

export interface PatternOptions {
  /** For regexes that are complete only when a request comes. */
  readonly cache: RegexCache;
  /** False for a pattern over the values of a label. */
  readonly allowsLabels: boolean;
  /** Groups and label values are put in as they are, as docker_auth does. */
  readonly unquotedPlaceholders: boolean;
}

/**
 * A docker_auth pattern: longer than two characters and enclosed in slashes, a regex that may match anywhere;
 * else a glob that matches the whole. It is decided by the pattern as written, so an account called `/x/`
 * cannot turn a glob into a regex.
 *
 * @throws PatternSyntaxError
 */
export function compilePattern(text: string, options: PatternOptions): Pattern {
  const isRegex = text.length > 2 && text.startsWith('/') && text.endsWith('/');
  const body = isRegex ? text.slice(1, -1) : text;
  const parts = parseTemplate(text, body, isRegex ? 1 : 0, {
    dialect: isRegex ? 'regex' : 'glob',
    allowsLabels: options.allowsLabels,
  });
  const placeholders = parts.filter((part) => 'placeholder' in part);
  if (placeholders.length === 0) return isRegex ? staticRegex(text, body) : staticGlob(text);

  const literal = isRegex
    ? compileRegexTemplate(text, parts, options.cache)
    : { ...compileGlobTemplate(text, parts), regex: undefined };
  const mayBePattern = placeholders.some((part) => part.placeholder.kind !== 'field');
  if (!options.unquotedPlaceholders || !mayBePattern) {
    return { kind: 'template', ...literal, placeholders };
  }

  const slash = { text: '/', offset: 0 };
  const test = compileUnquotedTemplate(isRegex ? [slash, ...parts, slash] : parts, options.cache);
  // A value may hold alternatives, and the whole may be a regex or not.
  return { kind: 'template', test, regex: literal.regex, needs: NO_NEEDS, placeholders };
}

function staticGlob(text: string): StaticPattern {
  const needs = globNeeds(parseGlob(text, [{ text, offset: 0 }]));
  return { kind: 'static', test: compileGlob(text), regex: undefined, needs };
}

function staticRegex(text: string, body: string): StaticPattern {
  try {
    const { regex, shape } = readRegex(body);
    return { kind: 'static', test: (subject) => regex.test(subject), regex, needs: { shape } };
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    throw new PatternSyntaxError(error.message, text, 0, { cause: error });
  }
}
