import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFECTS } from './planted.ts';

/** A defect that no longer fits its source would be planted nowhere. */
describe.each(Object.entries(DEFECTS))('the defect %s', (_name, places) => {
  it.each(places.map(({ file, replace }) => ({ file, replace })))('fits $file once', ({ file, replace }) => {
    const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
    expect(source.split(replace)).toHaveLength(2);
  });
});
