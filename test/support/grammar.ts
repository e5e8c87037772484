import fc from 'fast-check';
import { expect } from 'vitest';
import { InvalidValueError, type ValueKind } from '../../src/oci/invalid.ts';

/** Any text at all, lone surrogates and control characters included. */
export function anyText(): fc.Arbitrary<string> {
  const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  return fc.oneof(fc.string({ unit: codeUnit }), fc.string());
}

/** Texts over a few characters, chosen so that a grammar's borders are met often. */
export function textOver(characters: string, maxLength = 40): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), maxLength });
}

/** A text of the grammar, changed in one place. */
export function nearly(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(valid, fc.nat(), fc.constantFrom('', ' ', '\n', '\0', '/', ':', '-', '.', 'A', 'é'))
    .map(([text, position, inserted]) => {
      const at = position % (text.length + 1);
      return text.slice(0, at) + inserted + text.slice(inserted === '' ? at + 1 : at);
    });
}

/** What a parser makes of a text: a value, or undefined where it refuses. Any other error is a failure. */
export function attempt<T>(parse: () => T, ...kinds: readonly ValueKind[]): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidValueError);
    expect(kinds).toContain(error instanceof InvalidValueError ? error.kind : undefined);
    return undefined;
  }
}
