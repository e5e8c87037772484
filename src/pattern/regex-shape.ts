import type { RE2Set } from 're2js';
import {
  ANY_CHAR,
  ANYTHING,
  BEGIN,
  charShape,
  EMPTY,
  END,
  oneOf,
  outside,
  type Ranges,
  type Shape,
} from './shape.ts';

/** A node of the tree that the engine parses a regex into: Go's `syntax.Regexp`. */
interface Node {
  readonly op: number;
  readonly flags: number;
  readonly subs: readonly Node[];
  readonly runes: Ranges;
}

export type ParsedRegex = Node;

type Engine = Pick<typeof import('re2js'), 'RE2Set'>;

/** Deeper or larger regexes are understood only down to here. */
const MAX_DEPTH = 100;
const MAX_NODES = 2000;

/**
 * Parses a regex without compiling it, which takes a tenth of the time.
 * @throws the engine's RE2JSException
 */
export function parseRegex(engine: Engine, source: string): ParsedRegex {
  const set: RE2Set = new engine.RE2Set();
  set.add(source);
  return set.regexps[0] as Node;
}

/** What a regex fits somewhere in a text. */
export function regexShape(engine: Engine, parsed: ParsedRegex): Shape {
  return new Reader(kindsOf(engine)).read(parsed, 0);
}

type Kind =
  | 'literal'
  | 'set'
  | 'any'
  | 'any but a newline'
  | 'begin'
  | 'end'
  | 'place'
  | 'group'
  | 'star'
  | 'plus'
  | 'optional'
  | 'sequence'
  | 'choice'
  | 'never';

/** One regex of each kind. The engine does not say what its numbers stand for. */
const SAMPLES: readonly (readonly [string, Kind])[] = [
  ['a', 'literal'],
  ['[ab]', 'set'],
  ['(?s:.)', 'any'],
  ['.', 'any but a newline'],
  ['^', 'begin'],
  ['$', 'end'],
  ['', 'place'],
  ['\\b', 'place'],
  ['\\B', 'place'],
  ['(?m)^', 'place'],
  ['(?m)$', 'place'],
  ['(a)', 'group'],
  ['a*', 'star'],
  ['a+', 'plus'],
  ['a?', 'optional'],
  ['ab*', 'sequence'],
  ['ab|cd', 'choice'],
  ['[^\\x00-\\x{10FFFF}]', 'never'],
];

interface Kinds {
  readonly byOp: ReadonlyMap<number, Kind>;
  /** The flag of a literal whose case is ignored. */
  readonly foldCase: number;
}

let known: Kinds | undefined;

function kindsOf(engine: Engine): Kinds {
  known ??= {
    byOp: new Map(SAMPLES.map(([source, kind]) => [parseRegex(engine, source).op, kind])),
    foldCase: parseRegex(engine, '(?i:a)').flags & ~parseRegex(engine, 'a').flags,
  };
  return known;
}

class Reader {
  readonly #kinds: Kinds;
  #nodes = 0;

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  read(node: Node, depth: number): Shape {
    this.#nodes += 1;
    if (depth > MAX_DEPTH || this.#nodes > MAX_NODES) return ANYTHING;
    const subs = () => node.subs.map((sub) => this.read(sub, depth + 1));
    const only = () => subs()[0] ?? ANYTHING;
    switch (this.#kinds.byOp.get(node.op)) {
      case 'literal':
        return this.#literal(node);
      case 'set':
        return { kind: 'char', ranges: node.runes };
      case 'any':
        return ANY_CHAR;
      case 'any but a newline':
        return NO_NEWLINE;
      case 'begin':
        return BEGIN;
      case 'end':
        return END;
      // Whether it is a place of that kind is left open.
      case 'place':
        return EMPTY;
      case 'group':
        return only();
      case 'star':
        return { kind: 'star', of: only() };
      case 'plus':
        return { kind: 'plus', of: only() };
      case 'optional':
        return { kind: 'choice', options: [only(), EMPTY] };
      case 'sequence':
        return { kind: 'sequence', parts: subs() };
      case 'choice':
        return { kind: 'choice', options: subs() };
      case 'never':
        return { kind: 'choice', options: [] };
      case undefined:
        return ANYTHING;
    }
  }

  #literal({ runes, flags }: Node): Shape {
    const ignoresCase = (flags & this.#kinds.foldCase) !== 0;
    this.#nodes += runes.length;
    return { kind: 'sequence', parts: Array.from(runes, ignoresCase ? eitherCase : charShape) };
  }
}

const NO_NEWLINE: Shape = { kind: 'char', ranges: outside([0x0a, 0x0a]) };

/** A character whatever its case. Beyond ASCII any character is let pass. */
function eitherCase(codePoint: number): Shape {
  return EITHER_CASE[codePoint] ?? ANY_CHAR;
}

/** The Kelvin sign and the long s: by Unicode's simple folding, which Go follows, they are a k and an s. */
const FOLDED_INTO_ASCII: Readonly<Record<string, string>> = { k: '\u212a', s: '\u017f' };

const EITHER_CASE: readonly Shape[] = Array.from({ length: 128 }, (_, codePoint) => {
  const char = String.fromCodePoint(codePoint);
  const lower = char.toLowerCase();
  const cases = [char.toUpperCase(), lower, FOLDED_INTO_ASCII[lower] ?? lower];
  return oneOf([...new Set(cases.map((one) => one.codePointAt(0) ?? 0))]);
});
