import { compileNamePattern, type NamePattern } from '../../pattern/name-pattern.ts';

const MAX_COMPILED = 1_000;

/** Patterns of roles and limits, compiled once: the same ones decide again and again. */
export class CompiledPatterns {
  readonly #compiled = new Map<string, NamePattern>();

  /** @throws PatternSyntaxError */
  matches(pattern: string, name: string): boolean {
    let compiled = this.#compiled.get(pattern);
    if (compiled === undefined) {
      compiled = compileNamePattern(pattern);
      if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
      this.#compiled.set(pattern, compiled);
    }
    return compiled.test(name);
  }
}
