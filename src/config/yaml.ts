import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { type ConfigProblem, configError, type Place, throwIfAny } from './config-error.ts';
import { type ConfigNode, scalarNode } from './node.ts';
import { convert } from './yaml-nodes.ts';

/** Where a YAML text came from: a file, whose lines count, or a variable, whose lines do not. */
export type YamlSource = { readonly file: string } | { readonly variable: string };

/** A longer text is refused before it is parsed. In UTF-16 code units. */
const MAX_LENGTH = 8 * 1024 * 1024;

/** Control characters that YAML does not allow: all but tab, line feed, carriage return and next line. */
const CONTROL = /(?![\t\n\r\u0085])\p{Cc}/u;

const require = createRequire(import.meta.url);

/**
 * Parses one YAML document. No scalar is given a type here: that is the business of the field that it
 * belongs to. Anchors, aliases and merge keys are resolved. An empty text is null, as in Go.
 *
 * @throws ConfigError for anything that is not one well-formed document without duplicate keys
 */
export function parseYaml(text: string, source: YamlSource): ConfigNode {
  const start: Place =
    'file' in source
      ? { kind: 'file', file: source.file, line: 1, column: 1 }
      : { kind: 'variable', variable: source.variable };
  if (text.length > MAX_LENGTH) {
    throw configError(start, `is larger than ${MAX_LENGTH / 1024 / 1024} MiB`);
  }
  const control = text.search(CONTROL);
  if (control >= 0) {
    const line = text.slice(0, control).split('\n').length;
    const place = start.kind === 'file' ? { ...start, line } : start;
    throw configError(place, 'not valid YAML: a control character; is this a text file?');
  }
  const simple = simpleScalar(text, start);
  if (simple !== undefined) return simple;
  return parseWithLibrary(text, start);
}

/**
 * Most variables hold one plain word, a path, an address or a URL. These need no parser, and a start
 * without a file then never loads one (it takes a tenth of the start-up time).
 */
function simpleScalar(text: string, place: Place): ConfigNode | undefined {
  if (text === '') return scalarNode('', place);
  const plain =
    /^(?:[A-Za-z0-9/._~$]|:(?=[A-Za-z0-9/]))[A-Za-z0-9/._~$@%+=,()-]*(?:[: ](?=[A-Za-z0-9/._])[A-Za-z0-9/._~$@%+=,()-]*)*$/;
  if (!plain.test(text) || text.startsWith('...')) return undefined;
  return scalarNode(text, place);
}

function parseWithLibrary(text: string, start: Place): ConfigNode {
  const yaml: typeof Yaml = require('yaml');
  const lines = new yaml.LineCounter();
  const placeAt = (offset: number): Place => {
    if (start.kind !== 'file') return start;
    const { line, col } = lines.linePos(offset);
    return { ...start, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems: ConfigProblem[] = [];
  try {
    const document = yaml.parseDocument(text, {
      schema: 'failsafe',
      merge: true,
      // Found while the tree is converted, where both places are known.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter: lines,
    });
    for (const error of document.errors) {
      problems.push({ place: placeAt(error.pos[0]), message: explain(error) });
    }
    throwIfAny(problems);
    const node = convert(yaml, document, { placeAt, problems });
    throwIfAny(problems);
    return node;
  } catch (error) {
    // The parser recurses: a text made of brackets only must give an answer, too.
    if (error instanceof RangeError) throw configError(start, 'is nested too deeply', error);
    throw error;
  }
}

function explain(error: Yaml.YAMLParseError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'a second YAML document begins here; only one is read';
  if (error.code === 'TAB_AS_INDENT') return 'not valid YAML: a tab cannot indent; use spaces';
  // Some messages end with the text at fault, which may be a password.
  const message = error.message.replace(/: ".*$/s, '');
  return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}
