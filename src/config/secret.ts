import { inspect } from 'node:util';

const MASK = '***';

/**
 * A text that must not appear in logs, messages or dumps: every way of printing it gives `***`.
 * Only `reveal()` returns the text, so that each use can be found by searching for that word.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one place that needs it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
