import { compileRegex, type Regex } from '../../pattern/regex.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';

/** Compiles at most once while the source stays among the recently used. Undefined for a bad regex. */
export type RegexCache = (source: string) => Regex | undefined;

/** Longer sources are not kept, so that what requests carry cannot fill the memory. */
const MAX_SOURCE_LENGTH = 4096;

/** @param capacity how many compiled regexes are kept; the longest unused is dropped first */
export function createRegexCache(capacity: number): RegexCache {
  const kept = new Map<string, Regex | undefined>();
  return (source) => {
    if (kept.has(source)) {
      const found = kept.get(source);
      kept.delete(source);
      kept.set(source, found);
      return found;
    }
    const compiled = compileOrUndefined(source);
    if (source.length > MAX_SOURCE_LENGTH) return compiled;
    kept.set(source, compiled);
    const [oldest] = kept.keys();
    if (kept.size > capacity && oldest !== undefined) kept.delete(oldest);
    return compiled;
  };
}

function compileOrUndefined(source: string): Regex | undefined {
  try {
    return compileRegex(source);
  } catch (error) {
    // docker_auth: a pattern that turns bad through its values does not match.
    if (error instanceof PatternSyntaxError) return undefined;
    throw error;
  }
}
