import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import { FIELDS, type Field } from './rule.ts';

/** What a placeholder stands for. */
export type Placeholder =
  | { readonly kind: 'field'; readonly field: Field }
  /** Group `group` of the regex that the same rule has for `field`. */
  | { readonly kind: 'capture'; readonly field: Field; readonly group: number }
  | { readonly kind: 'label'; readonly label: string };

/** Literal text; `offset` is where it begins in the pattern. */
export interface TextPart {
  readonly text: string;
  readonly offset: number;
}

/** A placeholder; `offset` is where it begins in the pattern. */
export interface PlaceholderPart {
  readonly placeholder: Placeholder;
  /** As written: `${account}`. */
  readonly source: string;
  readonly offset: number;
}

export type TemplatePart = TextPart | PlaceholderPart;

/** The values a placeholder may take for one request and one rule; none if it names nothing there is. */
export type ValuesOf = (placeholder: Placeholder) => readonly string[];

export interface TemplateOptions {
  readonly dialect: 'glob' | 'regex';
  /** `${labels:…}` has no meaning in the patterns for labels themselves. */
  readonly allowsLabels: boolean;
}

const TOKEN = /\\(\$\{[^}]*\}|.)|\$\{([^}]*)(\}?)/gs;

/**
 * Splits a pattern at its placeholders, as docker_auth's `${account}`, `${type}`, `${name}`, `${service}`,
 * `${account:1}` and `${labels:team}`. docker_auth takes an unknown one for plain text; here it is an error.
 *
 * @param body the part of `whole` from `base` on that is not delimiters
 * @throws PatternSyntaxError
 */
export function parseTemplate(
  whole: string,
  body: string,
  base: number,
  options: TemplateOptions,
): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let textStart = 0;
  for (const match of body.matchAll(TOKEN)) {
    const [source, escaped, content = '', closing] = match;
    const fail = (message: string) => new PatternSyntaxError(message, whole, base + match.index);
    if (escaped !== undefined) {
      // docker_auth puts the value behind the backslash, where its first letter may mean something.
      const isPlaceholder = parsePlaceholder(escaped.slice(2, -1)) !== undefined;
      if (isPlaceholder) {
        throw fail(`a backslash before ${escaped}: remove it, since the value is taken literally anyway`);
      }
      continue;
    }
    if (options.dialect === 'regex' && /^[0-9]+(,[0-9]*)?$/.test(content)) continue;
    if (closing === '')
      throw fail(`${source.slice(0, 12)} is never closed: write } after the name, or \\$ for a $`);
    const placeholder = parsePlaceholder(content);
    if (placeholder === undefined) throw fail(unknownPlaceholder(source));
    if (placeholder.kind === 'label' && !options.allowsLabels) {
      throw fail(`${source} cannot be used in a pattern for labels: write the value, or a pattern for it`);
    }
    if (match.index > textStart) {
      parts.push({ text: body.slice(textStart, match.index), offset: base + textStart });
    }
    parts.push({ placeholder, source, offset: base + match.index });
    textStart = match.index + source.length;
  }
  if (textStart < body.length) parts.push({ text: body.slice(textStart), offset: base + textStart });
  return parts;
}

/** The first thing in the pattern that looks like a placeholder whose `$` was forgotten. */
export function findMissingDollar(pattern: string): string | undefined {
  const match = /(?<!\$)\{((?:account|type|name|service)(?::\d+)?|labels:[^{}]+)\}/.exec(pattern);
  return match?.[0];
}

/** The placeholders without repetitions, and for each part the index of its own. */
export function distinctPlaceholders(parts: readonly TemplatePart[]): {
  readonly placeholders: readonly PlaceholderPart[];
  slotOf(part: PlaceholderPart): number;
} {
  const placeholders: PlaceholderPart[] = [];
  const slots = new Map<string, number>();
  for (const part of parts) {
    if ('text' in part || slots.has(part.source)) continue;
    slots.set(part.source, placeholders.length);
    placeholders.push(part);
  }
  return { placeholders, slotOf: (part) => slots.get(part.source) ?? -1 };
}

function parsePlaceholder(content: string): Placeholder | undefined {
  const plain = FIELDS.find((field) => field === content);
  if (plain !== undefined) return { kind: 'field', field: plain };
  const colon = content.indexOf(':');
  const name = content.slice(0, Math.max(colon, 0));
  const argument = content.slice(colon + 1);
  if (name === 'labels' && argument !== '') return { kind: 'label', label: argument };
  const field = FIELDS.find((candidate) => candidate === name);
  if (field === undefined || !/^[0-9]+$/.test(argument)) return undefined;
  return { kind: 'capture', field, group: Number(argument) };
}

function unknownPlaceholder(source: string): string {
  const fields = FIELDS.map((field) => `\${${field}}`).join(', ');
  return `${source} is not a placeholder: write one of ${fields}, \${account:1} for a group of a regex in the same rule, \${labels:NAME} for a label, or \\$ for a $`;
}
