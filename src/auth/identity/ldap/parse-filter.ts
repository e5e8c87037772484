import type { Comparison, Filter, Placeholder, Template } from './filter.ts';

/** A text is no search filter. The message is a clause: `has no ")" …`. */
export class FilterSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FilterSyntaxError';
  }
}

/** Deeper nesting has no use, and the parser calls itself. */
const MAX_DEPTH = 50;

const COMPARISONS: readonly (readonly [string, Comparison])[] = [
  ['>=', 'greater'],
  ['<=', 'less'],
  ['~=', 'approximate'],
];

/** A name or an object identifier, with options (RFC 4512 §2.5). */
export const ATTRIBUTE = /^(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*$/;

/**
 * Reads a filter as RFC 4515 writes it, with placeholders in its values; blanks around brackets are passed over, as YAML's
 * folded texts have them.
 * @param known the placeholders that may stand in it
 * @throws FilterSyntaxError
 */
export function parseFilter(text: string, known: readonly Placeholder[]): Filter<Template> {
  const reader = { text: text.trim(), at: 0, known };
  const filter = readFilter(reader, 0);
  if (reader.at < reader.text.length) {
    throw new FilterSyntaxError(
      `goes on behind its end: ${shown(reader.text.slice(reader.at))}; put several conditions into (&…)`,
    );
  }
  return filter;
}

interface Reader {
  readonly text: string;
  readonly known: readonly Placeholder[];
  at: number;
}

function readFilter(reader: Reader, depth: number): Filter<Template> {
  if (depth > MAX_DEPTH) throw new FilterSyntaxError(`is nested deeper than ${MAX_DEPTH} levels`);
  expect(reader, '(');
  const filter = readInside(reader, depth);
  expect(reader, ')');
  return filter;
}

function readInside(reader: Reader, depth: number): Filter<Template> {
  skipBlanks(reader);
  const sign = reader.text[reader.at];
  if (sign === '&' || sign === '|') {
    reader.at += 1;
    const parts: Filter<Template>[] = [];
    for (skipBlanks(reader); reader.text[reader.at] === '('; skipBlanks(reader)) {
      parts.push(readFilter(reader, depth + 1));
    }
    return { kind: sign === '&' ? 'and' : 'or', parts };
  }
  if (sign === '!') {
    reader.at += 1;
    skipBlanks(reader);
    return { kind: 'not', part: readFilter(reader, depth + 1) };
  }
  // Brackets in a value are written as \28 and \29.
  const [item = ''] = /^[^()]*/.exec(reader.text.slice(reader.at)) ?? [];
  reader.at += item.length;
  return readItem(item, reader.known);
}

function readItem(item: string, known: readonly Placeholder[]): Filter<Template> {
  const equals = item.indexOf('=');
  if (equals < 0)
    throw new FilterSyntaxError(`has ${shown(`(${item})`)}, where a condition such as (uid=…) is due`);
  const value = item.slice(equals + 1);
  for (const [operator, kind] of COMPARISONS) {
    if (!item.startsWith(operator, equals - 1)) continue;
    return { kind, attribute: attributeOf(item.slice(0, equals - 1)), value: readValue(value, known) };
  }
  if (item[equals - 1] === ':') return readExtensible(item.slice(0, equals - 1), readValue(value, known));
  const attribute = attributeOf(item.slice(0, equals));
  if (value === '*') return { kind: 'present', attribute };
  const [first = '', ...rest] = value.split('*');
  const last = rest.pop();
  if (last === undefined) return { kind: 'equal', attribute, value: readValue(value, known) };
  if (rest.includes('')) throw new FilterSyntaxError(`has two asterisks side by side in ${shown(item)}`);
  const end = (text: string) => (text === '' ? undefined : readValue(text, known));
  const any = rest.map((text) => readValue(text, known));
  return { kind: 'substring', attribute, pieces: { initial: end(first), any, final: end(last) } };
}

/** `attribute:dn:rule`, each of which may be missing, but not attribute and rule both. */
function readExtensible(text: string, value: Template): Filter<Template> {
  const [name = '', ...options] = text.split(':');
  const dnAttributes = options[0]?.toLowerCase() === 'dn';
  const [rule = '', ...more] = dnAttributes ? options.slice(1) : options;
  if (more.length > 0 || (name === '' && rule === '')) {
    throw new FilterSyntaxError(`has ${shown(text)} in front of ":=", where attribute:rule is due`);
  }
  return { kind: 'extensible', attribute: name && attributeOf(name), rule, dnAttributes, value };
}

function attributeOf(text: string): string {
  const name = text.trim();
  if (ATTRIBUTE.test(name)) return name;
  throw new FilterSyntaxError(`has ${shown(name)} where the name of an attribute is due`);
}

function readValue(text: string, known: readonly Placeholder[]): Template {
  return text.split(/(\$\{[^}]*\})/).flatMap((part, index) => {
    if (index % 2 === 0) return part === '' ? [] : resolveEscapes(part);
    const placeholder = known.find((name) => part === `\${${name}}`);
    if (placeholder !== undefined) return { placeholder };
    const names = known.map((name) => `\${${name}}`).join(', ');
    throw new FilterSyntaxError(`has the unknown placeholder ${shown(part)}; there is ${names}`);
  });
}

/** RFC 4515 §3: a backslash and two hexadecimal digits are one byte. */
function resolveEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = text.split(/(\\[0-9A-Fa-f]{2})/).map((part, index) => {
    if (index % 2 === 1) return Buffer.from(part.slice(1), 'hex');
    if (!part.includes('\\')) return Buffer.from(part);
    throw new FilterSyntaxError(
      `has a backslash that no two hexadecimal digits follow, in ${shown(text)}; write \\5c for a backslash, ` +
        '\\2a for an asterisk, \\28 and \\29 for brackets',
    );
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(bytes));
  } catch {
    throw new FilterSyntaxError(`has bytes that are not UTF-8, in ${shown(text)}`);
  }
}

function expect(reader: Reader, bracket: '(' | ')'): void {
  skipBlanks(reader);
  const found = reader.text[reader.at];
  if (found !== bracket) {
    const where = found === undefined ? 'at its end' : `before ${shown(reader.text.slice(reader.at))}`;
    throw new FilterSyntaxError(`has no "${bracket}" ${where}`);
  }
  reader.at += 1;
  skipBlanks(reader);
}

function skipBlanks(reader: Reader): void {
  while (/\s/.test(reader.text[reader.at] ?? '')) reader.at += 1;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
