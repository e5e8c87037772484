import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('is printed as *** in every way', () => {
    const printed = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ nested: [secret] }, { showHidden: true, depth: 9 }),
      Object.entries(secret).join(),
    ].join('\n');
    expect(printed).not.toContain('hunter2');
    expect(String(secret)).toBe('***');
    expect(inspect({ secret })).toBe('{ secret: *** }');
  });

  it('is given out by reveal() only', () => {
    expect(secret.reveal()).toBe('hunter2');
  });
});
