import { createRequire } from 'node:module';
import { parseRegex, regexShape } from './regex-shape.ts';
import type { Shape } from './shape.ts';
import { PatternSyntaxError } from './syntax-error.ts';

/** A compiled Go regex, unanchored, in linear time. */
export interface Regex {
  test(subject: string): boolean;
  /**
   * The groups of the leftmost match, from number 1; a group that took no part is ''. Undefined if nothing matches.
   */
  captures(subject: string): readonly string[] | undefined;
  readonly groupCount: number;
}

/**
 * Compiles Go's RE2 syntax. The engine is loaded at the first call, since most rule lists hold no regex and
 * it costs more to load than all of them.
 *
 * @throws PatternSyntaxError
 */
export function compileRegex(source: string): Regex {
  const compiled = explained(source, () => engine().RE2JS.compile(source));
  const groupCount = compiled.groupCount();
  return {
    groupCount,
    test: (subject) => compiled.test(subject),
    captures(subject) {
      const matcher = compiled.matcher(subject);
      if (!matcher.find()) return undefined;
      return Array.from({ length: groupCount }, (_, index) => matcher.group(index + 1) ?? '');
    },
  };
}

/**
 * The same, compiled when it is first used: of thousands of regexes most never are. Faults are found now.
 *
 * @throws PatternSyntaxError
 */
export function readRegex(source: string): { readonly regex: Regex; readonly shape: Shape } {
  const shape = explained(source, () => regexShape(engine(), parseRegex(engine(), source)));
  let compiled: Regex | undefined;
  const regex = (): Regex => {
    compiled ??= compileRegex(source);
    return compiled;
  };
  return {
    shape,
    regex: {
      test: (subject) => regex().test(subject),
      captures: (subject) => regex().captures(subject),
      get groupCount() {
        return regex().groupCount;
      },
    },
  };
}

function explained<T>(source: string, action: () => T): T {
  const { RE2JSException } = engine();
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const reason = error.message.replace(/^error parsing regexp: /, '');
    throw new PatternSyntaxError(
      `not a regex in Go's RE2 syntax, which has no look-around and no back-references: ${reason}`,
      source,
      0,
      { cause: error },
    );
  }
}

/**
 * A regex that matches this text alone wherever a regex may hold a character. Digits are written as code
 * points: behind `x{` or `\0` a plain digit would become part of that.
 */
export function quoteRegex(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]|[0-9]/g, (char) =>
    char >= '0' && char <= '9' ? `\\x3${char}` : `\\${char}`,
  );
}

let loaded: typeof import('re2js') | undefined;

function engine(): typeof import('re2js') {
  loaded ??= createRequire(import.meta.url)('re2js') as typeof import('re2js');
  return loaded;
}
