import { GlobSyntaxError } from './syntax-error.ts';

/** `?` : one character, not `/`. */
export const ANY = Symbol('?');

/** `[…]` : one character in (or, negated, outside) the ranges. As in Go, a class may match `/`. */
export interface GlobClass {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [low: number, high: number])[];
}

/** A text whose value is known only when matching: index into the values given then. Always literal. */
export interface GlobSlot {
  readonly slot: number;
}

export type GlobElement = string | typeof ANY | GlobClass | GlobSlot;

/** The elements between two stars. Without elements it is the star at the end of the pattern. */
export interface GlobChunk {
  readonly afterStar: boolean;
  readonly elements: readonly GlobElement[];
}

/** A piece of a pattern as it was written: text at its offset in the whole, or a slot. */
export type GlobSource = { readonly text: string; readonly offset: number } | GlobSlot;

/**
 * Parses the syntax of Go's path.Match. Slots may stand wherever a plain character may.
 *
 * @param whole the pattern as written, for messages
 * @throws GlobSyntaxError
 */
export function parseGlob(whole: string, sources: readonly GlobSource[]): GlobChunk[] {
  const parser = new GlobParser(whole);
  for (const source of sources) {
    if ('slot' in source) parser.addSlot(source);
    else parser.addText(source.text, source.offset);
  }
  return parser.finish();
}

class GlobParser {
  readonly #whole: string;
  readonly #chunks: GlobChunk[] = [];
  #elements: GlobElement[] = [];
  #afterStar = false;

  constructor(whole: string) {
    this.#whole = whole;
  }

  addSlot(slot: GlobSlot): void {
    this.#elements.push(slot);
  }

  addText(text: string, base: number): void {
    let at = 0;
    while (at < text.length) {
      const char = characterAt(text, at);
      if (char === '*') {
        this.#star();
        at += 1;
      } else if (char === '?') {
        this.#elements.push(ANY);
        at += 1;
      } else if (char === '[') {
        const reader = new ClassReader(this.#whole, text, base, at);
        this.#elements.push(reader.read());
        at = reader.end;
      } else if (char === '\\') {
        const escaped = characterAt(text, at + 1);
        if (escaped === '') {
          throw new GlobSyntaxError(
            'a backslash with nothing after it: write \\\\ for a backslash, or remove it',
            this.#whole,
            base + at,
          );
        }
        this.#literal(escaped);
        at += 1 + escaped.length;
      } else {
        this.#literal(char);
        at += char.length;
      }
    }
  }

  finish(): GlobChunk[] {
    if (this.#afterStar || this.#elements.length > 0) this.#closeChunk();
    return this.#chunks;
  }

  #star(): void {
    if (this.#elements.length > 0) this.#closeChunk();
    this.#afterStar = true;
  }

  #closeChunk(): void {
    this.#chunks.push({ afterStar: this.#afterStar, elements: this.#elements });
    this.#elements = [];
    this.#afterStar = false;
  }

  #literal(text: string): void {
    const last = this.#elements.at(-1);
    if (typeof last === 'string') this.#elements[this.#elements.length - 1] = last + text;
    else this.#elements.push(text);
  }
}

/** Reads one `[…]`; `end` is the position after it. */
class ClassReader {
  readonly #whole: string;
  readonly #text: string;
  readonly #base: number;
  readonly #start: number;
  end: number;

  constructor(whole: string, text: string, base: number, start: number) {
    this.#whole = whole;
    this.#text = text;
    this.#base = base;
    this.#start = start;
    this.end = start + 1;
  }

  read(): GlobClass {
    const negated = this.#text[this.end] === '^';
    if (negated) this.end += 1;
    const ranges: [number, number][] = [];
    while (this.#text[this.end] !== ']' || ranges.length === 0) {
      const low = this.#bound();
      let high = low;
      if (this.#text[this.end] === '-') {
        this.end += 1;
        high = this.#bound();
      }
      ranges.push([low, high]);
    }
    this.end += 1;
    return { negated, ranges };
  }

  #bound(): number {
    const at = this.end;
    let char = characterAt(this.#text, at);
    if (char === '-')
      throw this.#error('a dash that is not between two characters: write \\- for a dash', at);
    if (char === ']') {
      throw this.#error('] where a character is expected: write \\] for a bracket, or name a character', at);
    }
    if (char === '\\') char = characterAt(this.#text, at + 1);
    this.end = at + (this.#text[at] === '\\' ? 1 : 0) + char.length;
    if (char === '' || this.end >= this.#text.length) throw this.#unclosed();
    return char.codePointAt(0) ?? 0;
  }

  #unclosed(): GlobSyntaxError {
    const endsBeforeSlot = this.#base + this.#text.length < this.#whole.length;
    return this.#error(
      endsBeforeSlot
        ? 'a placeholder inside [...], where it would be a set of its letters: write it outside the brackets'
        : '[ is never closed: write ] after the characters, or \\[ for a bracket',
      this.#start,
    );
  }

  #error(message: string, at: number): GlobSyntaxError {
    return new GlobSyntaxError(message, this.#whole, this.#base + at);
  }
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}
