import { type Needs, NO_NEEDS } from './needs.ts';

/** A group that matches anything; stands for a placeholder, whose value is not known yet. */
export const UNKNOWN = '(?:)';

const META = /[\\^$.|?*+()[\]{}]/;
/** Escapes for one character that is not a letter: that character. */
const ESCAPED_LITERAL = /^\\[!-/:-@[-`{-~]/;
/** Escapes for a set of characters, or for a place. */
const ESCAPED_SET = /^\\[dDwWsSbB]/;
const COUNT = /^(?:[*?]|\{\d+(?:,\d*)?\})/;
/** A group with no flags in it. */
const PLAIN_GROUP = /^\((?!\?)|^\(\?:|^\(\?P?<\w+>/;

/**
 * The texts that must occur in whatever a Go regex matches, read off its top level. Whatever is not plain (flags,
 * alternatives, quotes, code points) makes it give up, which is always right.
 */
export function regexNeeds(source: string): Needs {
  // Where the value is empty, what follows counts what stands before.
  if (/\(\?:\)[*?+{]/.test(source)) return NO_NEEDS;
  const reader = new Reader(source);
  const found = reader.read();
  if (found === undefined) return NO_NEEDS;
  const contains = found.runs.filter((run) => run !== '');
  return found.prefix === undefined || found.prefix === ''
    ? { contains }
    : { prefix: found.prefix, contains };
}

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): { runs: string[]; prefix: string | undefined } | undefined {
    const runs: string[] = [];
    let run: string[] = [];
    const isAnchored = this.#source.startsWith('^');
    if (isAnchored) this.#at = 1;
    let isFirst = true;
    let prefix: string | undefined;
    const close = (): void => {
      if (isFirst && isAnchored) prefix = run.join('');
      isFirst = false;
      runs.push(run.join(''));
      run = [];
    };
    while (this.#at < this.#source.length) {
      const atom = this.#atom();
      if (atom === undefined) return undefined;
      if (atom.literal !== undefined) run.push(atom.literal);
      const rest = this.#source.slice(this.#at);
      const count = COUNT.exec(rest)?.[0];
      if (count !== undefined) {
        // It may occur no times.
        if (atom.literal !== undefined) run.pop();
        this.#at += count.length;
      } else if (rest.startsWith('+')) this.#at += 1;
      else {
        if (atom.literal === undefined) close();
        continue;
      }
      if (this.#source[this.#at] === '?') this.#at += 1;
      close();
    }
    close();
    return { runs, prefix };
  }

  /** Steps over one atom; undefined where it is not understood. */
  #atom(): { literal: string | undefined } | undefined {
    const rest = this.#source.slice(this.#at);
    const char = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    if (!META.test(char)) return this.#step(char.length, char);
    const escaped = ESCAPED_LITERAL.exec(rest)?.[0];
    if (escaped !== undefined) return this.#step(2, escaped.slice(1));
    if (ESCAPED_SET.test(rest)) return this.#step(2, undefined);
    if (char === '.' || char === '$' || char === '^') return this.#step(1, undefined);
    if (char === '[') return this.#class(rest);
    if (char === '(') return this.#group();
    return undefined;
  }

  #step(length: number, literal: string | undefined): { literal: string | undefined } {
    this.#at += length;
    return { literal };
  }

  #class(rest: string): { literal: undefined } | undefined {
    const found = /^\[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\])*\]/su.exec(rest);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return { literal: undefined };
  }

  #group(): { literal: undefined } | undefined {
    const open = PLAIN_GROUP.exec(this.#source.slice(this.#at))?.[0];
    if (open === undefined) return undefined;
    this.#at += open.length;
    while (this.#at < this.#source.length) {
      if (this.#source[this.#at] === ')') return this.#step(1, undefined) as { literal: undefined };
      // What is in it may be left out; it is read for its end alone.
      if (/[|*+?{}]/.test(this.#source[this.#at] ?? '')) this.#at += 1;
      else if (this.#atom() === undefined) return undefined;
    }
    return undefined;
  }
}
