import fc from 'fast-check';
import { expect, test } from 'vitest';
import { warnings } from './warnings.ts';

test('a sentence becomes one header of the form that the specification gives', () => {
  expect(warnings(['This is old.', 'Say "no".'])).toEqual({
    Warning: ['299 - "This is old."', '299 - "Say \\"no\\"."'],
  });
  expect(warnings([])).toEqual({});
});

test('all together are never more than 4096 bytes, whatever the sentences', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 3_000 }), { maxLength: 8 }), (sentences) => {
      const values = [warnings(sentences)['Warning'] ?? []].flat();
      expect(
        values.reduce((total, value) => total + Buffer.byteLength(value, 'latin1'), 0),
      ).toBeLessThanOrEqual(4096);
      for (const value of values) expect(value).toMatch(/^299 - "[^\r\n\0]*"$/);
    }),
  );
  expect(warnings(['x'.repeat(5_000)])).toEqual({});
});
