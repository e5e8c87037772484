import { createRequire } from 'node:module';
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
  const { RE2JS, RE2JSException } = engine();
  try {
    const compiled = RE2JS.compile(source);
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
