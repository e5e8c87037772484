import { stdSerializers } from 'pino';

// JSON leaves control characters beyond ASCII as they are, and those that turn the direction of writing around.
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** A text between quotes: what a client sends must not be able to begin a new line or a new field. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One word, or a quoted text. */
export function plain(value: unknown): string {
  const text =
    value instanceof Error
      ? stdSerializers.err(value).stack
      : typeof value === 'string'
        ? value
        : (JSON.stringify(value) ?? String(value));
  return /^[\w.:/@+-]+$/.test(text) ? text : quoted(text);
}
