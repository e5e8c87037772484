import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../test/support/grammar.ts';
import { InvalidValueError, quoted } from './invalid.ts';

test('an invalid value says of what kind it was meant to be', () => {
  const error = new InvalidValueError('tag', 'no tag');
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'InvalidValueError', kind: 'tag', message: 'no tag' });
});

test('quoting leaves short texts whole and shortens long ones', () => {
  expect(quoted('a"b\n')).toBe('"a\\"b\\n"');
  expect(quoted('a'.repeat(100))).toBe(`"${'a'.repeat(100)}"`);
  expect(quoted('a'.repeat(101))).toBe(`"${'a'.repeat(100)}…"`);
});

test('a quoted text is one line, without control characters or half characters, and not long', () => {
  fc.assert(
    fc.property(anyText(), (text) => {
      const line = quoted(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f]/);
      expect(line.isWellFormed()).toBe(true);
      expect(line.length).toBeLessThanOrEqual(620);
    }),
  );
});
