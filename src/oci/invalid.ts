/** What a text was meant to be when it did not parse. The HTTP layer turns each into its wire code. */
export type ValueKind = 'digest' | 'repository' | 'tag' | 'manifest' | 'range' | 'content-range' | 'scope';

/** A text that does not follow the grammar of its kind. The message is meant for the person who sent it. */
export class InvalidValueError extends Error {
  readonly kind: ValueKind;

  constructor(kind: ValueKind, message: string) {
    super(message);
    this.name = 'InvalidValueError';
    this.kind = kind;
  }
}

/** Shortens a text of a client so that it can be quoted in an error without flooding it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
